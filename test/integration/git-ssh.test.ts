import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret } from '@saker/core'
import { expect, onTestFinished, test, vi } from 'vitest'
import { changeA, makeFolder, makeOrigin, openGit, tipOf, unaborted } from '../support/open-git.ts'
import { findSshd, startSshd } from '../support/ssh-server.ts'

/**
 * Puts a program named `ssh` first on the PATH that notes its arguments and the files they name, and runs the command
 * that it is given right here. OpenSSH's own part is tested below, where a server is installed.
 */
async function standInForSsh(): Promise<{ readonly notes: string }> {
  const folder = await makeFolder()
  const notes = join(folder, 'notes')
  await mkdir(notes)
  const lines = [
    '#!/bin/sh',
    `printf '%s\\n' "$@" > '${notes}/arguments'`,
    `for file in key-* known-hosts-*; do ls -l "$file"; cat "$file"; done > '${notes}/files'`,
    `for last; do :; done`,
    'exec sh -c "$last"',
  ]
  await writeFile(join(folder, 'ssh'), lines.join('\n'))
  await chmod(join(folder, 'ssh'), 0o755)
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  return { notes }
}

const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\r\nnot-a-real-key\r\n-----END OPENSSH PRIVATE KEY-----'
const KNOWN_HOST = 'git.example.test ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA'
const ssh = (key: string, knownHosts: string) =>
  ({ kind: 'ssh', key: async () => new Secret(key), knownHosts }) as const

test('ssh gets the key and the known hosts as files of our own, for the time of the request', async () => {
  const origin = await makeOrigin()
  const { notes } = await standInForSsh()
  const { host, dataDir } = await openGit(`ssh://git@git.example.test${origin.path}`, { auth: ssh(KEY, KNOWN_HOST) })

  const { sha } = await host.commit(changeA(await tipOf(host)), { signal: unaborted() })

  expect(await origin.head()).toBe(sha)
  const files = await readFile(join(notes, 'files'), 'utf8')
  expect(files).toContain(`${KEY.replaceAll('\r', '')}\n`)
  expect(files).toContain(`${KNOWN_HOST}\n`)
  expect(files.match(/^-rw------- /gmu)).toHaveLength(2)
  const words = (await readFile(join(notes, 'arguments'), 'utf8')).split('\n')
  expect(words).toEqual(expect.arrayContaining(['StrictHostKeyChecking=yes', 'IdentitiesOnly=yes', 'BatchMode=yes']))
  expect(words).toContain('git@git.example.test')
  expect(words.join(' ')).not.toContain('not-a-real-key')
  const left = await readdir(dataDir, { recursive: true })
  expect(left.filter((name) => /key-|known-hosts-/u.test(name))).toEqual([])
})

test('known hosts may stand in a file', async () => {
  const origin = await makeOrigin()
  const { notes } = await standInForSsh()
  const path = join(await makeFolder(), 'known hosts')
  await writeFile(path, `${KNOWN_HOST}\n`)
  const url = `ssh://git@git.example.test${origin.path}`
  const { host } = await openGit(url, { auth: ssh(KEY, path) })
  const { host: without } = await openGit(url, { auth: ssh(KEY, `${path}.missing`) })

  await tipOf(host)

  expect(await readFile(join(notes, 'files'), 'utf8')).toContain(KNOWN_HOST)
  await expect(tipOf(without)).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' })
})

const sshd = findSshd()
test.skipIf(sshd === undefined)(
  `a real SSH server lets in only the right key, and only when it is the known one${sshd === undefined ? ' (skipped: no sshd installed)' : ''}`,
  async () => {
    const origin = await makeOrigin()
    const server = await startSshd(sshd ?? '', await makeFolder())
    onTestFinished(() => server.stop())
    const url = `ssh://${server.user}@127.0.0.1:${server.port}${origin.path}`
    const { host } = await openGit(url, { auth: ssh(server.clientKey, server.knownHosts) })
    const { host: wrongKey } = await openGit(url, { auth: ssh(server.otherKey, server.knownHosts) })
    const { host: wrongHost } = await openGit(url, { auth: ssh(server.clientKey, server.otherKnownHosts) })

    const { sha } = await host.commit(changeA(await tipOf(host)), { signal: unaborted() })

    expect(await origin.head()).toBe(sha)
    await expect(tipOf(wrongKey)).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' })
    await expect(tipOf(wrongHost)).rejects.toMatchObject({
      code: 'CREDENTIAL_INVALID',
      message: expect.stringContaining('known hosts'),
    })
  },
)
