import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { SakerProcess, type LogLine } from '@saker/demo'

const cleanups: (() => Promise<unknown>)[] = []

/** Undone after the test, last one first, also when it fails. */
export function afterThisTest(cleanup: () => Promise<unknown>): void {
  cleanups.push(cleanup)
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'saker-test-'))
  afterThisTest(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A running Saker and where it listens. */
export interface RunningSaker {
  readonly process: SakerProcess
  /** URL of ingest; empty for a worker alone. */
  readonly ingest: string
  readonly admin: string
  /** Waits for the terminal line of a response; the n-th one, counted from 1. */
  settled(n?: number): Promise<LogLine>
}

/** Starts `saker` on loopback ports of its own and waits until it is ready. It ends with the test. */
export async function startSaker(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningSaker> {
  const folder = await temporaryFolder()
  const listen = args[0] === 'worker' ? [] : ['--listen', '127.0.0.1:0']
  const process = new SakerProcess({
    args: [...args, ...listen, '--admin-listen', '127.0.0.1:0', '--data-dir', folder],
    env,
  })
  afterThisTest(() => process.stop())
  const ready = await process.line('ready', ({ msg }) => msg === 'saker is ready')
  return {
    process,
    ingest: textOf(ready['ingest']),
    admin: textOf(ready['admin']),
    settled: async (n = 1) => {
      await process.line('done', () => settledLines(process).length >= n)
      const [line] = settledLines(process).slice(n - 1)
      if (line === undefined) throw new Error(`response ${n} has not settled`)
      return line
    },
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function settledLines(process: SakerProcess): readonly LogLine[] {
  return process.lines.filter(({ msg }) => msg === 'response settled')
}
