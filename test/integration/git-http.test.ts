import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { Secret } from '@saker/core'
import type { GitRepositoryOptions } from '@saker/repository'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { BareRepository } from '../support/bare-repository.ts'
import { GitHttpServer, type Intercept } from '../support/git-http-server.ts'
import { changeA, makeOrigin, openGit, tipOf, unaborted } from '../support/open-git.ts'

const TOKEN = 'tok3n-that-nobody-may-see'
const BASIC = Buffer.from(`x-access-token:${TOKEN}`).toString('base64')
const token = (value = TOKEN) => ({ kind: 'token', token: async () => new Secret(value) }) as const

async function serve(
  origin: BareRepository,
  options: { readonly password?: string; readonly intercept?: Intercept } = {},
): Promise<GitHttpServer> {
  const server = await GitHttpServer.start(origin, options)
  onTestFinished(() => server.close())
  return server
}

const isPush = (request: IncomingMessage): boolean =>
  request.method === 'POST' && request.url?.endsWith('/git-receive-pack') === true

const status =
  (code: number, text = '', headers: Record<string, string> = {}): Intercept =>
  (_, response) => {
    response.writeHead(code, { 'content-type': 'text/plain', ...headers }).end(text)
    return true
  }

async function failureOf(work: Promise<unknown>): Promise<Error & { code?: string }> {
  return work.then(
    () => expect.fail('it succeeded'),
    (error: Error) => error,
  )
}

