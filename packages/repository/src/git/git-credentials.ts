import { randomUUID } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ResponseError, type Secret } from '@saker/core'
import type { GitPlace } from './git-place.ts'
import type { GitSetting } from './git-program.ts'

/** How to prove who we are to a Git server. Secrets are asked for before each request, so that rotation is seen. */
export type GitAuth =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'token'
      readonly token: () => Promise<Secret>
      /** The URL's user, or `x-access-token`, by default; most servers look at the token alone. */
      readonly username?: string
    }
  | {
      readonly kind: 'ssh'
      readonly key: () => Promise<Secret>
      /** Lines as in an OpenSSH `known_hosts` file, or the path of such a file. */
      readonly knownHosts: string
    }

/** What one run of git needs to be let in. */
export interface GitCredential {
  readonly env: Readonly<Record<string, string>>
  readonly config: readonly GitSetting[]
  /** Texts that no message may hold. */
  readonly secrets: readonly string[]
}

/**
 * Runs `work` with a credential for the place. A token goes into a header that git sends to this server only, through the
 * environment: neither arguments nor files hold it. An SSH key has to be a file: it is in `folder`, readable by us alone,
 * while `work` runs. `folder` is also where git has to run.
 *
 * Ends in `CREDENTIAL_INVALID` when a secret is empty or the known hosts cannot be read.
 */
export async function withGitCredential<T>(
  auth: GitAuth,
  { place, folder }: { readonly place: GitPlace; readonly folder: string },
  work: (credential: GitCredential) => Promise<T>,
): Promise<T> {
  if (auth.kind === 'none' || place.scheme === 'file') return work({ env: {}, config: [], secrets: [] })
  if (auth.kind === 'token') return work(headerFor(place, await revealed(auth.token), auth.username))
  const name = randomUUID()
  const files = { key: `key-${name}`, knownHosts: `known-hosts-${name}` }
  try {
    // OpenSSH refuses a key without a final line end or with Windows line ends, which copying and pasting makes of it.
    const key = `${(await revealed(auth.key)).replaceAll('\r\n', '\n').trimEnd()}\n`
    await writeFile(join(folder, files.key), key, { mode: 0o600, flag: 'wx' })
    await writeFile(join(folder, files.knownHosts), await knownHostsText(auth.knownHosts), { mode: 0o600, flag: 'wx' })
    const env = { GIT_SSH_COMMAND: sshCommand(files), GIT_SSH_VARIANT: 'ssh' }
    return await work({ env, config: [], secrets: key.split('\n').filter((line) => line.length > 8) })
  } finally {
    await Promise.all(Object.values(files).map((file) => rm(join(folder, file), { force: true })))
  }
}

function headerFor(place: GitPlace, token: string, username = place.username ?? 'x-access-token'): GitCredential {
  const basic = Buffer.from(`${username}:${token}`, 'utf8').toString('base64')
  return {
    env: {},
    config: [[`http.${place.origin}/.extraHeader`, `Authorization: Basic ${basic}`]],
    secrets: [token, basic, encodeURIComponent(token)],
  }
}

async function revealed(secret: () => Promise<Secret>): Promise<string> {
  const value = (await secret()).reveal()
  if (value.trim() === '') throw new ResponseError('CREDENTIAL_INVALID', 'the secret for the Git server is empty')
  return value
}

/** File names are relative to git's working folder: git hands this line to a shell, and ssh splits and expands paths. */
function sshCommand(files: { readonly key: string; readonly knownHosts: string }): string {
  const options = [
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${files.knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
    'ForwardAgent=no',
    'ClearAllForwardings=yes',
    'ConnectTimeout=15',
  ]
  return `ssh -F /dev/null -i ${files.key} ${options.map((option) => `-o ${option}`).join(' ')}`
}

async function knownHostsText(written: string): Promise<string> {
  // A line has a host, a key type and a key; no host starts with a slash or a dot.
  if (/\s/u.test(written.trim()) && !/^[./~]/u.test(written.trim())) return `${written.trim()}\n`
  try {
    return await readFile(written.trim(), 'utf8')
  } catch (error) {
    throw new ResponseError('CREDENTIAL_INVALID', `the known hosts file cannot be read: ${written.trim()}`, {
      cause: error,
    })
  }
}
