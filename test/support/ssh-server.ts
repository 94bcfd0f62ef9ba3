import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/** A running SSH server on 127.0.0.1 that lets the present user in with one key. */
export interface SshServer {
  readonly port: number
  readonly user: string
  /** Private key that is let in, and one that is not. */
  readonly clientKey: string
  readonly otherKey: string
  /** The `known_hosts` line of the server, and one that names another key for it. */
  readonly knownHosts: string
  readonly otherKnownHosts: string
  stop(): Promise<void>
}

/**
 * Path of OpenSSH's server, which has to be started by its full path; undefined where it is not installed, or where root
 * lacks the folder that it wants.
 */
export function findSshd(): string | undefined {
  if (process.getuid?.() === 0 && !existsSync('/run/sshd')) return undefined
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, 'sshd')).find((path) => existsSync(path))
}

/** Starts a server that keeps everything it needs in `folder`. */
export async function startSshd(sshd: string, folder: string): Promise<SshServer> {
  const [host = '', client = '', other = ''] = await Promise.all(
    ['host', 'client', 'other'].map(async (name) => {
      const path = join(folder, name)
      await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path])
      return path
    }),
  )
  const port = await freePort()
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${host}`,
    `AuthorizedKeysFile ${client}.pub`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
  ]
  await writeFile(join(folder, 'sshd_config'), `${config.join('\n')}\n`)
  const child = spawn(sshd, ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] })
  await listening(child.stderr)
  const line = async (key: string) => `[127.0.0.1]:${port} ${await readFile(`${key}.pub`, 'utf8')}`
  return {
    port,
    user: userInfo().username,
    clientKey: await readFile(client, 'utf8'),
    otherKey: await readFile(other, 'utf8'),
    knownHosts: await line(host),
    otherKnownHosts: await line(other),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill()
      }),
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function listening(stderr: AsyncIterable<Buffer>): Promise<void> {
  let said = ''
  for await (const chunk of stderr) {
    said += chunk.toString('utf8')
    if (said.includes('Server listening')) return
  }
  throw new Error(`sshd ended: ${said}`)
}
