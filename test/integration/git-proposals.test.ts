import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Secret } from '@saker/core'
import type { ProposalHost } from '@saker/engine'
import {
  openGitProposals,
  openProposals,
  openRepository,
  type GitProposalsOptions,
  type OpenRepositoryOptions,
} from '@saker/repository'
import { expect, onTestFinished, test } from 'vitest'
import { aRepository } from '../support/a-repository.ts'
import type { BareRepository } from '../support/bare-repository.ts'
import { GitHttpServer } from '../support/git-http-server.ts'
import { changeA, makeFolder, makeOrigin, unaborted } from '../support/open-git.ts'

const BRANCH = 'saker/main-1'
const TEXT = { title: 'change a', body: 'One.\n\nTwo.\n', labels: ['saker'], draft: false, autoMerge: false } as const

/** A server over HTTP whose hook does what is written; it may write to `$GIT_DIR/told`. */
async function serve(hook?: { readonly name: string; readonly lines: readonly string[] }): Promise<{
  readonly origin: BareRepository
  readonly server: GitHttpServer
}> {
  const origin = await makeOrigin()
  if (hook !== undefined) {
    const path = join(origin.path, 'hooks', hook.name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `#!/bin/sh\n${hook.lines.join('\n')}\n`)
    await chmod(path, 0o755)
  }
  const server = await GitHttpServer.start(origin)
  onTestFinished(() => server.close())
  return { origin, server }
}

async function openOn(url: string, options: Partial<GitProposalsOptions> = {}): Promise<ProposalHost> {
  const proposals = openGitProposals({
    location: { kind: 'git', url },
    branch: 'main',
    prefix: 'saker/main-',
    auth: { kind: 'none' },
    dataDir: await makeFolder(),
    ...options,
  })
  onTestFinished(() => proposals.close())
  return proposals
}

async function proposeA(proposals: ProposalHost, message?: string): Promise<string> {
  await proposals.list({ signal: unaborted() })
  const branch = proposals.open(BRANCH)
  const { tree } = await branch.read({ freshness: 'current', signal: unaborted() })
  const { sha } = await branch.commit({ ...changeA(tree.sha, message), proposal: TEXT }, { signal: unaborted() })
  await branch.close()
  return sha
}

const LIKE_GITLAB = {
  name: 'post-receive',
  lines: [
    "env | grep '^GIT_PUSH_OPTION_[0-9]' | sort | cut -d= -f2- > told",
    'echo; echo "View merge request for saker/main-1:"',
    'echo "  https://gitlab.example/acme/fleet/-/merge_requests/4"; echo',
  ],
}

test('tells a server with push options of the merge request, and gives its page', async () => {
  const { origin, server } = await serve(LIKE_GITLAB)
  await origin.git(['config', 'receive.advertisePushOptions', 'true'])
  const proposals = await openOn(server.url)

  const sha = await proposeA(proposals)
  const presented = await proposals.present(BRANCH, TEXT, { signal: unaborted() })

  expect(await origin.head(BRANCH)).toBe(sha)
  expect((await readFile(join(origin.path, 'told'), 'utf8')).split('\n').slice(0, -1)).toEqual([
    'merge_request.create',
    'merge_request.target=main',
    'merge_request.title=change a',
    String.raw`merge_request.description=One.\n\nTwo.`,
    'merge_request.label=saker',
  ])
  expect(presented).toEqual({ url: 'https://gitlab.example/acme/fleet/-/merge_requests/4', notes: [] })
})

test('pushes without options where the server announces none, and says how to go on', async () => {
  const { origin, server } = await serve()
  const seen: string[] = []
  const proposals = await openOn(server.url, {
    observe: ({ operation, status }) => seen.push(`${operation} ${status}`),
  })

  const sha = await proposeA(proposals)
  const presented = await proposals.present(BRANCH, TEXT, { signal: unaborted() })

  expect(await origin.head(BRANCH)).toBe(sha)
  expect(seen).toEqual(['ls-remote ok', 'fetch ok', 'push error', 'push ok'])
  expect(presented).toEqual({
    notes: ['open a pull request from saker/main-1 into main: the server has opened none'],
  })
})

