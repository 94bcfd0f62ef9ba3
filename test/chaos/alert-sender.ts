import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosLane, ChaosWorkload, Fleet } from './fleet.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What an alert is about. */
export interface AlertTarget {
  readonly lane: ChaosLane
  readonly workload: ChaosWorkload
}

/** An alert that Saker took: what it stood for and what was said to it. Times in milliseconds since 1970. */
export interface TakenAlert {
  /** Stands in the alert's output fields and nowhere else. */
  readonly marker: string
  readonly target: AlertTarget
  readonly sentAt: number
  readonly answeredAt: number
  readonly result: 'accepted' | 'duplicate'
  /** How often it was sent. */
  readonly tries: number
}

/** How the sender works. */
export interface AlertSenderOptions {
  readonly fleet: Fleet
  readonly random: SeededRandom
  /** Where alerts are taken now. May be empty for a while. */
  readonly urls: () => readonly string[]
}

/** A caller that has waited this long sends again. Longer than Saker takes to answer when Redis does not. */
const ANSWER_MS = 6000

/** Alerts on their way at once at most; more senders than that no one has. */
const MAX_UNDER_WAY = 200

/** Sends alerts in Falcosidekick's form, each until it is taken, and keeps what was answered. */
export class AlertSender {
  readonly taken: TakenAlert[] = []
  /** Reasons for sending again, counted. */
  readonly retries = new Map<string, number>()
  /** Answers that no valid alert should get. */
  readonly surprises: string[] = []
  /** Alerts that were never taken because the run ended. */
  unsent = 0
  sent = 0
  readonly #options: AlertSenderOptions
  readonly #targets: readonly AlertTarget[]
  readonly #underWay = new Set<Promise<void>>()
  #stopped = false

  constructor(options: AlertSenderOptions) {
    this.#options = options
    this.#targets = options.fleet.lanes.flatMap((lane) => lane.workloads.map((workload) => ({ lane, workload })))
  }

  /** Sends `count` alerts over about `ms` milliseconds: bursts of all sizes, some of them on one repository. */
  async send(count: number, ms: number): Promise<void> {
    const { random, fleet } = this.#options
    const all = this.#targets
    const from = Date.now()
    const before = this.sent
    while (this.sent - before < count && !this.#stopped) {
      const burst = Math.min(Math.ceil(random.pause(12)), count - (this.sent - before))
      const attacked = random.pick(fleet.lanes)
      const targets = random.next() < 0.3 ? all.filter(({ lane }) => lane === attacked) : all
      for (let at = 0; at < burst; at++) await this.#launch(random.pick(targets))
      const due = from + ((this.sent - before) / count) * ms
      await sleep(Math.min(Math.max(due - Date.now(), 0) + random.between(0, 20), 2000))
    }
  }

  /** Sends one alert of every workload. */
  async sendOneOfEach(): Promise<void> {
    for (const target of this.#targets) await this.#launch(target)
  }

  /** Waits until everything that was sent is taken. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  /** Gives up on what is not taken yet. */
  stop(): void {
    this.#stopped = true
  }

  async #launch(target: AlertTarget): Promise<void> {
    while (this.#underWay.size >= MAX_UNDER_WAY) await Promise.race(this.#underWay)
    this.sent += 1
    const marker = `marker-${this.sent}`
    const { random } = this.#options
    const podName = `${target.workload.name}-${random.suffix(10)}-${random.suffix(5)}`
    const delivery = this.#deliver(target, { marker, podName }).finally(() => this.#underWay.delete(delivery))
    this.#underWay.add(delivery)
  }

  async #deliver(
    target: AlertTarget,
    { marker, podName }: { readonly marker: string; readonly podName: string },
  ): Promise<void> {
    const sentAt = Date.now()
    const body = alertText(marker, podName)
    for (let tries = 1; !this.#stopped; tries++) {
      const answer = await this.#post(target, body)
      if ('result' in answer) {
        this.taken.push({ marker, target, sentAt, answeredAt: Date.now(), result: answer.result, tries })
        return
      }
      this.retries.set(answer.again, (this.retries.get(answer.again) ?? 0) + 1)
      await sleep(100 + 400 * Math.random())
    }
    this.unsent += 1
  }

  async #post(
    { lane }: AlertTarget,
    body: string,
  ): Promise<{ readonly result: TakenAlert['result'] } | { readonly again: string }> {
    const urls = this.#options.urls()
    const url = urls[Math.floor(Math.random() * urls.length)]
    if (url === undefined) return { again: 'no ingest runs' }
    try {
      const answer = await fetch(`${url}/clusters/${lane.cluster}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'Go-http-client/1.1' },
        body,
        signal: AbortSignal.timeout(ANSWER_MS),
      })
      const said = await answer.text()
      const result = answer.headers.get('saker-result')
      if (answer.status === 202 && (result === 'accepted' || result === 'duplicate')) return { result }
      if (answer.status !== 503) this.surprises.push(`${answer.status} ${result ?? '-'} ${said}`)
      return { again: `${answer.status}` }
    } catch (thrown) {
      return { again: thrown instanceof Error && thrown.name === 'TimeoutError' ? 'no answer' : 'connection lost' }
    }
  }
}

/** https://github.com/falcosecurity/falcosidekick, `types.FalcoPayload`. */
function alertText(marker: string, podName: string): string {
  return JSON.stringify({
    uuid: crypto.randomUUID(),
    output: `Notice A shell was spawned in a container with an attached terminal (k8s.pod=${podName})`,
    priority: 'Notice',
    rule: 'Terminal shell in container',
    time: new Date().toISOString(),
    source: 'syscall',
    tags: ['container', 'mitre_execution', 'shell'],
    hostname: 'worker-1',
    output_fields: {
      'k8s.ns.name': 'default',
      'k8s.pod.name': podName,
      'proc.cmdline': 'sh -c uptime',
      'user.name': 'root',
      'chaos.marker': marker,
    },
  })
}
