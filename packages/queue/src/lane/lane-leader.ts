import { setTimeout as sleep } from 'node:timers/promises'
import {
  asResponseError,
  ResponseError,
  type Forward,
  type Log,
  type Outcome,
  type ResponseJob,
  type Waiver,
} from '@saker/core'
import { UnrecoverableError, WaitingError, Worker, type Job, type Queue } from 'bullmq'
import { TIMED_OUT, within } from '../within.ts'
import { findMates, linger, readJob, type Coalesce, type ReadableJob } from './gather-mates.ts'
import type { HeldJobs } from './held-jobs.ts'
import { endingFor, isPassing, sleepsFor, type Ending, type JobNote } from './job-note.ts'
import type { LaneAnswers, LaneBatch } from './lane-batch.ts'
import type { LaneFacts } from './lane-facts.ts'
import { keepLaneSerial } from './lane-queue.ts'
import { isHopeless, isOverdue, sleepMs } from './lane-sleep.ts'
import type { UnconfirmedJobs } from './unconfirmed-jobs.ts'

/** How long an aborted answer may take to end by itself before its job is handed back without it. */
const ABORT_MS = 1000

/** Longest wait for Redis to take a job back. */
const HAND_BACK_MS = 1000

/** How often a leader looks whether its lane is still paused. */
const PAUSE_LOOK_MS = 250

const DEFAULT_HELD_MS = 30 * 24 * 3600 * 1000

/** Longest sleep kept by this process alone, where Redis refuses to note it. */
const LOCAL_SLEEP_MS = 5000

/** What a {@link LaneLeader} works with. */
export interface LaneLeaderOptions extends LaneAnswers {
  readonly slug: string
  readonly queue: Queue
  readonly coalesce: Coalesce
  /** Jobs answered together at most. */
  readonly maxBatch: number
  /** How many alerts were merged into each of these jobs; jobs without any are left out. */
  readonly mergedInto: (jobIds: readonly string[]) => Promise<ReadonlyMap<string, number>>
  readonly unconfirmed: UnconfirmedJobs
  readonly facts: LaneFacts
  /** Puts a job into another lane. */
  readonly forward: (job: Job, forward: Forward) => Promise<void>
  readonly held: HeldJobs
  /** Aborts when the worker begins to close. */
  readonly stopping: AbortSignal
  readonly log: Log
}

/** A batch under way. */
interface Leading {
  readonly leader: ReadableJob
  readonly token: string
  readonly abort: AbortController
  /** Absent until the mates are known, and with them the batch. */
  mates?: readonly ReadableJob[]
  /** Alerts that each job of the batch stands for, as far as that is known. */
  counts: ReadonlyMap<string, number>
  waivers: ReadonlyMap<string, Waiver>
  /** Whether the lock is gone: the job, and the lane, may be another worker's by now. */
  lockLost: boolean
}

/** What a job's return value tells beside its outcome. */
interface Told {
  readonly id: string
  readonly count: number
  readonly state?: 'released'
}

/** Takes one job after the other and ends it: alone, together with its mates, or with what an earlier leader left for it. */
export class LaneLeader {
  readonly #options: LaneLeaderOptions
  #leading: Leading | undefined
  #ending: (Ending & { readonly id: string | undefined }) | undefined
  /** Whether the last batch of this process may have reached the repository without our knowing. */
  #unconfirmed = false

  constructor(options: LaneLeaderOptions) {
    this.#options = options
  }

  /**
   * BullMQ's processor. Resolves with the outcome as the job's return value; rejects with `UnrecoverableError` for `failed`,
   * with BullMQ's rate limit error when the lane sleeps, and with `WaitingError` when the job is not ours any more.
   */
  async process(job: Job, token: string): Promise<(Outcome | Forward) & Told> {
    const ending = endingFor(job, job.attemptsStarted) ?? (await this.#lead(job, token))
    const { outcome, count, waiver } = ending
    this.#ending = { id: job.id, ...ending }
    await this.#beforeEnd(job, ending)
    if (outcome.outcome === 'forwarded') await this.#options.forward(job, outcome)
    const failed = outcome.outcome === 'failed'
    // Before the job fails, not after: nothing may be merged into a job that has already failed.
    if (failed) await this.#attempt(() => job.removeDeduplicationKey(), 'a failed fingerprint could not be released')
    if (failed || isPassing(job)) await this.#attempt(() => job.updateProgress(0), 'a note could not be cleared')
    if (failed) throw new UnrecoverableError(`${outcome.code}: ${outcome.message}`)
    return { ...outcome, id: job.id ?? '', count, ...(waiver === 'released' ? { state: waiver } : {}) }
  }

  async #beforeEnd({ id = '' }: Job, { outcome, waiver }: Ending): Promise<void> {
    const { facts, held, heldMs = () => DEFAULT_HELD_MS } = this.#options
    if (outcome.outcome === 'held')
      await this.#attempt(() => held.add(id, Date.now() + heldMs()), 'a held response could not be noted')
    if (waiver !== undefined) await this.#attempt(() => facts.forgetWaiver(id), 'a waiver could not be forgotten')
  }

