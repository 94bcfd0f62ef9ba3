import { describe, expect, test } from 'vitest'
import { gitRequestError, lastWords, redact } from './git-errors.ts'
import { gitPlaceOf } from './git-place.ts'
import type { GitAnswer } from './git-program.ts'

const place = gitPlaceOf({ kind: 'git', url: 'https://git.example.test/acme/read-only-archived.git' }, 'main', {
  kind: 'none',
})
const request = { place, timeoutMs: 60_000, secrets: ['s3cr3t'] }
const failed = (stderr: string, stdout = ''): GitAnswer => ({ ending: 'failed', stderr, stdout: Buffer.from(stdout) })
const codeOf = (operation: 'read' | 'commit', stderr: string, stdout?: string) =>
  gitRequestError(failed(stderr, stdout), { ...request, operation })?.code

const rejected = (reason: string, remote = ''): [string, string] => [
  `${remote}error: failed to push some refs to '${place.url}'`,
  `To ${place.url}\n!\trefs/x:refs/heads/main\t${reason}\nDone`,
]

describe('what a push is refused with', () => {
  test.each([
    ['BRANCH_MOVED', '[rejected] (stale info)', ''],
    ['BRANCH_MOVED', '[rejected] (non-fast-forward)', ''],
    ['BRANCH_MOVED', '[rejected] (fetch first)', ''],
    ['BRANCH_MOVED', '[remote rejected] (incorrect old value provided)', ''],
    ['BRANCH_MOVED', "[remote rejected] (cannot lock ref 'refs/heads/main': is at 1 but expected 2)", ''],
    [
      'BRANCH_MOVED',
      '[remote rejected] (failed to update ref)',
      "remote: error: cannot lock ref 'refs/heads/main': is at 1 but expected 2        \n",
    ],
    [
      'BRANCH_MOVED',
      '[remote rejected] (failed to update ref)',
      "remote: error: cannot lock ref 'refs/heads/main': Unable to create '/r/refs/heads/main.lock': File exists.\n",
    ],
    [
      'CREDENTIAL_FORBIDDEN',
      '[remote rejected] (failed to update ref)',
      "remote: error: cannot lock ref 'refs/heads/main': Unable to create '/r/refs/heads/main.lock': Permission denied\n",
    ],
    ['BRANCH_PROTECTED', '[remote rejected] (protected branch hook declined)', ''],
    [
      'BRANCH_PROTECTED',
      '[remote rejected] (push declined due to repository rule violations)',
      'remote: error: GH013: Repository rule violations found for refs/heads/main.\n',
    ],
    [
      'BRANCH_PROTECTED',
      '[remote rejected] (pre-receive hook declined)',
      'remote: GitLab: You are not allowed to push code to protected branches on this project.\n',
    ],
    [
      'BRANCH_PROTECTED',
      '[remote rejected] (pre-receive hook declined)',
      'remote: Branch refs/heads/main can only be modified through pull requests.\n',
    ],
    [
      'COMMIT_REJECTED',
      '[remote rejected] (push declined due to repository rule violations)',
      'remote: error: GH013: Repository rule violations found for refs/heads/main.\nremote: - Push cannot contain secrets\n',
    ],
    ['COMMIT_REJECTED', '[remote rejected] (pre-receive hook declined)', 'remote: no ticket in the message\n'],
    ['COMMIT_REJECTED', '[remote rejected] (branch is currently checked out)', ''],
    [
      'CREDENTIAL_FORBIDDEN',
      '[remote rejected] (refusing to allow a GitHub App to create or update workflow `.github/workflows/a.yaml`)',
      '',
    ],
    ['REPOSITORY_UNAVAILABLE', '[remote rejected] (unpacker error)', 'remote: fatal: No space left on device\n'],
    ['COMMIT_UNCONFIRMED', '[remote failure] (remote failed to report status)', ''],
  ])('%s: %s %s', (code, reason, remote) => {
    expect(codeOf('commit', ...rejected(reason, remote))).toBe(code)
  })
})

