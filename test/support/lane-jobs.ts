import { newResponseId, silentLog, type Lane, type Outcome, type ResponseJob } from '@saker/core'
import {
  startLaneWorker,
  type LaneBatch,
  type LaneWorker,
  type LaneWorkerOptions,
  type SettledFacts,
} from '@saker/queue'
import { Queue } from 'bullmq'

let made = 0

/** A lane of its own for one test, so that tests share a Redis and nothing else. */
export function freshLane(): Lane {
  made += 1
  const slug = `test-${process.pid}-${made}`
  return { key: `example.test/repo#main#${slug}`, slug, repository: 'fleet', delivery: 'commit' }
}

/** A job as ingest makes it, with a fingerprint of its own unless one is given. */
export function responseJob(overrides: Partial<ResponseJob> = {}): ResponseJob {
  const id = newResponseId(Date.now())
  return {
    version: 1,
    id,
    response: 'contain-shells',
    cluster: 'prod',
    sighting: { namespace: 'default', podName: 'web-0' },
    alert: '{"rule":"Terminal shell in container"}',
    receivedAt: Date.now(),
    fingerprint: `fingerprint-${id}`,
    ...overrides,
  }
}

/** The outcome of a successful commit. */
export function committed(sha = 'a'.repeat(40)): Outcome {
  return { outcome: 'committed', sha }
}

/** The same outcome for every job of a batch. */
export function allOf(batch: LaneBatch, outcome: Outcome): ReadonlyMap<string, Outcome> {
  return new Map(batch.jobs.map(({ id }) => [id, outcome]))
}

/** One job that ended, as the worker told it. */
interface Settled {
  readonly job: ResponseJob
  readonly outcome: Outcome
  readonly facts: SettledFacts
}

/** A lane worker in this process that keeps what it was asked and what it told. */
export interface RecordingWorker {
  readonly worker: LaneWorker
  readonly batches: LaneBatch[]
  readonly settled: Settled[]
}

/** Starts a worker with short times; `respond` commits everything unless the test says otherwise. */
export async function recordingWorker(
  options: Pick<LaneWorkerOptions, 'redisUrl' | 'slug'> & Partial<LaneWorkerOptions>,
): Promise<RecordingWorker> {
  const batches: LaneBatch[] = []
  const settled: Settled[] = []
  const respond = options.respond ?? (async (batch: LaneBatch) => allOf(batch, committed()))
  const worker = await startLaneWorker({
    coalesce: { quietMs: 20, maxMs: 500 },
    log: silentLog,
    lockDurationMs: 1200,
    onSettled: (job, outcome, facts) => settled.push({ job, outcome, facts }),
    ...options,
    respond: (batch) => {
      batches.push(batch)
      return respond(batch)
    },
  })
  return { worker, batches, settled }
}

/** The lane's queue as a bystander sees it, Bull Board for example. */
export function bystander(redisUrl: string, lane: Lane): Queue {
  const { hostname, port, password } = new URL(redisUrl)
  const connection = { host: hostname, port: Number(port), ...(password === '' ? {} : { password }) }
  const queue = new Queue(`{lane.${lane.slug}}`, { prefix: 'saker', connection })
  queue.on('error', () => undefined)
  return queue
}
