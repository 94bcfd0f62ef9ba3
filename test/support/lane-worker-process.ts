/*
 * A lane worker in a process of its own, to be killed by tests. Tells the parent `started`, each batch and each ended job.
 * With `hang` it never answers its first batch.
 */
import { silentLog, type Outcome } from '@saker/core'
import { startLaneWorker } from '@saker/queue'

const [redisUrl = '', slug = '', mode = ''] = process.argv.slice(2)
let taken = 0

await startLaneWorker({
  redisUrl,
  slug,
  coalesce: { quietMs: 20, maxMs: 500 },
  lockDurationMs: 1200,
  log: silentLog,
  respond: async ({ jobs, recovering }) => {
    process.send?.({ batch: jobs.map(({ id }) => id), recovering })
    taken += 1
    if (mode === 'hang' && taken === 1) await new Promise<never>(() => undefined)
    return new Map(jobs.map(({ id }): [string, Outcome] => [id, { outcome: 'committed', sha: 'b'.repeat(40) }]))
  },
  onSettled: ({ id }, outcome) => process.send?.({ settled: id, outcome }),
})
process.send?.({ started: true })
