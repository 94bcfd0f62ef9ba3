/**
 * Measures the reading of a large repository, on GitHub and through the git program, each in a process of its own: cold,
 * then after a foreign commit. Prints times, memory and the longest time that nothing else could run; exits 1 above the
 * limits on requests and memory. What hashing the same texts once takes stands beside the times, to compare machines by.
 *
 *   npx -y pnpm bench:large [--manifests 10000] [--megabytes 25] [--max-memory 300]
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import type { BareRepository } from '../support/bare-repository.ts'
import { bulkPath, bulkText, createBulkRepository, type BulkSize } from '../support/bulk-repository.ts'
import { startGitHubDouble } from '../support/github-double/github-double.ts'
import type { ReadReport } from '../support/read-repository-process.ts'

const { values } = parseArgs({
  options: {
    manifests: { type: 'string', default: '10000' },
    megabytes: { type: 'string', default: '25' },
    'max-memory': { type: 'string', default: '300' },
  },
})
const size: BulkSize = { manifests: Number(values.manifests), bytes: Number(values.megabytes) * 1e6 }
const MAX_REQUESTS = 3

function hashingMs(): number {
  const texts = Array.from({ length: size.manifests }, (_, index) => bulkText(index, size))
  const from = performance.now()
  for (const text of texts) createHash('sha1').update(text).digest()
  return performance.now() - from
}

async function measure(origin: BareRepository, args: readonly string[]): Promise<boolean> {
  const program = new URL('../support/read-repository-process.ts', import.meta.url).pathname
  const reader = execa({ ipc: true })(process.execPath, ['--conditions=saker-source', program, ...args])
  const cold = (await reader.getOneMessage()) as unknown as ReadReport
  await origin.commit({ [bulkPath(17)]: `# ${args[0]}\nchanged: true\n` })
  const [answer] = await Promise.all([reader.getOneMessage(), reader.sendMessage('again')])
  const warm = answer as unknown as ReadReport
  await reader.sendMessage('end')
  await reader
  const unit = hashingMs()
  for (const [name, { digest: _, changed: __, ...report }] of Object.entries({ cold, warm })) {
    console.log({ host: args[0], read: name, ...report, timesHashing: Math.round(report.ms / unit) })
  }
  const isCheap = [cold, warm].every(({ requests }) => requests.length <= MAX_REQUESTS)
  return isCheap && Math.max(cold.rssGrowthMb, warm.rssGrowthMb) <= Number(values['max-memory'])
}

async function main(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'saker-large-'))
  const origin = await createBulkRepository(size)
  const double = await startGitHubDouble()
  const { nameWithOwner } = double.host('acme/bulk', origin)
  try {
    const onGitHub = await measure(origin, ['github', double.apiUrl, nameWithOwner])
    const onGit = await measure(origin, ['git', `file://${origin.path}`, folder])
    return onGitHub && onGit
  } finally {
    await double.close()
    await origin.remove()
    await rm(folder, { recursive: true, force: true })
  }
}

process.exitCode = (await main()) ? 0 : 1