describe('what any request fails with', () => {
  test.each([
    ['REPOSITORY_ARCHIVED', 'remote: This repository was archived so it is read-only.\nfatal: returned error: 403'],
    ['RATE_LIMITED', `fatal: unable to access '${place.url}/': The requested URL returned error: 429`],
    ['RATE_LIMITED', 'remote: You have exceeded a secondary rate limit.\nfatal: returned error: 403'],
    ['REPOSITORY_NOT_FOUND', `remote: Repository not found.\nfatal: repository '${place.url}/' not found`],
    ['REPOSITORY_NOT_FOUND', 'ERROR: Repository not found.\nfatal: Could not read from remote repository.'],
    ['REPOSITORY_NOT_FOUND', "fatal: '/srv/x' does not appear to be a git repository"],
    ['REPOSITORY_NOT_FOUND', `fatal: unable to access '${place.url}/': The requested URL returned error: 301`],
    ['CREDENTIAL_FORBIDDEN', `fatal: unable to access '${place.url}/': The requested URL returned error: 403`],
    ['CREDENTIAL_FORBIDDEN', 'ERROR: Permission to acme/fleet.git denied to deploy key'],
    ['CREDENTIAL_FORBIDDEN', 'ERROR: The key you are authenticating with has been marked as read only.'],
    ['CREDENTIAL_FORBIDDEN', "fatal: detected dubious ownership in repository at '/srv/x'"],
    ['CREDENTIAL_INVALID', `fatal: Authentication failed for '${place.url}/'`],
    ['CREDENTIAL_INVALID', "fatal: could not read Username for 'https://x': terminal prompts disabled"],
    ['CREDENTIAL_INVALID', 'git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.'],
    ['CREDENTIAL_INVALID', 'Host key verification failed.\nfatal: Could not read from remote repository.'],
    ['REPOSITORY_UNAVAILABLE', `fatal: unable to access '${place.url}/': Could not resolve host: git.example.test`],
    ['REPOSITORY_UNAVAILABLE', `fatal: unable to access '${place.url}/': Failed to connect to x port 443`],
    ['REPOSITORY_UNAVAILABLE', `fatal: unable to access '${place.url}/': The requested URL returned error: 503`],
    ['REPOSITORY_UNAVAILABLE', 'ssh: connect to host x port 22: Connection refused\nfatal: Could not read'],
  ])('%s, reading and committing: %s', (code, stderr) => {
    expect(codeOf('read', stderr)).toBe(code)
    expect(codeOf('commit', stderr)).toBe(code)
  })

  test.each([
    'error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502\nfatal: the remote end hung up unexpectedly',
    'error: RPC failed; curl 56 Recv failure: Connection reset by peer',
    'fatal: the remote end hung up unexpectedly',
    'Connection to git.example.test closed by remote host.\nfatal: early EOF',
  ])('is unavailable when a read breaks off, and leaves a commit unconfirmed: %s', (stderr) => {
    expect(codeOf('read', stderr)).toBe('REPOSITORY_UNAVAILABLE')
    expect(codeOf('commit', stderr)).toBe('COMMIT_UNCONFIRMED')
  })

  test('does not name what it does not know, except that a push may have landed', () => {
    expect(codeOf('read', 'fatal: bad object 123')).toBeUndefined()
    expect(codeOf('commit', 'fatal: bad object 123')).toBe('COMMIT_UNCONFIRMED')
  })

  test('names an unfinished request by what it may have done', () => {
    const answer = { ending: 'timed-out', stdout: Buffer.alloc(0), stderr: '' } as const

    expect(gitRequestError(answer, { ...request, operation: 'read' })).toMatchObject({
      code: 'REPOSITORY_UNAVAILABLE',
      message: expect.stringContaining('within 60 seconds'),
    })
    expect(gitRequestError(answer, { ...request, operation: 'commit' })?.code).toBe('COMMIT_UNCONFIRMED')
  })
})

describe('what an error says', () => {
  test('has neither secrets nor users of URLs in it', () => {
    const stderr = "fatal: unable to access 'https://me:s3cr3t@git.example.test/': s3cr3t, https://proxy:pw@p/ failed"

    const error = gitRequestError(failed(stderr), { ...request, operation: 'read' })

    expect(`${error?.message} ${String(error?.cause)}`).not.toMatch(/s3cr3t|pw@|me:/u)
  })

  test('keeps the lines that carry the reason, in one line', () => {
    const said =
      'To https://x\nremote: no ticket\u001B[31m in the message        \nhint: try again\nDone\nerror: failed'

    expect(lastWords(said)).toBe('remote: no ticket [31m in the message; error: failed')
    expect(lastWords(`error: ${'x'.repeat(1000)}`).length).toBeLessThan(310)
  })

  test('takes out nothing for an empty secret', () => {
    expect(redact('fatal: plain', [''])).toBe('fatal: plain')
  })
})
