import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { ResponseError, type Forward, type Log } from '@saker/core'
import { Worker, type Job, type Queue } from 'bullmq'
import { connectRedis, type RedisConnection } from '../redis/redis-connection.ts'
import { TIMED_OUT, within } from '../within.ts'
import { forwardJob } from './forward-job.ts'
import type { Coalesce } from './gather-mates.ts'
import { expireHeld } from './expire-held.ts'
import { HeldJobs } from './held-jobs.ts'
import type { LaneAnswers } from './lane-batch.ts'
import { LaneFacts } from './lane-facts.ts'
import { LaneLeader } from './lane-leader.ts'
import { rememberLane } from './known-lanes.ts'
import { KEY_PREFIX, keepLaneSerial, laneKey, laneQueueName, openLaneQueue } from './lane-queue.ts'
import { readMergedCounts } from './merged-counts.ts'
import { NeglectedJob } from './neglected-job.ts'
import { SilentWorkers } from './silent-workers.ts'
import { UnconfirmedJobs } from './unconfirmed-jobs.ts'

/** What a lane is served with. */
export interface LaneWorkerOptions extends LaneAnswers {
  readonly redisUrl: string
  /** The lane's slug. */
  readonly slug: string
  readonly coalesce: Coalesce
  readonly log: Log
  /** How long a worker that says nothing counts as alive. 15 s by default; a dead one's job runs again after at most 21 s. */
  readonly lockDurationMs?: number
  /**
   * Whether no other worker can be connected to this Redis, because it is private. A job that is active when this one starts
   * was a dead worker's then, and runs again within some two seconds.
   */
  readonly isSole?: boolean
  /** Jobs answered together at most. 1000 by default. */
  readonly maxBatch?: number
}

/** Serves one lane in this process. */
export interface LaneWorker {
  readonly slug: string
  /** Whether it takes jobs. False while Redis has not answered yet, and once it closes. */
  isRunning(): boolean
  /**
   * Takes no further job. A burst that is still settling goes back at once; a batch under way may end within `graceMs`, then
   * it is aborted and its leader handed back. Resolves at the latest some 5 s after the grace, whatever Redis does; within
   * some 3 s when Redis does not answer, because nothing can be recorded or handed back.
   */
  close(options: { readonly graceMs: number }): Promise<void>
}

/** How often it is said again that the lane is serial. */
const KEEP_SERIAL_MS = 30_000

/** How often it is looked whether a held response has waited long enough. */
const EXPIRE_MS = 5000

/** Longest wait for Redis to wake the other workers. */
const WAKE_MS = 500

/** How long the start waits for a Redis that does not answer, before it goes on in the background. */
const START_MS = 1000

/** How long a worker that says nothing counts as alive. */
const LOCK_MS = 15_000

/**
 * How often in a lock's life it is renewed. Planning a large burst may hold up everything else in this process for seconds:
 * whenever that begins, four fifths of the lock's life are left.
 */
const RENEWALS = 5

/** How often the only worker looks for a lock that nobody holds. */
const SOLE_STALLED_MS = 1000

/** How long a job may be the next one while nothing stands in its way: five looks of the others, and then some. */
const NEGLECTED_MS = 5000

/** How long Redis may be silent before a worker that closes gives it up, looked at in steps. */
const SILENCE = { steps: 8, stepMs: 250 }

const UNREACHABLE = Symbol('unreachable')

const UNANSWERED = 'Redis does not answer'

/** What an aborted batch may take to end when nothing can be recorded. */
const ABANDON_MS = 300

/** What aborting and handing back may take; somewhat more than their own limits together. */
const FORCE_MS = 2500

/**
 * Starts to serve a lane. Resolves when it takes jobs; when Redis does not answer, after 1 s, and takes jobs as soon as
 * Redis does. Ends in `CONFIG_INVALID` for a Redis URL that cannot be understood.
 */
export async function startLaneWorker(options: LaneWorkerOptions): Promise<LaneWorker> {
  const worker = new ServingLane(options)
  await within(START_MS, worker.started)
  return worker
}

