import type { Lane, Log } from '@saker/core'
import type { ServedLane } from './serve-lane.ts'

/** A lane, and all of the config that has to be the same for its host and leader to go on as they are. */
export interface WantedLane {
  readonly lane: Lane
  readonly identity: string
}

/** How lanes are begun. */
export interface LaneSetOptions {
  readonly serve: (lane: Lane) => Promise<ServedLane>
  /** Serves a lane that no config leads to. */
  readonly serveLeft: (lane: Lane) => Promise<ServedLane>
  readonly log: Log
}

/** How long a lane that changes or goes may finish what it is doing. */
const CHANGE_GRACE_MS = 20_000

interface Entry {
  readonly lane: Lane
  /** Undefined for a lane that the config does not lead to any more. */
  readonly identity: string | undefined
  readonly served: Promise<ServedLane>
}

/**
 * The lanes that this process serves. Changes are made one after the other. A lane that leaves the config goes on until this
 * process ends: what was accepted for it, here or by an ingest that has not seen the change yet, has to end somehow.
 */
export class LaneSet {
  readonly #options: LaneSetOptions
  readonly #entries = new Map<string, Entry>()
  #changing: Promise<void> = Promise.resolve()
  #closing = false

  constructor(options: LaneSetOptions) {
    this.#options = options
  }

  /** Makes these the lanes. Resolves when all of them have started; one that cannot start rejects, the others go on. */
  async apply(wanted: readonly WantedLane[]): Promise<void> {
    const change = this.#changing.then(() => this.#apply(wanted))
    this.#changing = change.catch((thrown: unknown) => {
      this.#options.log.error({ err: thrown }, 'a lane could not be started')
    })
    return change
  }

  /** Slugs of the lanes that are served, or were until they drain. */
  get slugs(): ReadonlySet<string> {
    return new Set(this.#entries.keys())
  }

  /** Serves a lane that no config leads to until this process ends, unless the config comes to lead there. */
  async adopt(lane: Lane): Promise<void> {
    const change = this.#changing.then(() => this.#adopt(lane))
    this.#changing = change.catch(() => undefined)
    return change
  }

  /** Rejects when a lane has no running leader, naming it. */
  async checkRunning(): Promise<void> {
    const all = await Promise.all([...this.#entries.values()].map(({ served }) => served))
    const idle = all.filter(({ worker }) => !worker.isRunning()).map(({ worker }) => worker.slug)
    if (idle.length > 0) throw new Error(`no leader is running for ${idle.join(', ')}`)
  }

  /** Closes every lane. */
  async close(options: { readonly graceMs: number }): Promise<void> {
    this.#closing = true
    await this.#changing
    await Promise.all(
      [...this.#entries.values()].map(async ({ served }) => (await served.catch(() => undefined))?.close(options)),
    )
    this.#entries.clear()
  }

  async #adopt(lane: Lane): Promise<void> {
    if (this.#closing || this.#entries.has(lane.slug)) return
    await this.#begin({ lane, identity: undefined }, this.#options.serveLeft)
  }

  async #apply(wanted: readonly WantedLane[]): Promise<void> {
    if (this.#closing) return
    const slugs = new Set(wanted.map(({ lane }) => lane.slug))
    const gone = [...this.#entries.values()].filter(
      ({ lane, identity }) => identity !== undefined && !slugs.has(lane.slug),
    )
    const changed = wanted.filter(({ lane, identity }) => this.#entries.get(lane.slug)?.identity !== identity)
    for (const entry of gone) {
      this.#options.log.info({ lane: entry.lane.slug }, 'lane drains')
      this.#entries.set(entry.lane.slug, { ...entry, identity: undefined })
    }
    await Promise.all(changed.map(({ lane }) => this.#end(lane)))
    await Promise.all(changed.map((one) => this.#begin(one, this.#options.serve)))
  }

  #begin({ lane, identity }: Omit<Entry, 'served'>, serve: (lane: Lane) => Promise<ServedLane>): Promise<ServedLane> {
    const served = serve(lane)
    served.catch(() => this.#entries.delete(lane.slug))
    this.#entries.set(lane.slug, { lane, identity, served })
    return served
  }

  async #end(lane: Lane): Promise<void> {
    const entry = this.#entries.get(lane.slug)
    this.#entries.delete(lane.slug)
    const served = await entry?.served.catch(() => undefined)
    await served?.close({ graceMs: CHANGE_GRACE_MS })
  }
}
