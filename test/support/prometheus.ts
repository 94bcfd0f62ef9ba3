import { spawn, spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Whether this machine has Prometheus; suites that need it say so with `describe.skipIf(!prometheusAvailable)`. */
export const prometheusAvailable = spawnSync('prometheus', ['--version']).status === 0

/** A process that Prometheus scrapes, with the labels that its place in a cluster would give it. */
interface ScrapeTarget {
  /** URL of its admin server. */
  readonly admin: string
  readonly labels: Readonly<Record<string, string>>
}

/** How a Prometheus is started. */
export interface PrometheusSetup {
  /** Where it keeps what it has. */
  readonly folder: string
  readonly targets: readonly ScrapeTarget[]
  /** Groups of rules, as a PrometheusRule has them. */
  readonly groups?: readonly unknown[]
}

/** A series of a range query: times in seconds, and values. */
export interface RangeSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [time: number, value: string])[]
}

/** A rule, and how its last evaluation went. */
interface RuleState {
  readonly name: string
  readonly health: string
  /** Of alerts: `inactive`, `pending` or `firing`. */
  readonly state?: string
  readonly lastEvaluation: string
}

/** A real Prometheus on a port of 127.0.0.1 that scrapes every second. */
export class PrometheusServer {
  readonly url: string
  readonly #stop: () => Promise<void>

  private constructor(url: string, stop: () => Promise<void>) {
    this.url = url
    this.#stop = stop
  }

  /** Starts one and waits until it answers. */
  static async start({ folder, targets, groups = [] }: PrometheusSetup): Promise<PrometheusServer> {
    const jobs = targets.map(({ admin, labels }) => ({ targets: [new URL(admin).host], labels }))
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(folder, 'rules.json')],
      scrape_configs: [{ job_name: 'saker', static_configs: jobs }],
    }
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config))
    await writeFile(join(folder, 'rules.json'), JSON.stringify({ groups }))
    const port = await freePort()
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    )
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const stop = async (): Promise<void> => {
      child.kill('SIGTERM')
      await ended
    }
    const server = new PrometheusServer(`http://127.0.0.1:${port}`, stop)
    for (let tries = 0; tries < 600; tries += 1) {
      if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`)
      if (await isReady(server.url)) return server
      await sleep(50)
    }
    await stop()
    throw new Error('prometheus did not answer')
  }

  /** What a query gives at this moment, by the labels of each series. */
  async query(
    query: string,
  ): Promise<readonly { readonly metric: object; readonly value: readonly [number, string] }[]> {
    return (await this.#ask('query', { query })) as readonly { metric: object; value: readonly [number, string] }[]
  }

  /** What a query gives between two moments, in seconds since 1970. */
  async range(
    query: string,
    { start, end, step }: { readonly start: number; readonly end: number; readonly step: number },
  ): Promise<readonly RangeSeries[]> {
    const params = { query, start: String(start), end: String(end), step: String(step) }
    return (await this.#ask('query_range', params)) as readonly RangeSeries[]
  }

  /** How every rule is. */
  async rules(): Promise<readonly RuleState[]> {
    const answer = (await (await fetch(`${this.url}/api/v1/rules`)).json()) as {
      data: { groups: { rules: RuleState[] }[] }
    }
    return answer.data.groups.flatMap(({ rules }) => rules)
  }

  /** Ends it. */
  async stop(): Promise<void> {
    await this.#stop()
  }

  async #ask(what: string, params: Readonly<Record<string, string>>): Promise<unknown> {
    const answer = (await (
      await fetch(`${this.url}/api/v1/${what}?${new URLSearchParams(params).toString()}`)
    ).json()) as {
      status: string
      error?: string
      data: { result: unknown }
    }
    if (answer.status !== 'success') throw new Error(`${params['query']}: ${answer.error}`)
    return answer.data.result
  }
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