describe('credentials over http', () => {
  test('a good token is in the very first request, and in every one', async () => {
    const origin = await makeOrigin()
    const server = await serve(origin, { password: TOKEN })
    const { host } = await openGit(server.url, { auth: { ...token(), username: 'me' } })

    await host.commit(changeA(await tipOf(host)), { signal: unaborted() })

    const header = `Basic ${Buffer.from(`me:${TOKEN}`).toString('base64')}`
    expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(new Set([header]))
    expect(await origin.read('a.yaml')).toBe('a: 2\n')
  })

  test('a wrong token and a missing one are refused in words that hold no secret', async () => {
    const server = await serve(await makeOrigin(), { password: 'another' })
    const { host: wrong } = await openGit(server.url, { auth: token() })
    const { host: without } = await openGit(server.url)

    const refused = await failureOf(tipOf(wrong))
    const alsoRefused = await failureOf(tipOf(without))

    expect([refused.code, alsoRefused.code]).toEqual(['CREDENTIAL_INVALID', 'CREDENTIAL_INVALID'])
    expect(inspect(refused, { depth: 9 })).not.toContain(TOKEN)
    expect(inspect(refused, { depth: 9 })).not.toContain(BASIC)
  })

  test('the token is asked for at every request, so that a new one is used at once', async () => {
    const server = await serve(await makeOrigin(), { password: 'new' })
    const values = ['old', 'new']
    const { host } = await openGit(server.url, {
      auth: { kind: 'token', token: async () => new Secret(values.shift() ?? 'new') },
    })

    await expect(tipOf(host)).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' })

    expect(await tipOf(host)).toMatch(/^[0-9a-f]{40}$/u)
  })

  test('a secret that cannot be read and an empty one end the request before it is made', async () => {
    const server = await serve(await makeOrigin(), { password: TOKEN })
    const broken: GitRepositoryOptions['auth'] = {
      kind: 'token',
      token: async () => Promise.reject(new Error('no such file')),
    }
    const { host: unreadable } = await openGit(server.url, { auth: broken })
    const { host: empty } = await openGit(server.url, { auth: token(' \n') })

    await expect(tipOf(unreadable)).rejects.toThrow('no such file')
    await expect(tipOf(empty)).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' })

    expect(server.requests).toEqual([])
  })

  test('a redirect is not followed, so no other server sees the token', async () => {
    const seen: string[] = []
    const other = createServer((request, response) => {
      seen.push(request.url ?? '')
      response.end()
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    const server = await serve(await makeOrigin(), {
      intercept: (request, response) => {
        const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}${request.url}`
        return status(301, '', { location })(request, response)
      },
    })
    const { host } = await openGit(server.url, { auth: token() })

    await expect(tipOf(host)).rejects.toMatchObject({
      code: 'REPOSITORY_NOT_FOUND',
      message: expect.stringContaining('redirects'),
    })

    expect(server.requests).toHaveLength(1)
    expect(seen).toEqual([])
  })

  test.skipIf(process.platform !== 'linux')(
    'neither arguments of any program nor files hold the token, and no program gets other secrets of ours',
    async () => {
      vi.stubEnv('SAKER_ADMIN_TOKEN', 'a-secret-of-ours')
      onTestFinished(() => void vi.unstubAllEnvs())
      const origin = await makeOrigin()
      const programs: { readonly args: string; readonly env: string }[] = []
      const server = await serve(origin, {
        password: TOKEN,
        intercept: async () => {
          programs.push(...(await runningGit()))
          return false
        },
      })
      const { host, dataDir } = await openGit(server.url, { auth: token() })

      await host.commit(changeA(await tipOf(host)), { signal: unaborted() })

      const ours = programs.filter(({ args }) => args.includes(server.url))
      expect(ours.map(({ args }) => args)).toContainEqual(expect.stringContaining('git-remote-http'))
      expect(ours.map(({ env }) => env).join('\n')).toContain(BASIC)
      expect(programs.map(({ args }) => args).join('\n')).not.toMatch(new RegExp(`${TOKEN}|${BASIC}`, 'u'))
      expect(ours.map(({ env }) => env).join('\n')).not.toContain('a-secret-of-ours')
      const files = await allFilesIn(dataDir)
      expect(files.length).toBeGreaterThan(3)
      for (const content of files) expect(content).not.toMatch(new RegExp(`${TOKEN}|${BASIC}`, 'u'))
    },
  )
})

/** Arguments and environment of every process on this machine that has git in its arguments. */
async function runningGit(): Promise<readonly { readonly args: string; readonly env: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name))
  const read = (pid: string, file: string) => readFile(join('/proc', pid, file), 'latin1').catch(() => '')
  const all = await Promise.all(
    pids.map(async (pid) => ({ args: await read(pid, 'cmdline'), env: await read(pid, 'environ') })),
  )
  return all.filter(({ args }) => args.startsWith('git') || args.includes('/git-'))
}

async function allFilesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
  )
}

describe('what a server answers', () => {
  test.each([
    [403, '', 'CREDENTIAL_FORBIDDEN'],
    [404, '', 'REPOSITORY_NOT_FOUND'],
    [429, '', 'RATE_LIMITED'],
    [403, 'You have exceeded a secondary rate limit.', 'RATE_LIMITED'],
    [403, 'This repository was archived so it is read-only.', 'REPOSITORY_ARCHIVED'],
    [500, '', 'REPOSITORY_UNAVAILABLE'],
    [503, '', 'REPOSITORY_UNAVAILABLE'],
  ])('%s %s is %s, for a read and for a commit', async (code, text, expected) => {
    const origin = await makeOrigin()
    const server = await serve(origin)
    const { host } = await openGit(server.url)
    const base = await tipOf(host)
    server.intercept = status(code, text)

    await expect(tipOf(host)).rejects.toMatchObject({ code: expected })
    await expect(host.commit(changeA(base), { signal: unaborted() })).rejects.toMatchObject({ code: expected })

    expect(await origin.head()).toBe(base)
  })

  test('a server that is away makes the repository unavailable; nothing was committed', async () => {
    const origin = await makeOrigin()
    const server = await serve(origin)
    const { host } = await openGit(server.url)
    const base = await tipOf(host)
    await server.close()

    await expect(tipOf(host)).rejects.toMatchObject({ code: 'REPOSITORY_UNAVAILABLE', retryable: true })
    await expect(host.commit(changeA(base), { signal: unaborted() })).rejects.toMatchObject({
      code: 'REPOSITORY_UNAVAILABLE',
    })
  })

  test('what is served there is not a repository', async () => {
    const server = await serve(await makeOrigin(), { intercept: status(200, '<!doctype html>\n<p>Sign in\n') })
    const { host } = await openGit(server.url)

    await expect(tipOf(host)).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' })
  })

  test('each request is told to the observer', async () => {
    const seen: string[] = []
    const server = await serve(await makeOrigin())
    const observe: GitRepositoryOptions['observe'] = (one) => seen.push(`${one.operation} ${one.status}`)
    const { host } = await openGit(server.url, { observe })

    await host.commit(changeA(await tipOf(host)), { signal: unaborted() })
    server.intercept = status(503)
    await tipOf(host).catch(() => undefined)

    expect(seen).toEqual(['fetch ok', 'push ok', 'fetch error'])
  })
})

describe('an answer that does not come', () => {
  test('a commit whose answer is lost is unconfirmed, and the next read shows that it landed', async () => {
    const origin = await makeOrigin()
    const server = await serve(origin)
    const { host } = await openGit(server.url)
    const base = await tipOf(host)
    server.intercept = (request, response) => {
      if (isPush(request)) {
        // The server does its work to the end, and its whole answer is lost.
        response.write = () => true
        response.end = () => response.destroy()
      }
      return false
    }

    await expect(host.commit(changeA(base, 'landed\n'), { signal: unaborted() })).rejects.toMatchObject({
      code: 'COMMIT_UNCONFIRMED',
    })

    server.intercept = undefined
    const head = await host.read({ freshness: 'current', past: 1, signal: unaborted() })
    expect(head.past).toMatchObject([{ sha: await origin.head(), message: 'landed\n' }])
    expect(head.tree.files.get('a.yaml')?.text).toBe('a: 2\n')
  })

  test('a server that says nothing makes a read unavailable and a commit unconfirmed when the time is over', async () => {
    const origin = await makeOrigin()
    const server = await serve(origin)
    // Long enough for the reads that are answered, on a busy machine too.
    const { host: reader } = await openGit(server.url, { timeoutMs: 3000 })
    const { host: writer } = await openGit(server.url, { timeoutMs: 3000 })
    const [base] = await Promise.all([tipOf(writer), tipOf(reader)])
    server.intercept = () => true

    const [reading, committing] = await Promise.all([
      failureOf(tipOf(reader)),
      failureOf(writer.commit(changeA(base), { signal: unaborted() })),
    ])

    expect([reading.code, committing.code]).toEqual(['REPOSITORY_UNAVAILABLE', 'COMMIT_UNCONFIRMED'])
    server.intercept = undefined
    expect(await tipOf(reader)).toBe(base)
  })

  test('an abort ends a read with its reason and all of its programs', async () => {
    const server = await serve(await makeOrigin())
    const { host } = await openGit(server.url)
    const controller = new AbortController()
    const gone = Promise.withResolvers<void>()
    server.intercept = (request) => {
      request.socket.once('close', () => gone.resolve())
      controller.abort(new Error('no longer wanted'))
      return true
    }

    await expect(host.read({ freshness: 'current', signal: controller.signal })).rejects.toThrow('no longer wanted')
    // The helper program held the connection; it is closed only when that has ended too.
    await gone.promise

    server.intercept = undefined
    expect(await tipOf(host)).toMatch(/^[0-9a-f]{40}$/u)
  })

  test('an abort while the commit is on its way leaves it unconfirmed', async () => {
    const server = await serve(await makeOrigin())
    const { host } = await openGit(server.url)
    const base = await tipOf(host)
    const controller = new AbortController()
    server.intercept = (request) => {
      if (isPush(request)) controller.abort()
      return isPush(request)
    }

    await expect(host.commit(changeA(base), { signal: controller.signal })).rejects.toMatchObject({
      code: 'COMMIT_UNCONFIRMED',
    })
  })

  test('closing ends what is under way, and what comes after', async () => {
    const server = await serve(await makeOrigin())
    const { host, dataDir } = await openGit(server.url)
    const asked = Promise.withResolvers<void>()
    server.intercept = () => {
      asked.resolve()
      return true
    }
    const ended = failureOf(tipOf(host))
    await asked.promise

    await host.close()

    expect((await ended).code).toBe('SHUTTING_DOWN')
    await expect(tipOf(host)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(await readdir(join(dataDir, 'git'))).toEqual([])
  })
})