/** BullMQ's worker, which can also be left to itself when it does not end. */
class AbandonableWorker extends Worker {
  /** Stops the timer that would keep this process alive; what else is left waits for a Redis that no one connects to. */
  async abandon(): Promise<void> {
    await this.lockManager.close()
  }
}

/*
 * The life of a job. It is one BullMQ job from ingest to its outcome, in the queue of its lane; of a lane's jobs one is
 * active at a time, over all replicas (BullMQ's global concurrency).
 *
 *   waiting ── becomes active ──► leading ── respond ──► completed (its outcome is the return value)
 *      ▲                            │   │             └► failed    (`CODE: message`; the dead letters)
 *      │                            │   └ leaves each mate its outcome, as a note in the mate's progress
 *      ├── the lane sleeps ─────────┤     (retryable failure: the job returns to the head, no attempt is spent)
 *      ├── handed back ─────────────┤     (this worker closes: the next one starts at once)
 *      └── stalled ─────────────────┘     (this worker died or lost its lock: after the lock has run out)
 *
 * - Leading: the job lets the burst settle, looks at the waiting mates and has all of them answered together. Nothing is
 *   taken from the queue for that, so nothing can be lost with the leader: the mates are still waiting, and a mate that
 *   becomes active next finds the note and ends with it at once.
 * - A note counts for the one start that follows it. A job that is retried by hand, or whose worker died while it ended,
 *   runs for real.
 * - A job that was started before, was part of a batch whose leader did not come to its end, or follows a batch of unknown
 *   ending, is answered as `recovering`: what it asks for may be in the repository already. The fence against two leaders (a frozen worker that wakes up) is Git's own
 *   compare-and-swap; the lock only makes that rare.
 * - Sleeping is noted in Redis for the whole lane and honoured by all replicas; an ordinary retry would only move the
 *   leader aside, and the next mate would hammer the host in its place. Unavailability is waited out until a job is a day
 *   old; an unexpected failure is tried ten times.
 * - A job whose worker died twice runs alone, so that a poisonous one takes no mates along; BullMQ fails it when its worker
 *   died ten times. A job that this version cannot read fails alone.
 * - A job that fails gives its fingerprint free first: the next alert of its kind is answered anew.
 */
class ServingLane implements LaneWorker {
  readonly slug: string
  readonly started: Promise<void>
  readonly #log: Log
  readonly #connection: RedisConnection
  readonly #queue: Queue
  readonly #lockDurationMs: number
  #worker: AbandonableWorker
  /** Resolves when `#worker` is no longer the one that was run. */
  #replaced = Promise.withResolvers<void>()
  readonly #leader: LaneLeader
  readonly #stopping = new AbortController()
  readonly #silent: SilentWorkers
  readonly #held: HeldJobs
  readonly #timers: readonly NodeJS.Timeout[]
  readonly #isSole: boolean
  #closed: Promise<void> | undefined
  #isTended = false