  /** Told by BullMQ that a job has ended, once Redis has recorded it; `error` is there when it failed. */
  settled(job: Job, error?: Error): void {
    const ending = this.#ending?.id === job.id ? this.#ending : undefined
    this.#ending = undefined
    const data = readJob(job)?.data
    const asked = error === undefined || ending?.outcome.outcome === 'failed'
    const outcome = asked ? ending?.outcome : internal(error.message)
    // BullMQ ended it without asking us, because it stalled too often.
    if (outcome?.outcome === 'forwarded') {
      this.#options.log.info(
        { lane: this.#options.slug, responseId: job.id, to: outcome.lane, because: outcome.because },
        'response forwarded',
      )
      return
    }
    if (outcome?.outcome === 'held')
      void this.#attempt(() => this.#options.held.keep(job.id ?? ''), 'a held response could not be kept')
    if (!asked) {
      void this.#attempt(() => job.removeDeduplicationKey(), 'a failed fingerprint could not be released')
    }
    if (data === undefined || outcome === undefined) {
      this.#options.log.error({ lane: this.#options.slug, jobId: job.id, reason: error?.message }, 'a job ended unread')
      return
    }
    const { receivedAt } = data
    try {
      const settledAt = job.finishedOn ?? Date.now()
      const facts = { receivedAt, settledAt, attempts: job.attemptsStarted, count: ending?.count ?? 1 }
      this.#options.onSettled(data, outcome, facts)
    } catch (thrown) {
      this.#options.log.error(
        { lane: this.#options.slug, responseId: data.id, err: thrown },
        'telling an outcome failed',
      )
    }
  }

  /** Whether a job is being answered. */
  get isBusy(): boolean {
    return this.#leading !== undefined
  }

  /** Aborts the batch under way; its leader goes back to the lane at once, where another worker finds it. */
  abort(reason: ResponseError): void {
    this.#leading?.abort.abort(reason)
  }

  /** Told by BullMQ that locks could not be renewed: another worker may hold the lane now. */
  lockLost(jobIds: readonly string[]): void {
    const leading = this.#leading
    if (leading === undefined || !jobIds.includes(leading.leader.job.id ?? '')) return
    leading.lockLost = true
    leading.abort.abort(new ResponseError('QUEUE_UNAVAILABLE', 'the lock was lost: another worker may hold the lane'))
  }

