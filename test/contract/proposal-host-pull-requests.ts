import { expect, test } from 'vitest'
import { BRANCH, list, present, propose, type PullRequestWorld, TEXT } from './proposal-host-setup.ts'
import { read } from './repository-host-setup.ts'

/** Makes a world with pull requests; it ends with the test. */
export type StartPullRequestWorld = () => Promise<PullRequestWorld>

/** How a pull request comes to be. */
export function describePresenting(start: StartPullRequestWorld): void {
  test('opens one pull request, with a page for people', async () => {
    const world = await start()
    const proposals = world.openProposals()
    await propose(proposals)

    const { pullRequest, url, notes } = await present(proposals)

    expect(pullRequest).toMatchObject({ state: 'open', title: TEXT.title })
    expect(pullRequest?.body.trim()).toBe(TEXT.body.trim())
    expect(url).toBe(pullRequest?.url)
    expect(url).toMatch(/^https?:.*\/1$/u)
    expect(notes).toEqual([])
    const [listed] = await list(proposals)
    expect(listed).toEqual({ name: BRANCH, sha: await world.head(BRANCH), pullRequest })
  })

  test('revises the open one, and opens no second', async () => {
    const world = await start()
    const proposals = world.openProposals()
    await propose(proposals)
    const first = await present(proposals)

    const second = await present(proposals, { ...TEXT, title: 'respond to 2 workloads', body: 'Stops both.' })

    expect(second.pullRequest).toMatchObject({ number: first.pullRequest?.number, title: 'respond to 2 workloads' })
    expect(await world.numbers()).toEqual([1])
    expect((await list(proposals))[0]?.pullRequest?.body).toBe('Stops both.')
  })

  test('finds the one that is there, whoever opened it', async () => {
    const world = await start()
    await propose(world.openProposals())
    await present(world.openProposals())

    const { pullRequest } = await present(world.openProposals(), { ...TEXT, body: 'Once more.' })

    expect(pullRequest).toMatchObject({ number: 1, state: 'open', body: 'Once more.' })
    expect(await world.numbers()).toEqual([1])
  })

  test('ends in PULL_REQUEST_REJECTED where there is nothing to merge', async () => {
    const world = await start()
    await world.makeBranch(BRANCH)

    await expect(present(world.openProposals())).rejects.toMatchObject({ code: 'PULL_REQUEST_REJECTED' })
    expect(await world.numbers()).toEqual([])
  })

  test('ends in BRANCH_MOVED where there is no branch', async () => {
    const world = await start()

    await expect(present(world.openProposals())).rejects.toMatchObject({ code: 'BRANCH_MOVED' })
  })

  test('has its pull request revised at once when somebody else opens one for its branch', async () => {
    const world = await start()
    const [mine, theirs] = [world.openProposals(), world.openProposals()]
    await propose(mine)
    await list(mine)
    await present(theirs, { ...TEXT, body: 'Theirs.' })

    const { pullRequest } = await present(mine)

    expect(pullRequest?.body.trim()).toBe(TEXT.body.trim())
    expect(await world.numbers()).toEqual([1])
  })
}

/** What becomes of a pull request. */
export function describeEndings(start: StartPullRequestWorld): void {
  test.each(['merge', 'squash', 'rebase'] as const)('gives one that was merged by %s as it is', async (method) => {
    const world = await start()
    const proposals = world.openProposals()
    await propose(proposals)
    await present(proposals)

    await world.merge(1, method)
    const { pullRequest } = await present(proposals, { ...TEXT, title: 'too late', body: 'Too late.' })

    expect(pullRequest).toMatchObject({ number: 1, state: 'merged', title: TEXT.title })
    expect(pullRequest?.endedAt).toBeTypeOf('number')
    const [listed] = await list(proposals)
    expect(listed?.pullRequest).toEqual(pullRequest)
    expect(listed?.pullRequest?.body.trim()).toBe(TEXT.body.trim())
    expect((await read(proposals.open('saker/main-2'))).tree.sha).toBe(await world.head('main'))
    expect(await world.textAt('main', 'apps/web.yaml')).toContain('replicas: 0')
    expect(await world.numbers()).toEqual([1])
  })

  test('gives one that was closed as it is, also to a host that has never seen it', async () => {
    const world = await start()
    const proposals = world.openProposals()
    await propose(proposals)
    await present(proposals)
    await world.closePullRequest(1)

    const known = await present(proposals, { ...TEXT, body: 'Too late.' })
    const unknown = await present(world.openProposals(), { ...TEXT, body: 'Too late.' })

    expect(known.pullRequest).toMatchObject({ number: 1, state: 'closed', title: TEXT.title })
    expect(known.pullRequest?.body.trim()).toBe(TEXT.body.trim())
    expect(unknown.pullRequest).toEqual(known.pullRequest)
    expect(await world.numbers()).toEqual([1])
  })

  test('lists one whose branch was deleted, with what it said', async () => {
    const world = await start()
    const proposals = world.openProposals()
    await propose(proposals)
    await present(proposals)

    await world.deleteBranch(BRANCH)

    const expected = { name: BRANCH, pullRequest: { number: 1, state: 'closed', title: TEXT.title } }
    for (const host of [proposals, world.openProposals()]) {
      const [listed, ...others] = await list(host)
      expect(listed).toMatchObject(expected)
      expect(listed?.sha).toBeUndefined()
      expect(listed?.pullRequest?.body.trim()).toBe(TEXT.body.trim())
      expect(others).toEqual([])
    }
  })

  test('lists one that was merged and its branch deleted', async () => {
    const world = await start()
    const proposals = world.openProposals()
    await propose(proposals)
    await present(proposals)

    await world.merge(1, 'squash')
    await world.deleteBranch(BRANCH)

    const [listed] = await list(proposals)
    expect(listed).toMatchObject({ name: BRANCH, pullRequest: { number: 1, state: 'merged' } })
    expect(listed?.sha).toBeUndefined()
  })

  test('revises one that was closed and reopened', async () => {
    const world = await start()
    const proposals = world.openProposals()
    await propose(proposals)
    await present(proposals)
    await world.closePullRequest(1)
    const [closed] = await list(proposals)
    await world.reopen(1)

    const { pullRequest } = await present(proposals, { ...TEXT, body: 'Again.' })

    expect(closed?.pullRequest?.state).toBe('closed')
    expect(pullRequest).toMatchObject({ number: 1, state: 'open', body: 'Again.' })
    expect(pullRequest?.endedAt).toBeUndefined()
    expect((await list(proposals))[0]?.pullRequest).toEqual(pullRequest)
  })
}
