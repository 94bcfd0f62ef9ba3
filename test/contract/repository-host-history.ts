import type { HistoryCommit, HistoryPage, RepositoryHost } from '@saker/engine'
import { expect, test } from 'vitest'
import type { BareRepository } from '../support/bare-repository.ts'
import { API, commit, read, scaleWeb, WEB, webText, type Start } from './repository-host-setup.ts'

const { signal } = new AbortController()

/** All pages of so many commits, joined. */
async function readAll(
  host: RepositoryHost,
  { limit, from }: { readonly limit: number; readonly from?: string },
): Promise<{ readonly pages: number; readonly commits: readonly HistoryCommit[] }> {
  const commits: HistoryCommit[] = []
  let pages = 0
  let page: HistoryPage | undefined
  do {
    const after = page?.next
    page = await host.readHistory({
      limit,
      signal,
      ...(from === undefined ? {} : { from }),
      ...(after === undefined ? {} : { after }),
    })
    commits.push(...page.commits)
    pages += 1
  } while (page.next !== undefined)
  return { pages, commits }
}

async function headOf(origin: BareRepository): Promise<string> {
  return (await origin.head()) ?? ''
}

/** How a host reads what was. */
export function describeHistory(start: Start): void {
  test('reads the whole history page by page, newest first', async () => {
    const { origin, host } = await start()
    for (let n = 1; n <= 6; n += 1) await origin.commit({ [API]: `a: ${n}\n` }, `commit ${n}\n\nwith a body\n`)

    const { pages, commits } = await readAll(host, { limit: 3 })

    const log = await origin.log()
    expect(pages).toBe(3)
    expect(commits.map(({ sha }) => sha)).toEqual(log)
    expect(commits.map(({ parents }) => parents)).toEqual(log.map((_, index) => log.slice(index + 1, index + 2)))
    expect(commits[0]).toMatchObject({ author: 'A Person', at: expect.any(Number) })
    expect(commits[0]?.message.trimEnd()).toBe('commit 6\n\nwith a body')
  })

  test('says when a page is the last one', async () => {
    const { host } = await start()

    const page = await host.readHistory({ limit: 1, signal })

    expect(page.commits).toHaveLength(1)
    expect(page).not.toHaveProperty('next')
  })

  test('begins where it is told to, whatever was committed since', async () => {
    const { origin, host } = await start()
    const from = await origin.commit({ [API]: 'a: 1\n' }, 'second')
    await origin.commit({ [API]: 'a: 2\n' }, 'third')

    const { commits } = await readAll(host, { limit: 1, from })

    expect(commits.map(({ sha }) => sha)).toEqual((await origin.log()).slice(1))
  })

  test('reads both sides of a merge, and tells its parents in their order', async () => {
    const { origin, host } = await start()
    const base = await headOf(origin)
    await origin.git(['update-ref', 'refs/heads/side', base])
    const side = await origin.commit({ [API]: 'a: 1\n' }, 'on the side', 'side')
    const own = await origin.commit({ [WEB]: webText(5) }, 'on the branch')
    const tree = (await origin.git(['rev-parse', `${own}^{tree}`])).trim()
    const args = ['commit-tree', tree, '-p', own, '-p', side, '-m', 'merge']
    const merge = (await origin.git(args)).trim()
    await origin.git(['update-ref', 'refs/heads/main', merge])

    const { commits } = await readAll(host, { limit: 2 })

    expect(new Set(commits.map(({ sha }) => sha))).toEqual(new Set([merge, own, side, base]))
    expect(commits[0]?.parents).toEqual([own, side])
  })

  test('refuses to begin with a commit that is not there', async () => {
    const { host } = await start()

    const reading = host.readHistory({ from: '0123456789abcdef0123456789abcdef01234567', limit: 1, signal })

    await expect(reading).rejects.toMatchObject({ code: 'BRANCH_MOVED' })
  })

  test('reads files as they were, byte for byte', async () => {
    const windows = '\uFEFFa: 1\r\nb: größe'
    const { origin, host } = await start({ [WEB]: webText(3), [API]: windows, 'long.yaml': `# ${'x'.repeat(600_000)}` })
    const first = await headOf(origin)
    const second = await origin.commit({ [WEB]: webText(5), [API]: null })

    const texts = await host.readTexts(
      [
        { sha: second, path: WEB },
        { sha: first, path: WEB },
        { sha: first, path: API },
        { sha: second, path: API },
        { sha: second, path: 'apps' },
        { sha: first, path: 'long.yaml' },
      ],
      { signal },
    )

    expect(texts).toEqual([webText(5), webText(3), windows, undefined, undefined, `# ${'x'.repeat(600_000)}`])
  })

  test('refuses a file that is not text, and a commit that is not there', async () => {
    const { origin, host } = await start({ [WEB]: new Uint8Array([0, 1, 2]) })

    const binary = host.readTexts([{ sha: await headOf(origin), path: WEB }], { signal })
    const missing = host.readTexts([{ sha: '0123456789abcdef0123456789abcdef01234567', path: WEB }], { signal })

    await expect(binary).rejects.toMatchObject({ code: 'MANIFEST_NOT_TEXT' })
    await expect(missing).rejects.toMatchObject({ code: 'BRANCH_MOVED' })
  })

  test('reads what was before its own commit, and commits after it has read far back', async () => {
    const { origin, host } = await start()
    for (let n = 1; n <= 4; n += 1) await origin.commit({ [API]: `a: ${n}\n` })
    const { tree } = await read(host)
    const own = await commit(host, scaleWeb(tree.sha))

    const { commits } = await readAll(host, { limit: 2, from: own.sha })
    const texts = await host.readTexts(
      [own.sha, tree.sha].map((sha) => ({ sha, path: WEB })),
      { signal },
    )
    const next = await commit(host, scaleWeb((await read(host)).tree.sha, 0, 1))

    expect(commits).toHaveLength(6)
    expect(texts).toEqual([webText(0), webText(3)])
    expect(await origin.head()).toBe(next.sha)
  })
}
