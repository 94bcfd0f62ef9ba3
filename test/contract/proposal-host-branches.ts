import { ResponseError } from '@saker/core'
import type { RepositoryHost } from '@saker/engine'
import { expect, onTestFinished, test } from 'vitest'
import { BRANCH, list, present, propose, type ProposalWorld, TEXT } from './proposal-host-setup.ts'
import { cached, commit, current, edit, FILES, read, scaleWeb, WEB, webText } from './repository-host-setup.ts'

/** Makes a world; it ends with the test. */
export type StartWorld = () => Promise<ProposalWorld>

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const thrown: unknown = await promise.then(
    () => expect.unreachable('it succeeded'),
    (error: unknown) => error,
  )
  if (!(thrown instanceof ResponseError)) throw thrown
  return thrown.code
}

/** What a branch is before and after its first commit. */
export function describeOpening(start: StartWorld): void {
  test('reads as the base does, history included, and is not there', async () => {
    const world = await start()
    const proposals = world.openProposals()
    const branch = proposals.open(BRANCH)

    const { tree, past } = await read(branch, { freshness: 'current', past: 5 })
    const { commits } = await branch.readHistory({ limit: 5, signal: new AbortController().signal })

    expect(tree.sha).toBe(await world.head('main'))
    expect(tree.files.get(WEB)?.text).toBe(webText(3))
    expect(past.map(({ sha }) => sha)).toEqual([tree.sha])
    expect(commits.map(({ sha }) => sha)).toEqual([tree.sha])
    expect(await world.head(BRANCH)).toBeUndefined()
    expect(await list(proposals)).toEqual([])
  })

  test('is made by its first commit, which leaves the base alone', async () => {
    const world = await start()
    const proposals = world.openProposals()

    const proposed = await propose(proposals)

    expect(await world.head('main')).toBe(proposed.base.tree.sha)
    expect(await world.head(BRANCH)).toBe(proposed.commit.sha)
    expect(await world.messages(BRANCH)).toEqual(['scale web to 0', await firstMessage(world)])
    expect(await world.textAt(BRANCH, WEB)).toBe(webText(0))
    expect(await world.textAt(BRANCH, 'README.md')).toBe(FILES['README.md'])
    expect((await list(proposals)).map(({ name, sha }) => ({ name, sha }))).toEqual([
      { name: BRANCH, sha: proposed.commit.sha },
    ])
  })

  test('begins where it was planned, whatever became of the base since', async () => {
    const world = await start()
    const branch = opened(world)
    const { tree } = await read(branch)
    await world.push('main', { 'apps/other.yaml': 'kind: Service\n' })

    const { sha } = await commit(branch, scaleWeb(tree.sha))

    expect(await world.head(BRANCH)).toBe(sha)
    expect(await world.textAt(BRANCH, 'apps/other.yaml')).toBeUndefined()
    expect((await read(branch)).tree.files.get(WEB)?.text).toBe(webText(0))
  })

  test('reads the base as it is now, as long as it is not there', async () => {
    const world = await start()
    const branch = opened(world)
    await read(branch)

    const sha = await world.push('main', { 'apps/other.yaml': 'kind: Service\n' })

    expect((await read(branch)).tree.sha).toBe(sha)
  })

  test('cannot begin at a commit that is nowhere', async () => {
    const world = await start()
    const branch = opened(world)
    await read(branch)

    const code = await codeOf(commit(branch, scaleWeb('1'.repeat(40))))

    expect(code).toBe('BRANCH_MOVED')
    expect(await world.head(BRANCH)).toBeUndefined()
  })
}

