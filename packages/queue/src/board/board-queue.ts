import { ResponseError, type Lane } from '@saker/core'
import { Job, Queue, type JobProgress } from 'bullmq'
import { endHolding, isHeld } from '../lane/expire-held.ts'
import { HeldJobs } from '../lane/held-jobs.ts'
import { stateOf, type StateNote } from '../lane/job-note.ts'
import { LaneFacts, WAIVER_KEPT_MS } from '../lane/lane-facts.ts'
import { laneQueueName, laneQueueOptions } from '../lane/lane-queue.ts'
import type { RedisClient } from '../redis/redis-connection.ts'

/** What a job keeps of its stalls when it is retried: still enough to run alone, as it may be what kills workers. */
const STALLS_KEPT = 2

/**
 * BullMQ remembers over a retry that a job stalled too often and would fail it again without running it; and a job that
 * ends well would still show the stack of its earlier failure. Both are taken back, of a failed job only; and the guard is
 * told not to mind that it is old by now.
 */
const FORGET_FAILURE = `
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  redis.call('HDEL', KEYS[1], 'defa', 'stacktrace')
  if tonumber(redis.call('HGET', KEYS[1], 'stc') or '0') > tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], 'stc', ARGV[2])
  end
  redis.call('HSET', KEYS[3], ARGV[1], 'retried')
  redis.call('PEXPIRE', KEYS[3], ARGV[3])
end`

/** BullMQ's answers for a job that is gone, and for one that is not where a retry looks for it. */
const GONE = -1
const NOT_IN_STATE = -3

/** Who decides something about a response, for its note. */
export type Decider = Pick<StateNote, 'operator' | 'as' | 'reason'>

/** A job as operators handle it. */
export class KeptJob<
  Data = unknown,
  Result = unknown,
  Name extends string = string,
  Progress extends JobProgress = JobProgress,
> extends Job<Data, Result, Name, Progress> {
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

  /**
   * Puts a held job back into its lane, where it runs for real with the guard's cap and age waived. Ends in
   * `RESPONSE_NOT_HELD` for any other, and when somebody else was faster.
   */
  async release(decider: Decider): Promise<void> {
    const queue = this.#heldIn()
    const id = this.id ?? ''
    await queue.facts.release(id)
    try {
      await super.retry('completed')
    } catch (thrown) {
      throw codeOf(thrown) === NOT_IN_STATE || codeOf(thrown) === GONE ? this.#notHeld() : thrown
    }
    await queue.held.take(id)
    const state = { note: 'state', state: 'released', at: new Date().toISOString(), ...decider } as const
    await this.log(toldOf(state))
  }

  /** Ends a held job for good. Ends in `RESPONSE_NOT_HELD` for any other, and when somebody else was faster. */
  async drop(decider: Decider): Promise<void> {
    const queue = this.#heldIn()
    const id = this.id ?? ''
    await queue.held.take(id)
    const note = { note: 'state', state: 'dropped', at: new Date().toISOString(), ...decider } as const
    await endHolding(queue, queue.held, { id, note })
    await this.log(toldOf(note))
  }

  #heldIn(): BoardQueue {
    if (!isHeld(this) || !(this.queue instanceof BoardQueue)) throw this.#notHeld()
    return this.queue
  }

  #notHeld(): ResponseError {
    const state = stateOf(this)
    const why = state === undefined ? 'is not held' : `was ${state}`
    return new ResponseError(
      'RESPONSE_NOT_HELD',
      `response ${this.id} ${why}, and only a held one is released or dropped`,
    )
  }

  #notFailed(): ResponseError {
    return new ResponseError(
      'RESPONSE_NOT_FAILED',
      `response ${this.id} has not failed, and only a failed one runs again`,
    )
  }
}

/** A line for the job's own log, which Bull Board shows. */
function toldOf({ state, at, operator = '-', as, reason }: StateNote): string {
  return [
    `${at} ${state} by ${operator}`,
    as === undefined ? '' : ` (${as})`,
    reason === undefined ? '' : `: ${reason}`,
  ]
    .join('')
    .replaceAll(/\p{Cc}+/gu, ' ')
}

/** A lane as operators see it. It never takes jobs. */
export class BoardQueue extends Queue {
  readonly lane: Lane
  readonly facts: LaneFacts
  readonly held: HeldJobs
  readonly #client: RedisClient

  constructor(lane: Lane, client: RedisClient) {
    super(laneQueueName(lane.slug), laneQueueOptions(client))
    this.lane = lane
    this.facts = new LaneFacts(client, lane.slug)
    this.held = new HeldJobs(client, lane.slug)
    this.#client = client
    // The connection reports its failures itself; an 'error' event that nobody listens to would end the process.
    this.on('error', () => undefined)
  }

  protected override get Job(): typeof Job {
    return KeptJob
  }

  /** Takes back what would be held against a failed job that is retried. */
  async forgetFailure(id: string): Promise<void> {
    const keys = [this.toKey(id), this.toKey('failed'), this.toKey('waivers')]
    await this.#client.eval(FORGET_FAILURE, keys.length, ...keys, id, STALLS_KEPT, WAIVER_KEPT_MS)
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
}
