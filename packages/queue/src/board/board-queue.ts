import { ResponseError, type Lane } from '@saker/core'
import { Job, Queue, type JobProgress } from 'bullmq'
import { LANE_QUEUE_OPTIONS, laneQueueName } from '../lane/lane-queue.ts'
import type { RedisClient } from '../redis/redis-connection.ts'

/** What a job keeps of its stalls when it is retried: still enough to run alone, as it may be what kills workers. */
const STALLS_KEPT = 2

/**
 * BullMQ remembers over a retry that a job stalled too often and would fail it again without running it; and a job that
 * ends well would still show the stack of its earlier failure. Both are taken back, of a failed job only.
 */
const FORGET_FAILURE = `
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  redis.call('HDEL', KEYS[1], 'defa', 'stacktrace')
  if tonumber(redis.call('HGET', KEYS[1], 'stc') or '0') > tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], 'stc', ARGV[2])
  end
end`

/** BullMQ's answers for a job that is gone, and for one that is not where a retry looks for it. */
const GONE = -1
const NOT_IN_STATE = -3

/** A job as operators handle it. */
class KeptJob<Data, Result, Name extends string, Progress extends JobProgress> extends Job<
  Data,
  Result,
  Name,
  Progress
> {
  /**
   * Puts a failed job back into its lane, where it runs for real. Ends in `RESPONSE_NOT_FAILED` for any other: what has
   * ended well keeps its outcome. Ends in `RESPONSE_UNKNOWN` when the job is gone.
   */
  override async retry(state: 'completed' | 'failed' = 'failed'): Promise<void> {
    if (state !== 'failed') throw this.#notFailed()
    try {
      if (this.queue instanceof BoardQueue) await this.queue.forgetFailure(this.id ?? '')
      await super.retry('failed')
    } catch (thrown) {
      if (codeOf(thrown) === GONE)
        throw new ResponseError('RESPONSE_UNKNOWN', `response ${this.id} is not kept any more`)
      if (codeOf(thrown) === NOT_IN_STATE) throw this.#notFailed()
      throw thrown
    }
  }

  #notFailed(): ResponseError {
    return new ResponseError(
      'RESPONSE_NOT_FAILED',
      `response ${this.id} has not failed, and only a failed one runs again`,
    )
  }
}

/** A lane as operators see it. It never takes jobs. */
export class BoardQueue extends Queue {
  readonly lane: Lane
  readonly #client: RedisClient

  constructor(lane: Lane, client: RedisClient) {
    const shared = { connection: client, skipWaitingForReady: true, skipVersionCheck: true }
    super(laneQueueName(lane.slug), { ...LANE_QUEUE_OPTIONS, ...shared })
    this.lane = lane
    this.#client = client
    // The connection reports its failures itself; an 'error' event that nobody listens to would end the process.
    this.on('error', () => undefined)
  }

  protected override get Job(): typeof Job {
    return KeptJob
  }

  /** Takes back what BullMQ would hold against a failed job that is retried. */
  async forgetFailure(id: string): Promise<void> {
    await this.#client.eval(FORGET_FAILURE, 2, this.toKey(id), this.toKey('failed'), id, STALLS_KEPT)
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
}