/** Who may write to a branch. */
export function describeWriters(start: StartWorld): void {
  test('lets one of two writers make it, and tells the other that the branch moved', async () => {
    const world = await start()
    const [one, other] = [opened(world), opened(world)]
    const [{ tree }] = await Promise.all([read(one), read(other)])
    const first = scaleWeb(tree.sha)
    const second = { ...scaleWeb(tree.sha, 3, 1), message: 'scale web to 1\n' }

    const endings = await Promise.allSettled([commit(one, first), commit(other, second)])

    const landed = endings.filter((ending) => ending.status === 'fulfilled')
    const failed = endings.filter((ending) => ending.status === 'rejected')
    expect(landed.map(({ value }) => value.sha)).toEqual([await world.head(BRANCH)])
    expect(failed.map(({ reason }) => (reason as ResponseError).code)).toEqual(['BRANCH_MOVED'])
    expect(await world.messages(BRANCH)).toHaveLength(2)
  })

  test('shows the one who was slower what the other has made', async () => {
    const world = await start()
    const [one, other] = [opened(world), opened(world)]
    const { tree } = await read(other)
    await read(one)
    const { sha } = await commit(one, scaleWeb(tree.sha))

    const code = await codeOf(commit(other, scaleWeb(tree.sha, 3, 1)))
    const seen = await read(other)
    await commit(other, scaleWeb(seen.tree.sha, 0, 1))

    expect(code).toBe('BRANCH_MOVED')
    expect(seen.tree.sha).toBe(sha)
    expect(await world.textAt(BRANCH, WEB)).toBe(webText(1))
  })

  test('adds a second commit to the first, planned on what it has just made', async () => {
    const world = await start()
    const branch = opened(world)
    const { tree } = await read(branch)
    const first = await commit(branch, scaleWeb(tree.sha))

    const warm = await read(branch, cached)
    const edits = [edit('apps/deny.yaml', null, 'kind: NetworkPolicy\n')]
    const second = await commit(branch, { baseSha: warm.tree.sha, message: 'isolate web\n', edits })

    expect(warm.current).toBe(false)
    expect(warm.tree.sha).toBe(first.sha)
    expect(await world.head(BRANCH)).toBe(second.sha)
    expect(await world.messages(BRANCH)).toEqual(['isolate web', 'scale web to 0', await firstMessage(world)])
  })

  test('never overwrites what somebody else has pushed to it', async () => {
    const world = await start()
    const branch = opened(world)
    const { tree } = await read(branch)
    const { sha } = await commit(branch, scaleWeb(tree.sha))
    const foreign = await world.push(BRANCH, { 'apps/theirs.yaml': 'kind: Service\n' })

    const code = await codeOf(commit(branch, scaleWeb(sha, 0, 1)))
    const seen = await read(branch, current)
    await commit(branch, scaleWeb(seen.tree.sha, 0, 1))

    expect(code).toBe('BRANCH_MOVED')
    expect(seen.tree.sha).toBe(foreign)
    expect(await world.textAt(BRANCH, 'apps/theirs.yaml')).toBe('kind: Service\n')
    expect(await world.textAt(BRANCH, WEB)).toBe(webText(1))
  })

  test('does not bring back a branch that was deleted, and reads as the base again', async () => {
    const world = await start()
    const branch = opened(world)
    const { tree } = await read(branch)
    const { sha } = await commit(branch, scaleWeb(tree.sha))
    await world.deleteBranch(BRANCH)

    const code = await codeOf(commit(branch, scaleWeb(sha, 0, 1)))

    expect(code).toBe('BRANCH_MOVED')
    expect(await world.head(BRANCH)).toBeUndefined()
    expect((await read(branch)).tree.sha).toBe(tree.sha)
  })
}

/** What a list holds of branches. */
export function describeListing(start: StartWorld): void {
  test('shows the branches of its own lane alone', async () => {
    const world = await start()
    const proposals = world.openProposals()
    const others = ['saker/other-4', 'feature', 'a/saker/main-5', 'saker/mainly']
    for (const name of ['saker/main-b7', 'saker/main-2-2', ...others]) await world.makeBranch(name)

    const listed = await list(proposals)

    expect(listed.map(({ name }) => name)).toEqual(['saker/main-2-2', 'saker/main-b7'])
  })

  test('no longer shows a branch without a pull request that was deleted', async () => {
    const world = await start()
    const proposals = world.openProposals()
    await propose(proposals)
    const before = await list(proposals)

    await world.deleteBranch(BRANCH)

    expect(before.map(({ name }) => name)).toEqual([BRANCH])
    expect(await list(proposals)).toEqual([])
  })

  test('is a branch to go on with for whoever finds it there', async () => {
    const world = await start()
    const { commit: first } = await propose(world.openProposals())
    const proposals = world.openProposals()

    const [found] = await list(proposals)
    await propose(proposals, { from: 0, to: 1 })
    const presented = await present(proposals, TEXT)

    expect(found?.sha).toBe(first.sha)
    expect(await world.textAt(BRANCH, WEB)).toBe(webText(1))
    expect(await world.messages(BRANCH)).toHaveLength(3)
    expect(presented.pullRequest?.state ?? 'open').toBe('open')
  })
}

async function firstMessage(world: ProposalWorld): Promise<string> {
  return (await world.messages('main')).at(-1) ?? ''
}

function opened(world: ProposalWorld): RepositoryHost {
  const branch = world.openProposals().open(BRANCH)
  onTestFinished(() => branch.close())
  return branch
}