  async #lead(job: Job, token: string): Promise<Ending> {
    const leader = readJob(job)
    if (leader === undefined) return { outcome: internal('the job is none that this version understands'), count: 1 }
    const known = { counts: new Map(), waivers: new Map() }
    const leading: Leading = { leader, token, abort: new AbortController(), ...known, lockLost: false }
    this.#leading = leading
    try {
      const outcome = await this.#answerAwake(leading).catch((thrown: unknown) => this.#recover(thrown, leading))
      return endingIn(leading, leader.data, outcome)
    } finally {
      this.#leading = undefined
    }
  }

  /** Answers once the lane is not paused; when it is paused before the write is made, again. */
  async #answerAwake(leading: Leading): Promise<Outcome | Forward> {
    const { slug, stopping, facts, log } = this.#options
    const signal = AbortSignal.any([stopping, leading.abort.signal])
    for (;;) {
      if (await asQueueFailure(() => facts.isPaused())) {
        log.warn({ lane: slug }, 'lane paused')
        delete leading.mates
        const note: JobNote = { note: 'paused', since: new Date().toISOString() }
        await asQueueFailure(() => leading.leader.job.updateProgress(note))
        do await sleep(PAUSE_LOOK_MS, undefined, { signal })
        while (await asQueueFailure(() => facts.isPaused()))
        log.info({ lane: slug }, 'lane resumed')
      }
      try {
        return await this.#answer(leading, signal)
      } catch (thrown) {
        if (asResponseError(thrown).code !== 'LANE_PAUSED') throw thrown
      }
    }
  }

  async #answer(leading: Leading, signal: AbortSignal): Promise<Outcome | Forward> {
    const { queue, coalesce, maxBatch } = this.#options
    const { leader, abort } = leading
    leading.mates = await asQueueFailure(async () => {
      await linger(queue, coalesce, { enough: maxBatch - 1, signal })
      return findMates(queue, leader.job, maxBatch - 1)
    })
    await this.#count(leading)
    const outcomes = await this.#respond([leader, ...leading.mates], leading)
    if (leading.lockLost) throw asResponseError(abort.signal.reason)
    await this.#count(leading)
    await asQueueFailure(() => this.#handOut(leading, (mate) => outcomes.get(mate.id)))
    this.#unconfirmed = false
    const answered = () => this.#options.unconfirmed.remove(idsOf(leading))
    await this.#attempt(answered, 'an answered batch could not be noted')
    const outcome = outcomes.get(leader.data.id)
    if (outcome === undefined) throw new ResponseError('CONFIG_BEHIND', 'the response was left for later')
    return outcome
  }

  /** Looks how many alerts the batch stands for. They are good to know, not worth failing for. */
  async #count(leading: Leading): Promise<void> {
    const ids = idsOf(leading)
    const look = async (): Promise<void> => {
      const merged = await this.#options.mergedInto(ids)
      leading.counts = new Map(ids.map((id) => [id, 1 + (merged.get(id) ?? 0)]))
    }
    await this.#attempt(look, 'merged alerts could not be counted')
  }

  /** What the guard has to know of the batch. */
  async #lookUp(leading: Leading): Promise<Pick<LaneBatch, 'waivers' | 'asleepMs'>> {
    const { facts } = this.#options
    const jobs = [leading.leader, ...(leading.mates ?? [])].map(({ data }) => data)
    const [waivers, asleep] = await Promise.all([
      facts.waiversOf(jobs.map(({ id }) => id)),
      facts.asleepSince([...new Set(jobs.map(({ receivedAt }) => receivedAt))], Date.now()),
    ])
    leading.waivers = waivers
    return { waivers, asleepMs: new Map(jobs.map(({ id, receivedAt }) => [id, asleep.get(receivedAt) ?? 0])) }
  }

  /** Gives the batch to the engine. An aborted answer that does not end within a second is left to itself. */
  async #respond(batch: readonly ReadableJob[], leading: Leading): Promise<ReadonlyMap<string, Outcome | Forward>> {
    const {
      counts,
      abort: { signal },
    } = leading
    signal.throwIfAborted()
    const { waivers, asleepMs } = await asQueueFailure(() => this.#lookUp(leading))
    const [leader, ...mates] = batch
    const startedBefore = (leader?.job.attemptsStarted ?? 0) > 1 || mates.some(({ job }) => job.attemptsStarted > 0)
    const givenBefore = await asQueueFailure(() => this.#options.unconfirmed.add(batch.map(({ data }) => data.id)))
    signal.throwIfAborted()
    const recovering = this.#unconfirmed || startedBefore || givenBefore
    const late = Promise.withResolvers<never>()
    let timer: NodeJS.Timeout | undefined
    const onAbort = (): void => {
      timer = setTimeout(() => late.reject(asResponseError(signal.reason)), ABORT_MS)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.#unconfirmed = true
    try {
      const jobs = batch.map(({ data }) => data)
      const answer = this.#options.respond({ jobs, counts, waivers, asleepMs, recovering, signal })
      return await Promise.race([answer, late.promise])
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Decides what an answer that did not come means: the outcome of the leader, or the rejection that BullMQ acts on. */
  async #recover(thrown: unknown, leading: Leading): Promise<Outcome> {
    const { leader, mates = [], abort } = leading
    if (leading.lockLost) throw new WaitingError('the lock was lost')
    if (abort.signal.aborted || (leading.mates === undefined && this.#options.stopping.aborted)) {
      return await this.#handBack(leading)
    }
    const error = asResponseError(thrown)
    const failure: Outcome = { outcome: 'failed', code: error.code, message: error.message }
    const tries = sleepsFor(leader.job, error.code) + 1
    const hopeless = isHopeless(error, tries)
    if (error.code === 'INTERNAL')
      this.#options.log.error({ lane: this.#options.slug, err: error }, 'answering a batch failed')
    const now = Date.now()
    const fails = (data: ResponseJob): boolean => hopeless || isOverdue(data, now)
    if (mates.some(({ data }) => fails(data))) {
      const handOut = (): Promise<void> => this.#handOut(leading, (mate) => (fails(mate) ? failure : undefined))
      await this.#attempt(handOut, 'the failure of a batch could not be handed out')
    }
    if (hopeless) return failure
    await this.#sleep(leader.job, error, tries)
    if (fails(leader.data)) return failure
    throw Worker.RateLimitError()
  }

  /** Leaves each mate its outcome. Rejects when one could not be told, so that the leader runs again and tells it then. */
  async #handOut(leading: Leading, outcomeOf: (mate: ResponseJob) => Outcome | Forward | undefined): Promise<void> {
    const { queue } = this.#options
    const { leader, mates = [] } = leading
    const tell = async ({ job, data }: ReadableJob): Promise<void> => {
      const outcome = outcomeOf(data)
      if (outcome === undefined) return
      const start = job.attemptsStarted + 1
      const note: JobNote = { note: 'answered', start, leader: leader.data.id, ...endingIn(leading, data, outcome) }
      try {
        await queue.updateJobProgress(job.id ?? '', note)
      } catch (thrown) {
        if (!isGone(thrown)) throw thrown
      }
    }
    await Promise.all(mates.map(tell))
  }

  /** Puts the whole lane to sleep, on every replica. Where Redis refuses to note that, this process at least waits a while. */
  async #sleep(job: Job, error: ResponseError, tries: number): Promise<void> {
    const { queue, slug, facts, log, stopping } = this.#options
    const ms = sleepMs(error, tries)
    const until = new Date(Date.now() + ms).toISOString()
    log.warn({ lane: slug, code: error.code, reason: error.message, sleepMs: ms, tries }, 'lane sleeps')
    const note: JobNote = { note: 'asleep', code: error.code, message: error.message, tries, until }
    const noted = await this.#attempt(async () => {
      await job.updateProgress(note)
      await keepLaneSerial(queue)
      if (error.code === 'RATE_LIMITED') await facts.sleeps(Date.now(), ms)
      await queue.rateLimit(ms)
    }, 'the sleep of a lane could not be noted')
    if (!noted) await sleep(Math.min(ms, LOCAL_SLEEP_MS), undefined, { signal: stopping }).catch(() => undefined)
  }

  async #handBack({ leader, token }: Leading): Promise<never> {
    const { slug, log } = this.#options
    const moved = await this.#attempt(async () => {
      if ((await within(HAND_BACK_MS, leader.job.moveToWait(token))) === TIMED_OUT)
        throw new Error('Redis does not answer')
    }, 'a job could not be handed back')
    if (moved) log.info({ lane: slug, responseId: leader.data.id }, 'job handed back')
    throw new WaitingError('the worker stops')
  }

  /** Does what is good to have; a failure is logged and answered with false. */
  async #attempt(action: () => Promise<unknown>, failure: string): Promise<boolean> {
    try {
      await action()
      return true
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown)
      this.#options.log.warn({ lane: this.#options.slug, reason }, failure)
      return false
    }
  }
}

function idsOf({ leader, mates = [] }: Leading): readonly string[] {
  return [leader, ...mates].map(({ data }) => data.id)
}

function endingIn({ counts, waivers }: Leading, { id }: ResponseJob, outcome: Outcome | Forward): Ending {
  const waiver = waivers.get(id)?.kind
  return { outcome, count: counts.get(id) ?? 1, ...(waiver === undefined ? {} : { waiver }) }
}

function internal(message: string): Outcome {
  return { outcome: 'failed', code: 'INTERNAL', message }
}

/** What fails here fails in Redis: not the fault of the batch, and worth any number of tries. The cause holds alert text. */
async function asQueueFailure<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ResponseError('QUEUE_UNAVAILABLE', `Redis: ${why}`)
  }
}

/** BullMQ's error for a job that is not there any more: somebody removed it by hand. */
function isGone(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === -1
}
