import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@saker/core'

/** How often the source is looked at. A file that Kubernetes swaps behind a symlink gives no dependable notice, so it is read. */
const LOOK_MS = 1000

/**
 * How long a new text has to stay the same before it counts. A file that is just being written reads as empty or cut off, and
 * half a list of guards is a valid list.
 */
const SETTLE_MS = 250

/** Where a config comes from: its text, and how a text becomes a value. */
export interface ConfigSource<T> {
  /** The text as it is now. Rejects when it cannot be read. */
  readonly read: () => Promise<string>
  /** Checks a text completely and gives what is made of it. Rejects with everything that is wrong. */
  readonly load: (text: string) => Promise<T>
}

/**
 * Loads until the source reads the same before and after: it may change meanwhile, and what belongs to it may show only when
 * it is loaded, such as the files that a config names.
 */
async function loadSettled<T>(source: ConfigSource<T>, text: string): Promise<{ value: T; seen: string }> {
  for (let seen = text; ;) {
    const value = await source.load(seen)
    const again = await source.read()
    if (again === seen) return { value, seen }
    seen = again
  }
}

/** Reads until the source has said the same for a while. */
async function readSettled(read: () => Promise<string>, text: string): Promise<string> {
  for (let seen = text; ;) {
    await sleep(SETTLE_MS)
    const again = await read()
    if (again === seen) return seen
    seen = again
  }
}

/** Told how looking at the source went. */
export interface ReloadObserver {
  /** Whether the newest text of the source is the one in use. */
  reloaded(success: boolean): void
}

/**
 * A value that follows its source: a valid change is in use a second later, an invalid one is refused loudly and what was
 * in use stays. Nothing is ever used half: the value is swapped whole, and listeners are told after that.
 */
export class LiveConfig<T> {
  readonly #source: ConfigSource<T>
  readonly #log: Log
  readonly #observe: ReloadObserver
  readonly #listeners: ((value: T) => void)[] = []
  readonly #closing = new AbortController()
  #value: T
  /** The last text that was looked at, valid or not; a refused one is not refused again every second. */
  #seen: string
  /** What was said last of the source; a file that stays away is not reported every second. */
  #problem: string | undefined
  #watching: Promise<void> | undefined

  private constructor(parts: { source: ConfigSource<T>; log: Log; observe: ReloadObserver; value: T; seen: string }) {
    this.#source = parts.source
    this.#log = parts.log
    this.#observe = parts.observe
    this.#value = parts.value
    this.#seen = parts.seen
  }

  /** Loads the value and begins to follow the source. Ends as the source's `read` and `load` do. */
  static async follow<T>(source: ConfigSource<T>, log: Log, observe: ReloadObserver): Promise<LiveConfig<T>> {
    const live = new LiveConfig({ source, log, observe, ...(await loadSettled(source, await source.read())) })
    observe.reloaded(true)
    live.#watching = live.#watch()
    return live
  }

  /** The value in use. Ask again rather than keep it. */
  get value(): T {
    return this.#value
  }

  /** Calls a listener after every swap. What it throws is logged. */
  onChange(listener: (value: T) => void): void {
    this.#listeners.push(listener)
  }

  /** Looks at the source now. */
  async look(): Promise<void> {
    try {
      const changed = await this.#source.read()
      if (changed === this.#seen) return
      const text = await readSettled(this.#source.read, changed)
      if (text === this.#seen) return
      this.#seen = text
      const { value, seen } = await loadSettled(this.#source, text)
      this.#value = value
      this.#seen = seen
    } catch (thrown) {
      return this.#refuse(thrown)
    }
    this.#problem = undefined
    this.#observe.reloaded(true)
    this.#log.info({}, 'config reloaded')
    for (const listener of this.#listeners) this.#tell(listener)
  }

  /** Stops following. The value stays. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
  }

  #refuse(thrown: unknown): void {
    const problem = String(thrown)
    if (problem === this.#problem) return
    this.#problem = problem
    this.#observe.reloaded(false)
    this.#log.error({ err: thrown }, 'config refused; the one in use stays')
  }

  #tell(listener: (value: T) => void): void {
    try {
      listener(this.#value)
    } catch (thrown) {
      this.#log.error({ err: thrown }, 'applying a reloaded config failed')
    }
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined)
      if (!signal.aborted) await this.look()
    }
  }
}