test('does not offer options again to a server that takes none', async () => {
  const { origin, server } = await serve()
  const seen: string[] = []
  const proposals = await openOn(server.url, {
    observe: ({ operation, status }) => seen.push(`${operation} ${status}`),
  })
  await proposals.list({ signal: unaborted() })
  const branch = proposals.open(BRANCH)
  onTestFinished(() => branch.close())
  const { tree } = await branch.read({ freshness: 'current', signal: unaborted() })
  const first = await branch.commit({ ...changeA(tree.sha), proposal: TEXT }, { signal: unaborted() })
  seen.length = 0

  const edits = [{ path: 'b.yaml', before: null, after: 'b: 1\n', mode: '100644' }] as const
  const change = { baseSha: first.sha, message: 'add b\n', edits, proposal: TEXT }
  const second = await branch.commit(change, { signal: unaborted() })

  expect(seen).toEqual(['push ok'])
  expect(await origin.head(BRANCH)).toBe(second.sha)
})

test('pushes without options where a hook takes none', async () => {
  const refuse = 'if [ "${GIT_PUSH_OPTION_COUNT:-0}" -gt 0 ]; then echo "push options are not allowed" >&2; exit 1; fi'
  const { origin, server } = await serve({ name: 'pre-receive', lines: [refuse] })
  await origin.git(['config', 'receive.advertisePushOptions', 'true'])

  const sha = await proposeA(await openOn(server.url))

  expect(await origin.head(BRANCH)).toBe(sha)
})

test('gives the page that opens a pull request, as Gitea names it', async () => {
  const page = 'https://gitea.example/acme/fleet/compare/main...saker/main-1'
  const lines = [`echo; echo "Create a new pull request for 'saker/main-1':"; echo "  ${page}"`]
  const { server } = await serve({ name: 'post-receive', lines })
  const proposals = await openOn(server.url)

  await proposeA(proposals)
  const presented = await proposals.present(BRANCH, TEXT, { signal: unaborted() })

  expect(presented.url).toBe(page)
  expect(presented.notes).toHaveLength(1)
})

test('says what a hook refuses', async () => {
  const { server } = await serve({ name: 'pre-receive', lines: ['echo "commits need a ticket" >&2; exit 1'] })
  const proposals = await openOn(server.url)

  await expect(proposeA(proposals)).rejects.toMatchObject({
    code: 'COMMIT_REJECTED',
    message: expect.stringContaining('commits need a ticket') as string,
  })
})

test('says when another branch is in the way of the name', async () => {
  const { origin, server } = await serve()
  await origin.git(['branch', 'saker', 'main'])

  await expect(proposeA(await openOn(server.url))).rejects.toMatchObject({ code: 'COMMIT_REJECTED' })
})

test('fetches nothing again that a host of the base has fetched, and leaves that open', async () => {
  const { server } = await serve()
  const seen: string[] = []
  const config = aRepository({ location: { kind: 'git', url: server.url } })
  const options: OpenRepositoryOptions = {
    readSecret: async () => new Secret('unused'),
    dataDir: await makeFolder(),
    observe: ({ operation }) => seen.push(operation),
  }
  const base = openRepository(config, options)
  onTestFinished(() => base.close())
  const { tree } = await base.read({ freshness: 'current', signal: unaborted() })
  const proposals = openProposals(config, { ...options, base })
  await proposals.list({ signal: unaborted() })
  seen.length = 0

  const branch = proposals.open(BRANCH)
  const { sha } = await branch.commit(changeA(tree.sha), { signal: unaborted() })
  await branch.close()
  await proposals.close()

  expect(seen).toEqual(['push'])
  expect(await base.read({ freshness: 'cached', signal: unaborted() })).toMatchObject({ current: false })
  expect((await base.readTexts([{ sha, path: 'a.yaml' }], { signal: unaborted() }))[0]).toBe('a: 2\n')
})

test('finds the branch again after a restart', async () => {
  const { origin, server } = await serve()
  const sha = await proposeA(await openOn(server.url))

  const proposals = await openOn(server.url)
  const listed = await proposals.list({ signal: unaborted() })
  const branch = proposals.open(BRANCH)
  onTestFinished(() => branch.close())
  const { past } = await branch.read({ freshness: 'current', past: 5, signal: unaborted() })

  expect(listed).toEqual([{ name: BRANCH, sha }])
  expect(past.map((commit) => commit.message.trim())).toEqual(['change a', 'first commit'])
  expect(await origin.head('main')).toBe(past[1]?.sha)
})
