import { ResponseError } from '@saker/core'
import type { ChangeSet, Commit, Head, HistoryPage, RepositoryHost } from '@saker/engine'
import { describe, expect, it } from 'vitest'
import { BudgetedHost } from './budgeted-host.ts'

const HEAD = { current: true, past: [] } as unknown as Head
const CHANGE: ChangeSet = { baseSha: 'a', message: 'contain', edits: [] }
const { signal } = new AbortController()

function limited(retryAfterMs?: number): ResponseError {
  return new ResponseError('RATE_LIMITED', 'slow down', retryAfterMs === undefined ? {} : { retryAfterMs })
}

/** A host and a budget that write down what they are asked, and refuse what the test wants refused. */
function bundle(refuse: { readonly check?: Error; readonly admit?: Error; readonly host?: Error } = {}) {
  const asked: string[] = []
  const blockedForMs: number[] = []
  const answer = async <T>(what: string, value: T, failure: Error | undefined): Promise<T> => {
    asked.push(what)
    if (failure !== undefined) throw failure
    return value
  }
  const real: RepositoryHost = {
    read: () => answer('read', HEAD, refuse.host),
    commit: () => answer<Commit>('commit', { sha: 'b' }, refuse.host),
    readHistory: () => answer<HistoryPage>('history', { commits: [] }, refuse.host),
    readTexts: () => answer<readonly string[]>('textsAt', [], refuse.host),
    close: () => answer('close', undefined, undefined),
  }
  const budget = {
    check: (_: string, { writing }: { readonly writing: boolean }) =>
      answer(writing ? 'check writing' : 'check', undefined, refuse.check),
    admit: () => answer('admit', undefined, refuse.admit),
    blocked: async (_: string, untilMs: number) => void blockedForMs.push(Math.round((untilMs - Date.now()) / 1000)),
  }
  const host = (writing = true): BudgetedHost => new BudgetedHost(real, { budget, credential: 'acme', writing })
  return { host, asked, blockedForMs }
}

describe('a host within the budget of its credential', () => {
  it('asks the budget before it reads and before it writes', async () => {
    const { host, asked } = bundle()

    const head = await host().read({ freshness: 'cached', signal })
    const commit = await host().commit(CHANGE, { signal })
    await host(false).read({ freshness: 'cached', signal })

    expect([head, commit]).toEqual([HEAD, { sha: 'b' }])
    expect(asked).toEqual(['check writing', 'read', 'admit', 'commit', 'check', 'read'])
  })

  it('asks the budget before it reads what was', async () => {
    const { host, asked } = bundle()

    await host(false).readHistory({ limit: 1, signal })
    await host(false).readTexts([], { signal })

    expect(asked).toEqual(['check', 'history', 'check', 'textsAt'])
  })

  it('sends the host nothing when the budget refuses', async () => {
    const { host, asked } = bundle({ check: limited(5), admit: limited(7) })

    await expect(host().read({ freshness: 'current', signal })).rejects.toMatchObject({ retryAfterMs: 5 })
    await expect(host().commit(CHANGE, { signal })).rejects.toMatchObject({ retryAfterMs: 7 })

    expect(asked).toEqual(['check writing', 'admit'])
  })

  it.each([
    ['as long as it asks for', limited(90_000), 90],
    ['for a minute where it names no time', limited(), 60],
  ])('tells the others when the host wants silence, %s', async (_, refusal, seconds) => {
    const { host, blockedForMs } = bundle({ host: refusal })

    await expect(host().read({ freshness: 'current', signal })).rejects.toBe(refusal)
    await expect(host().commit(CHANGE, { signal })).rejects.toBe(refusal)

    expect(blockedForMs).toEqual([seconds, seconds])
  })

  it('keeps other failures to itself', async () => {
    const moved = new ResponseError('BRANCH_MOVED', 'somebody was faster')
    const { host, blockedForMs } = bundle({ host: moved })

    await expect(host().commit(CHANGE, { signal })).rejects.toBe(moved)

    expect(blockedForMs).toEqual([])
  })
})
