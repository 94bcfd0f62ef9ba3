import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Queue } from 'bullmq'
import { startGitHubDouble, type GitHubDouble } from '../support/github-double/github-double.ts'
import { bystander } from '../support/lane-jobs.ts'
import { startRedisServer, type RedisServer } from '../support/redis-server.ts'
import { AlertSender } from './alert-sender.ts'
import type { ChaosOptions } from './chaos-options.ts'
import { judge, type Verdict } from './judge.ts'
import { FaultInjector } from './fault-injector.ts'
import { DEDUPE_MS, makeFleet, tokenOf, type Fleet } from './fleet.ts'
import { Person } from './person.ts'
import { countUnended } from './read-jobs.ts'
import { SeededRandom } from './seeded-random.ts'
import { ServiceProcess } from './service-process.ts'

/** How long a silent worker counts as alive in a run. The default of half a minute would make every kill a long pause. */
const LOCK_MS = 3000

/** How long the lanes may take to empty once nothing fails any more. */
const DRAIN_MS = 240_000

/** How much longer the faults may take where the machine is slow; a run in which too few happen shows nothing. */
const SLOW_MS = 90_000

const PROGRESS_MS = 10_000

const GRANT = { contents: 'write', kind: 'personal' } as const

/** Told what is going on, in lines for a person. */
export type Say = (line: string) => void

/** The whole of one run: everything it starts, and the end of all of it. */
export class ChaosRun {
  readonly options: ChaosOptions
  readonly #say: Say
  readonly #abort = new AbortController()
  readonly #surprises: string[] = []
  readonly #startedAt = Date.now()
  /** Ends the servers that were started. */
  readonly #servers: (() => Promise<void>)[] = []
  /** Removes what is of no use once all is well. */
  readonly #leftovers: (() => Promise<void>)[] = []
  #services: readonly ServiceProcess[] = []
  #queues: readonly Queue[] = []
  #sender: AlertSender | undefined
  #injector: FaultInjector | undefined
  #person: Person | undefined

  constructor(options: ChaosOptions, say: Say) {
    this.options = options
    this.#say = say
    process.on('exit', () => {
      for (const service of this.#services) service.killNow()
    })
  }

  /** Calls the run off; it ends as soon as what it started is gone, and rejects. */
  cancel(): void {
    this.#abort.abort(new Error('the run was called off'))
    this.#sender?.stop()
  }

  /** Runs to the end and gives the verdict. Nothing that it started lives any longer. */
  async run(): Promise<Verdict> {
    const folder = await mkdtemp(join(tmpdir(), 'saker-chaos-'))
    this.#leftovers.push(() => rm(folder, { recursive: true, force: true }))
    let keep = true
    try {
      this.#say(`seed ${this.options.seed}, logs in ${folder}`)
      const verdict = await this.#runIn(folder)
      keep = this.options.keep || verdict.findings.total > 0
      return verdict
    } catch (thrown) {
      keep = !this.#abort.signal.aborted
      throw thrown
    } finally {
      await this.#end({ keep })
    }
  }

  async #runIn(folder: string): Promise<Verdict> {
    const tokens = Array.from({ length: this.options.lanes }, (_, at) => [tokenOf(at), GRANT] as const)
    const double = await startGitHubDouble({ tokens: Object.fromEntries(tokens) })
    // What it complains of was judged already.
    this.#servers.push(() => double.close().catch(() => undefined))
    const redis = await startRedisServer({ args: ['--appendfsync', 'everysec'] })
    this.#servers.push(() => redis.remove())
    const random = new SeededRandom(this.options.seed)
    const fleet = await makeFleet(this.options, { double, folder, random: random.fork('fleet') })
    for (const { repository } of fleet.lanes) this.#leftovers.push(() => repository.origin.remove())
    await this.#start(fleet, { folder, redis })
    await this.#disturb(fleet, { double, redis, random })
    await this.#comeToRest(double)
    return await this.#judge(fleet, { double, folder })
  }

