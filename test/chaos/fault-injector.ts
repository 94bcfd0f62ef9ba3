import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../support/github-double/faults.ts'
import type { RedisServer } from '../support/redis-server.ts'
import {
  AMID_FAULTS,
  amidFaultOf,
  HOST_FAULTS,
  hostFaultOf,
  PROCESS_FAULTS,
  REDIS_FAULTS,
  type FaultName,
} from './fault-kinds.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { ServiceProcess } from './service-process.ts'

/** What can be hurt. */
export interface Victims {
  readonly services: readonly ServiceProcess[]
  readonly redis: RedisServer
  /** Faults that the GitHub double still has to show. */
  readonly hostFaults: Fault[]
  /** Pushes a commit to the repository that a request is about. */
  readonly personPushes: (about: string) => Promise<void>
}

/** How much and how fast. */
export interface Hostility {
  readonly faults: number
  readonly ms: number
  readonly lockMs: number
  readonly signal: AbortSignal
  readonly random: SeededRandom
}

/** A fault of the host that nothing has met by then is taken back. */
const UNMET_MS = 20_000

/** Hurts processes, Redis and the Git host side by side, each in its own seeded order, and counts what was done. */
export class FaultInjector {
  readonly counts = new Map<FaultName, number>()
  readonly #victims: Victims
  readonly #hostility: Hostility

  constructor(victims: Victims, hostility: Hostility) {
    this.#victims = victims
    this.#hostility = hostility
  }

  /** Faults so far. */
  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Injects everything. Whatever was killed or frozen runs again when this ends, also when it is called off. */
  async run(): Promise<void> {
    const { faults } = this.#hostility
    const toProcesses = Math.round(faults * 0.3)
    const toRedis = Math.round(faults * 0.1)
    const toHost = faults - toProcesses - toRedis
    const toBoth = [...PROCESS_FAULTS, ...AMID_FAULTS] as const
    const hurtHost = (name: (typeof HOST_FAULTS)[number], random: SeededRandom): Promise<boolean> =>
      this.#hurtHost(name, random)
    await Promise.all([
      this.#each('processes', { names: toBoth, count: toProcesses }, (name, random) =>
        isAmid(name) ? this.#killAmid(name, random) : this.#hurtProcess(name, random),
      ),
      this.#each('redis', { names: REDIS_FAULTS, count: toRedis }, (name, random) => this.#hurtRedis(name, random)),
      // Two at a time, because some wait long for the request that they strike.
      this.#each('host', { names: HOST_FAULTS, count: Math.ceil(toHost / 2) }, hurtHost),
      this.#each('host too', { names: HOST_FAULTS, count: Math.floor(toHost / 2) }, hurtHost),
    ])
  }

  async #each<Name extends FaultName>(
    part: string,
    { names, count }: { readonly names: readonly Name[]; readonly count: number },
    inject: (name: Name, random: SeededRandom) => Promise<boolean>,
  ): Promise<void> {
    const { ms, signal } = this.#hostility
    const random = this.#hostility.random.fork(part)
    const from = Date.now()
    let queue: Name[] = []
    for (let done = 0; done < count && !signal.aborted;) {
      // Each kind in turn, in an order of chance, so that none is left out of a short run.
      if (queue.length === 0) queue = shuffled(names, random)
      const name = queue.pop()
      if (name === undefined) return
      if (await inject(name, random)) {
        done += 1
        this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
      }
      const due = from + (done / count) * ms
      const pause = Math.max(due - Date.now(), 0) * (0.5 + random.next())
      await sleep(Math.min(pause, 10_000), undefined, { signal }).catch(() => undefined)
    }
  }

  async #hurtProcess(name: (typeof PROCESS_FAULTS)[number], random: SeededRandom): Promise<boolean> {
    const { lockMs } = this.#hostility
    const service = name.endsWith('worker') ? 'worker' : 'ingest'
    const victim = random.pick(this.#victims.services.filter((one) => one.service === service))
    if (name.startsWith('kill')) {
      await victim.kill()
      await victim.start()
      return true
    }
    victim.freeze()
    // A worker sleeps past its lock, so that another one takes its job while it still believes that it has it.
    const ms = service === 'worker' ? lockMs + random.between(500, lockMs) : random.between(500, 4000)
    await sleep(ms, undefined, { signal: this.#hostility.signal }).catch(() => undefined)
    victim.thaw()
    return true
  }

  async #killAmid(name: (typeof AMID_FAULTS)[number], random: SeededRandom): Promise<boolean> {
    const workers = this.#victims.services.filter(({ service }) => service === 'worker')
    const kill = async (): Promise<void> => void (await Promise.all(workers.map((worker) => worker.kill())))
    const amid =
      name === 'kill-amid-recovery'
        ? (['commit', 'read'] as const)
        : ([name === 'kill-amid-read' ? 'read' : 'commit'] as const)
    for (const request of amid) {
      if (!(await this.#show(amidFaultOf(request, { random, kill })))) return false
      await Promise.all(workers.map((worker) => worker.start()))
    }
    return true
  }

  async #hurtRedis(name: (typeof REDIS_FAULTS)[number], random: SeededRandom): Promise<boolean> {
    const { redis } = this.#victims
    const { signal } = this.#hostility
    if (name === 'kill-redis') await redis.kill()
    else redis.freeze()
    await sleep(random.between(50, 4000), undefined, { signal }).catch(() => undefined)
    if (name === 'kill-redis') await redis.start()
    else redis.thaw()
    return true
  }

  /** False when nothing asked the host for what the fault strikes. */
  async #hurtHost(name: (typeof HOST_FAULTS)[number], random: SeededRandom): Promise<boolean> {
    return this.#show(hostFaultOf(name, { random, pushes: this.#victims.personPushes }))
  }

  /** Has the host show a fault once; false when no request has met it in time. */
  async #show(fault: Fault): Promise<boolean> {
    const { hostFaults } = this.#victims
    const acted = Promise.withResolvers<void>()
    const shown: Fault =
      fault.kind === 'meanwhile'
        ? { ...fault, act: (request) => fault.act(request).finally(() => acted.resolve()) }
        : fault
    hostFaults.push(shown)
    const deadline = Date.now() + UNMET_MS
    while (hostFaults.includes(shown)) {
      if (Date.now() > deadline || this.#hostility.signal.aborted) {
        hostFaults.splice(hostFaults.indexOf(shown), 1)
        return false
      }
      await sleep(20)
    }
    if (fault.kind === 'meanwhile') await acted.promise
    return true
  }
}

function isAmid(name: FaultName): name is (typeof AMID_FAULTS)[number] {
  return AMID_FAULTS.some((one) => one === name)
}

function shuffled<T>(list: readonly T[], random: SeededRandom): T[] {
  return list
    .map((one) => [random.next(), one] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, one]) => one)
}
