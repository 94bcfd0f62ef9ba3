/*
 * Reads a repository in a process of its own, so that a test or a bench can see what that takes: once cold, then again
 * whenever the parent says so. Tells what it read, by which requests and at what price, after each.
 *
 * Arguments: `github`, the API's address and `owner/name`; or `git`, the repository's address and a folder for objects.
 */
import { createHash } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { Secret, type Tree } from '@saker/core'
import type { RepositoryHost, RequestObserver } from '@saker/engine'
import { openGitHubRepository, openGitRepository } from '@saker/repository'
import { bulkPath } from './bulk-repository.ts'
import { DOUBLE_TOKEN } from './github-double/github-double.ts'

/** What one read was and cost. */
export interface ReadReport {
  readonly files: number
  readonly requests: readonly string[]
  /** Text of the manifest that tests change. */
  readonly changed: string | undefined
  /** Of all texts in order. */
  readonly digest: string
  readonly ms: number
  /** The longest that nothing else could run. */
  readonly longestBlockMs: number
  /** The same while nothing was done at all: what the machine itself keeps from running. */
  readonly longestIdleBlockMs: number
  /** Since before the first read. */
  readonly rssGrowthMb: number
}

const [kind = '', url = '', place = ''] = process.argv.slice(2)
const requests: string[] = []
const host = open(({ operation }) => requests.push(operation))
const rssBefore = process.memoryUsage.rss()

function open(observe: RequestObserver): RepositoryHost {
  // The double answers ten thousand files slowly on a busy machine.
  const common = { branch: 'main', observe, timeoutMs: 120_000 }
  if (kind === 'git') {
    return openGitRepository({ ...common, location: { kind: 'git', url }, auth: { kind: 'none' }, dataDir: place })
  }
  const [owner = '', repository = ''] = place.split('/')
  const token = async (): Promise<Secret> => new Secret(DOUBLE_TOKEN)
  const location = { kind: 'github', owner, repository, apiUrl: url } as const
  return openGitHubRepository({ ...common, location, auth: { kind: 'token', token } })
}

function digestOf({ files }: Tree): string {
  const hash = createHash('sha256')
  for (let index = 0; index < files.size; index += 1) hash.update(files.get(bulkPath(index))?.text ?? '')
  return hash.digest('hex')
}

/** Runs some work, and gives the longest that nothing else could run meanwhile. */
async function longestBlockMs(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  // The first samples are of what came before.
  await wait(20)
  delay.reset()
  await work()
  delay.disable()
  return Math.round(delay.max / 1e6)
}

async function readAndTell(): Promise<void> {
  const idle = await longestBlockMs(() => wait(1000))
  let tree: Tree = { sha: '', files: new Map() }
  const from = performance.now()
  const blocked = await longestBlockMs(async () => {
    ;({ tree } = await host.read({ freshness: 'current', signal: new AbortController().signal }))
  })
  const ms = performance.now() - from
  const report: ReadReport = {
    files: tree.files.size,
    requests: requests.splice(0),
    changed: tree.files.get(bulkPath(17))?.text,
    digest: digestOf(tree),
    ms: Math.round(ms),
    longestBlockMs: blocked,
    longestIdleBlockMs: idle,
    rssGrowthMb: Math.round((process.memoryUsage.rss() - rssBefore) / 1e6),
  }
  process.send?.(report)
}

process.on('message', (message) => {
  if (message === 'again') void readAndTell()
  else void host.close().then(() => process.disconnect())
})
await readAndTell()
