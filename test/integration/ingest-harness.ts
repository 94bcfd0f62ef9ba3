import { readFileSync } from 'node:fs'
import { jobTitle, parseConfig, Secret, type Config, type Lane, type Log, type ResponseJob } from '@saker/core'
import { buildIngestServer, type AlertObservation, type AlertSink, type IngestDependencies } from '@saker/ingest'
import type { LoadedToken } from '@saker/service'
import type { FastifyInstance } from 'fastify'

/** What the sink was asked to store. */
interface Offer {
  readonly lane: Lane
  readonly job: ResponseJob
  readonly jobName: string
  readonly windowMs: number
}

/** A sink in memory that merges by lane and fingerprint as long as the window is not 0, and fails when it is told to. */
class MemorySink implements AlertSink {
  readonly offers: Offer[] = []
  /** Called before each offer is looked at; what it throws is what the store answers. */
  before: () => void | Promise<void> = () => {}
  /** The jobs into which alerts were merged without the store being asked, one entry per alert. */
  readonly mergedInto: string[] = []
  /** Tells ingest that the store was lost. */
  disconnect: () => void = () => {}
  readonly #stored = new Map<string, ResponseJob>()

  get jobs(): readonly ResponseJob[] {
    return [...this.#stored.values()]
  }

  async offer(
    lane: Lane,
    job: ResponseJob,
    { windowMs }: { readonly windowMs: number },
  ): Promise<{ result: 'accepted' | 'duplicate'; id: string }> {
    this.offers.push({ lane, job, jobName: jobTitle(job), windowMs })
    await this.before()
    const key = windowMs > 0 ? `${lane.key} ${job.fingerprint}` : job.id
    const stored = this.#stored.get(key)
    if (stored !== undefined) return { result: 'duplicate', id: stored.id }
    this.#stored.set(key, job)
    return { result: 'accepted', id: job.id }
  }

  merged(_lane: Lane, jobId: string): void {
    this.mergedInto.push(jobId)
  }

  onDisconnect(listener: () => void): void {
    this.disconnect = listener
  }
}

/** One line that was logged. */
interface LoggedLine {
  readonly level: keyof Log
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** Ingest with everything around it in memory. */
export interface IngestUnderTest {
  readonly app: FastifyInstance
  readonly sink: MemorySink
  readonly observations: readonly AlertObservation[]
  readonly logged: readonly LoggedLine[]
  /** Moves the clock that ingest sees. */
  advance(ms: number): void
}

/** Builds ingest that takes alerts of a single cluster from anybody, unless something else is asked for. */
export function ingestUnderTest(
  overrides: Partial<Omit<IngestDependencies, 'config' | 'tokens'>> & {
    /** A function gives another config with every request, as a reload does. */
    readonly config?: Config | (() => Config)
    readonly tokens?: readonly LoadedToken[]
  } = {},
): IngestUnderTest {
  const { config = configOf({}), tokens = [], ...others } = overrides
  const sink = new MemorySink()
  const observations: AlertObservation[] = []
  const logged: LoggedLine[] = []
  const keep =
    (level: keyof Log) =>
    (fields: object, message: string): void =>
      void logged.push({ level, fields: { ...fields }, message })
  let now = Date.UTC(2026, 7, 20, 16, 23, 1)
  const app = buildIngestServer({
    config: typeof config === 'function' ? config : () => config,
    tokens: () => tokens,
    anonymous: () => tokens.length === 0,
    sink,
    log: { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') },
    observe: { alert: (observation) => void observations.push(observation) },
    now: () => now,
    dryRun: false,
    ...others,
  })
  return { app, sink, observations, logged, advance: (ms) => void (now += ms) }
}

/** A config with one repository, one cluster `prod` and one response that answers everything, with parts replaced. */
export function configOf(parts: {
  readonly clusters?: readonly string[]
  readonly responses?: readonly object[]
  readonly dedupe?: { readonly window: string }
  readonly delivery?: 'commit' | 'observe'
  /** In place of the one repository. */
  readonly repositories?: Readonly<Record<string, object>>
}): Config {
  const { clusters = ['prod'], responses = [contain()], dedupe, delivery = 'commit', repositories } = parts
  const fleet = {
    git: { url: 'file:///srv/git/fleet.git' },
    delivery,
    clusters: Object.fromEntries(clusters.map((name) => [name, {}])),
  }
  const parsed = parseConfig({
    version: 1,
    repositories: repositories ?? { fleet },
    responses,
    ...(dedupe === undefined ? {} : { dedupe }),
  })
  if ('faults' in parsed) throw new Error(`the test's config is wrong: ${JSON.stringify(parsed.faults)}`)
  return parsed.config
}

/** A response as a config writes it. */
export function contain(parts: Readonly<Record<string, unknown>> = {}): object {
  return { name: 'contain', match: {}, actions: [{ contain: {} }], ...parts }
}

/** A token for ingest. */
export function token(name: string, secret: string, clusters?: readonly string[]): LoadedToken {
  return { name, secret: new Secret(secret), ...(clusters === undefined ? {} : { clusters }) }
}

/** An alert as Falco writes it, about a pod of a Deployment, with parts replaced. */
export function alert(parts: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    hostname: 'node-1',
    output: '19:35:58.532086161: Notice A shell was spawned in a container with an attached terminal',
    priority: 'Notice',
    rule: 'Terminal shell in container',
    source: 'syscall',
    tags: ['container', 'shell'],
    time: '2021-10-01T19:35:58.532086161Z',
    output_fields: { 'k8s.ns.name': 'default', 'k8s.pod.name': 'web-77789455d6-m7flp', 'proc.cmdline': 'sh -c s3cret' },
    ...parts,
  }
}

/** Alerts that real installations of Falco produced, one JSON text per line. */
export const REAL_ALERTS: readonly string[] = readFileSync(
  new URL('../corpus/alerts/real-alerts.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')

/** The attributes of the CloudEvents that Falcosidekick sends today. */
export const EVENT = {
  specversion: '1.0',
  id: '4a1c7a0e-1b8d-4a5f-9d4b-3a3a7b1f7b1e',
  source: 'https://falco.org',
  type: 'falco.rule.output.v1',
} as const

/** The headers of a CloudEvent in binary mode. */
export const BINARY_HEADERS = {
  'content-type': 'application/json',
  'ce-specversion': EVENT.specversion,
  'ce-id': EVENT.id,
  'ce-source': EVENT.source,
  'ce-type': EVENT.type,
} as const