  constructor(options: LaneWorkerOptions) {
    const { slug, log, redisUrl, coalesce, respond, onSettled, lockDurationMs = LOCK_MS, maxBatch = 1000 } = options
    const { isSole = false, heldMs } = options
    this.slug = slug
    this.#log = log
    this.#isSole = isSole
    this.#connection = connectRedis(redisUrl, 'worker', log)
    const { client } = this.#connection
    this.#queue = openLaneQueue(slug, client)
    const stopping = this.#stopping.signal
    const mergedInto = (jobIds: readonly string[]): Promise<ReadonlyMap<string, number>> =>
      readMergedCounts(client, slug, jobIds)
    const unconfirmed = new UnconfirmedJobs(client, slug)
    const facts = new LaneFacts(client, slug)
    this.#held = new HeldJobs(client, slug)
    const forward = (job: Job, to: Forward): Promise<void> => forwardJob(job, to, client)
    const known = { mergedInto, unconfirmed, facts, held: this.#held, forward }
    const serving = { slug, queue: this.#queue, coalesce, maxBatch, stopping, log, respond, onSettled, ...known }
    this.#leader = new LaneLeader(heldMs === undefined ? serving : { ...serving, heldMs })
    this.#lockDurationMs = lockDurationMs
    this.#worker = this.#makeWorker()
    this.#silent = new SilentWorkers({ client, slug, lockDurationMs, log })
    this.#timers = this.#watch()
    const started = Promise.withResolvers<void>()
    this.started = started.promise
    void this.#serve(() => started.resolve())
  }

  isRunning(): boolean {
    return this.#worker.isRunning() && !this.#stopping.signal.aborted
  }

  close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed ??= this.#close(graceMs)
    return this.#closed
  }

  /** What is looked after from time to time. */
  #watch(): readonly NodeJS.Timeout[] {
    const { client } = this.#connection
    const patienceMs = Math.max(NEGLECTED_MS, this.#lockDurationMs)
    const neglected = new NeglectedJob({ client, slug: this.slug, patienceMs, now: () => performance.now() })
    const keepSerial = (): void => {
      void keepLaneSerial(this.#queue).catch(() => undefined)
      this.#remember()
    }
    const look = (): void => {
      if (this.#leader.isBusy || client.status !== 'ready') return
      void this.#silent.look().catch(() => undefined)
      void this.#tendWorker(neglected, patienceMs).catch(() => undefined)
    }
    const expire = (): void => {
      if (client.status !== 'ready') return
      void expireHeld(this.#queue, { slug: this.slug, held: this.#held, log: this.#log }).catch(() => undefined)
    }
    return [
      setInterval(keepSerial, KEEP_SERIAL_MS).unref(),
      setInterval(expire, EXPIRE_MS).unref(),
      setInterval(look, Math.ceil(this.#lockDurationMs / RENEWALS)).unref(),
    ]
  }

  #makeWorker(): AbandonableWorker {
    const worker = new AbandonableWorker(
      laneQueueName(this.slug),
      (job, token) => this.#leader.process(job, token ?? ''),
      {
        connection: this.#connection.client,
        prefix: KEY_PREFIX,
        name: `${hostname()}#${process.pid}`,
        autorun: false,
        // It would print of its own accord what /readyz says anyway.
        skipVersionCheck: true,
        concurrency: 1,
        lockDuration: this.#lockDurationMs,
        lockRenewTime: Math.ceil(this.#lockDurationMs / RENEWALS),
        stalledInterval: Math.min(
          Math.ceil(this.#lockDurationMs / RENEWALS),
          this.#isSole ? SOLE_STALLED_MS : Infinity,
        ),
        // Never reset by BullMQ, not even by a retry: low enough to end, high enough to outlive bad days.
        maxStalledCount: 10,
        // A replica that closes leaves no wake-up behind for the others; they look by themselves this often (seconds).
        drainDelay: 1,
        runRetryDelay: 1000,
      },
    )
    this.#listen(worker)
    return worker
  }

  #listen(worker: AbandonableWorker): void {
    const lane = this.slug
    worker.on('completed', (job) => this.#leader.settled(job))
    worker.on('failed', (job, error) => {
      if (job !== undefined) this.#leader.settled(job, error)
    })
    worker.on('lockRenewalFailed', (jobIds) => {
      this.#log.warn({ lane, jobIds }, 'lock lost')
      this.#leader.lockLost(jobIds)
    })
    worker.on('stalled', (jobId) => this.#log.warn({ lane, jobId }, 'a worker died; its job runs again'))
    worker.on('error', (error) => this.#connection.report(error))
  }

  /** Takes jobs until the lane closes; begins again should BullMQ's own loop ever end in a failure. */
  async #serve(onStarted: () => void): Promise<void> {
    const { signal } = this.#stopping
    let releases = this.#isSole
    while (!signal.aborted) {
      try {
        await keepLaneSerial(this.#queue)
        this.#remember()
        if (releases) await this.#silent.release()
        await this.#held.keepAll()
        releases = false
        onStarted()
        await Promise.race([this.#worker.run(), this.#replaced.promise])
      } catch (thrown) {
        if (!signal.aborted) this.#connection.report(thrown)
      }
      await sleep(1000, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Nothing waits for the note: of a Cluster it may lie on another node than the lane. */
  #remember(): void {
    rememberLane(this.#connection.client, this.slug).catch(() => undefined)
  }

  /** Also a connection can be stuck while it calls itself ready; what Redis still owes it is asked for again on a new one. */
  async #tendWorker(neglected: NeglectedJob, patienceMs: number): Promise<void> {
    if (this.#isTended) return
    this.#isTended = true
    const tended = await within(patienceMs, this.#replaceIdle(neglected)).finally(() => (this.#isTended = false))
    if (tended === TIMED_OUT && !this.#stopping.signal.aborted) this.#connection.client.disconnect(true)
  }

  /** Puts a new worker in the place of one that takes no jobs any more. The lock keeps them apart should the old one wake up. */
  async #replaceIdle(neglected: NeglectedJob): Promise<void> {
    const jobId = await neglected.find()
    if (jobId === undefined || this.#leader.isBusy || this.#stopping.signal.aborted) return
    this.#log.warn({ lane: this.slug, jobId }, 'the worker takes no jobs any more; a new one begins')
    const old = this.#worker
    this.#worker = this.#makeWorker()
    this.#replaced.resolve()
    this.#replaced = Promise.withResolvers()
    // Its blocking read may never return: it is not waited for.
    void old.close(true).catch(() => undefined)
    await old.abandon()
  }

  /**
   * A worker that ends its last job while it closes tells nobody that more are waiting. BullMQ's marker, which every worker
   * of the lane waits for, does.
   */
  async #wakeOthers(): Promise<void> {
    try {
      const waiting = await this.#queue.getWaitingCount()
      if (waiting > 0) await this.#connection.client.zadd(laneKey(this.slug, 'marker'), 0, '0')
    } catch {
      // The others look by themselves every second.
    }
  }

  async #close(graceMs: number): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#stopping.abort()
    const closed = this.#worker.close()
    const over = new AbortController()
    const ending = await within(graceMs, Promise.race([closed, this.#untilUnreachable(over.signal)]))
    over.abort()
    const unreachable = ending === UNREACHABLE
    if (unreachable || ending === TIMED_OUT) {
      this.#leader.abort(new ResponseError('SHUTTING_DOWN', 'the worker stops'))
      if ((await within(unreachable ? ABANDON_MS : FORCE_MS, closed)) === TIMED_OUT) {
        this.#log.warn({ lane: this.slug, ...(unreachable ? { reason: UNANSWERED } : {}) }, 'lane closed by force')
        await this.#worker.abandon()
      }
    }
    if (!unreachable) await within(WAKE_MS, this.#wakeOthers())
    await within(unreachable ? ABANDON_MS : FORCE_MS, this.#queue.close())
    await this.#connection.close()
    void this.#worker.disconnect().catch(() => undefined)
  }

  /** Resolves when Redis, asked for this lane, has not answered for two seconds, or when `over` aborts. */
  async #untilUnreachable(over: AbortSignal): Promise<typeof UNREACHABLE | undefined> {
    while (!over.aborted) {
      const asked = this.#connection.client.exists(laneKey(this.slug, 'meta'))
      // A refusal, amid a failover for one, is no answer, but no reason to give up at once either.
      const answer = asked.catch(() => new Promise<never>(() => undefined))
      if (!(await this.#comesSoon(answer))) return UNREACHABLE
      await sleep(SILENCE.stepMs, undefined, { signal: over }).catch(() => undefined)
    }
    return undefined
  }

  /** In steps, because a plan that holds this process up would let one long wait end before an answer that is there is read. */
  async #comesSoon(answer: Promise<unknown>): Promise<boolean> {
    for (let step = 0; step < SILENCE.steps; step++) {
      if ((await within(SILENCE.stepMs, answer)) !== TIMED_OUT) return true
    }
    return false
  }
}