  async #start(
    fleet: Fleet,
    { folder, redis }: { readonly folder: string; readonly redis: RedisServer },
  ): Promise<void> {
    const { workers, ingests } = this.options
    const shared = { configFile: fleet.configFile, redisUrl: redis.url, folder }
    const env = { ...fleet.env, SAKER_LOCK_DURATION: `${LOCK_MS}ms` }
    const replicas = (service: 'ingest' | 'worker', count: number): ServiceProcess[] =>
      Array.from(
        { length: count },
        (_, at) => new ServiceProcess({ ...shared, service, name: `${service}-${at}`, env }),
      )
    this.#services = [...replicas('ingest', ingests), ...replicas('worker', workers)]
    for (const service of this.#services) service.onSurprise = (what) => this.#surprises.push(what)
    await Promise.all(this.#services.map((service) => service.start()))
    this.#queues = fleet.lanes.map(({ queue }) => bystander(redis.url, queue))
    this.#say(`${ingests} ingest and ${workers} worker are ready`)
  }

  /** Alerts, faults and a person at work, until all alerts are sent and all faults were met. */
  async #disturb(
    fleet: Fleet,
    {
      double,
      redis,
      random,
    }: { readonly double: GitHubDouble; readonly redis: RedisServer; readonly random: SeededRandom },
  ): Promise<void> {
    const { alerts, faults, minutes } = this.options
    const ms = minutes * 60_000
    const person = new Person(random.fork('person'))
    const urls = (): string[] => this.#services.flatMap(({ url }) => (url === undefined ? [] : [url]))
    const sender = new AlertSender({ fleet, random: random.fork('alerts'), urls })
    const calm = new AbortController()
    const signal = AbortSignal.any([this.#abort.signal, calm.signal])
    const personPushes = async (about: string): Promise<void> => {
      const lane = fleet.lanes.find(({ repository }) => new RegExp(`${repository.nameWithOwner}\\b`, 'u').test(about))
      if (lane !== undefined) await person.push(lane)
    }
    const injector = new FaultInjector(
      { services: this.#services, redis, hostFaults: double.faults, personPushes },
      { faults, ms: ms * 0.95, lockMs: LOCK_MS, signal, random: random.fork('faults') },
    )
    this.#sender = sender
    this.#injector = injector
    this.#person = person
    const progress = setInterval(() => this.#progress(double), PROGRESS_MS)
    const over = setTimeout(() => calm.abort(), ms * 1.1 + SLOW_MS)
    const parts = [
      injector.run().finally(() => calm.abort()),
      this.#work(fleet, { person, random: random.fork('people'), signal }),
      sendUntilCalm(sender, { alerts, ms, signal }),
    ]
    // Should one of them fail, the others come to their end first: whatever was killed runs again then.
    const giveUp = (thrown: unknown): never => {
      calm.abort()
      sender.stop()
      throw thrown
    }
    const endings = await Promise.allSettled(parts.map((part) => part.catch(giveUp)))
    clearTimeout(over)
    clearInterval(progress)
    for (const ending of endings) if (ending.status === 'rejected') throw ending.reason
    this.#abort.signal.throwIfAborted()
  }

  /** People who push something somewhere more than once a second. */
  async #work(
    fleet: Fleet,
    {
      person,
      random,
      signal,
    }: { readonly person: Person; readonly random: SeededRandom; readonly signal: AbortSignal },
  ): Promise<void> {
    while (!signal.aborted) {
      await person.push(random.pick(fleet.lanes))
      await sleep(random.pause(700), undefined, { signal }).catch(() => undefined)
    }
  }

  /** Nothing fails any more: one last alert of every workload, and then everything has to come to an end. */
  async #comeToRest(double: GitHubDouble): Promise<void> {
    double.faults.length = 0
    this.#say('faults are over: one more alert of every workload, then the lanes have to empty')
    await sleep(2 * DEDUPE_MS + 500, undefined, { signal: this.#abort.signal })
    await this.#sender?.sendOneOfEach()
    const giveUp = setTimeout(() => this.#sender?.stop(), 60_000)
    await this.#sender?.settled()
    clearTimeout(giveUp)
    const deadline = Date.now() + DRAIN_MS
    for (;;) {
      this.#abort.signal.throwIfAborted()
      const left = (await Promise.all(this.#queues.map(countUnended))).reduce((sum, count) => sum + count, 0)
      if (left === 0) return
      if (Date.now() > deadline) {
        this.#say(`${left} jobs are still in their lanes after ${DRAIN_MS / 1000} s`)
        return
      }
      await sleep(200)
    }
  }

  async #judge(
    fleet: Fleet,
    { double, folder }: { readonly double: GitHubDouble; readonly folder: string },
  ): Promise<Verdict> {
    const [sender, person, injector] = [this.#sender, this.#person, this.#injector]
    if (sender === undefined || person === undefined || injector === undefined) throw new Error('the run has not begun')
    // Workers that end log their last outcomes first.
    await Promise.all(this.#services.map((service) => service.stop()))
    return judge({
      fleet,
      queues: this.#queues,
      sender,
      person,
      faults: injector.counts,
      requests: double.requests.length,
      surprises: [...this.#surprises, ...double.violations],
      logs: this.#services.flatMap(({ logs }) => logs),
      folder,
      seconds: Math.round((Date.now() - this.#startedAt) / 1000),
    })
  }

  #progress(double: GitHubDouble): void {
    const { sent = 0, taken = [] } = this.#sender ?? {}
    const seconds = Math.round((Date.now() - this.#startedAt) / 1000)
    this.#say(
      `${seconds} s: ${sent} alerts sent, ${taken.length} taken, ${this.#injector?.total ?? 0} faults, ` +
        `${double.requests.length} requests, ${this.#person?.commits.length ?? 0} commits of a person`,
    )
  }

  async #end({ keep }: { readonly keep: boolean }): Promise<void> {
    for (const service of this.#services) service.killNow()
    await Promise.allSettled(this.#queues.map((queue) => queue.close()))
    for (const close of this.#servers.toReversed()) await close()
    if (!keep) await Promise.all(this.#leftovers.map((remove) => remove()))
  }
}

/** Faults need requests to strike: the alerts go on, a few a second, until the last fault has. */
async function sendUntilCalm(
  sender: AlertSender,
  { alerts, ms, signal }: { readonly alerts: number; readonly ms: number; readonly signal: AbortSignal },
): Promise<void> {
  await sender.send(alerts, ms)
  while (!signal.aborted) await sender.send(5, 1000)
}
