import { describe, expect, it } from 'vitest'
import type { HistoryCommit, HistoryOptions, HistoryPage } from '../repository-host.ts'
import { ownCommitsOf } from './own-commits.ts'

const { signal } = new AbortController()
const FIRST = { id: 'r1', isUndo: false }

const line = (id: string): string =>
  `contain it\n\nSaker-Response: ${id} contain prod/default/Deployment/web a.yaml#apps/v1/Deployment/default/web:/x until=-\n`

function commit(sha: string, message: string, parents: readonly string[]): HistoryCommit {
  return { sha, message, parents, at: 0, author: 'A Person' }
}

/** A history, newest first, and how many pages of it were asked for. */
function historyOf(commits: readonly HistoryCommit[]) {
  const asked = { pages: 0 }
  const host = {
    readHistory: async ({ after = '0', limit }: HistoryOptions): Promise<HistoryPage> => {
      asked.pages += 1
      const from = Number(after)
      const next = from + limit < commits.length ? { next: String(from + limit) } : {}
      return { commits: commits.slice(from, from + limit), ...next }
    },
  }
  return { host, asked, past: commits.slice(0, 100) }
}

const shas = (commits: readonly { readonly sha: string }[] | undefined) => commits?.map(({ sha }) => sha)

describe('ownCommitsOf', () => {
  it('gives them down to the one that the branch is named for, and asks nothing', async () => {
    const { host, asked, past } = historyOf([
      commit('c', line('r2'), ['b']),
      commit('b', line('r1'), ['a']),
      commit('a', line('r0'), []),
    ])

    expect(shas(await ownCommitsOf(host, FIRST, { past, signal }))).toEqual(['b', 'c'])
    expect(asked.pages).toBe(0)
  })

  it('leaves out what came with the base that somebody has merged into the branch', async () => {
    const { host, asked, past } = historyOf([
      commit('e', line('r2'), ['d']),
      commit('d', "Merge branch 'main'", ['b', 'x']),
      commit('x', line('r9'), ['a']),
      commit('c', 'a note', ['b']),
      commit('b', line('r1'), ['a']),
      commit('a', 'first', []),
    ])

    expect(shas(await ownCommitsOf(host, FIRST, { past, signal }))).toEqual(['b', 'e'])
    expect(asked.pages).toBe(1)
  })

  it('reads on where the branch is long', async () => {
    const commits = Array.from({ length: 250 }, (_, at) => commit(`c${at}`, line(`r${250 - at}`), [`c${at + 1}`]))
    const { host, asked, past } = historyOf(commits)

    const own = await ownCommitsOf(host, FIRST, { past, signal })

    expect([own?.length, own?.[0]?.sha, own?.at(-1)?.sha]).toEqual([250, 'c249', 'c0'])
    expect(asked.pages).toBe(3)
  })

  it('finds nothing in a branch that nobody has committed to, or that was rewritten', async () => {
    const { host, past } = historyOf([commit('a', line('r0'), [])])

    expect(await ownCommitsOf(host, FIRST, { past, signal })).toBeUndefined()
  })

  it('knows what it takes back by its own lines', async () => {
    const { host, past } = historyOf([commit('b', 'undo it\n\nSaker-Undo: r1\n', ['a']), commit('a', line('r1'), [])])

    expect(shas(await ownCommitsOf(host, { id: 'r1', isUndo: true }, { past, signal }))).toEqual(['b'])
  })
})
