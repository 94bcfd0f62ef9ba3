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

/** Told how looking at the source went. */
export interface ReloadObserver {
  /** Whether the newest text of the source is the one in use. */
  reloaded(success: boolean): void
}

/** What following a source needs. */
export interface FollowOptions {
  readonly log: Log
  readonly observe: ReloadObserver
  /** Waits; ends early, by rejecting, when the signal aborts. Default: a timer that keeps no process alive. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

const waitByTimer = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal, ref: false })

/**
 * A value that follows its source: a valid change is in use a second later, an invalid one is refused loudly and what was
 * in use stays. Nothing is ever used half: the value is swapped whole, and listeners are told after that.
 */
export class LiveConfig<T> {
  readonly #source: ConfigSource<T>
  readonly #log: Log
  readonly #observe: ReloadObserver
  readonly #wait: NonNullable<FollowOptions['wait']>
  readonly #listeners: ((value: T) => void)[] = []
  readonly #closing = new AbortController()
  #value: T
  /** The last text that was looked at, valid or not; a refused one is not refused again every second. */
  #seen: string
  /** Whether that text is the one in use. */
  #isInUse = true
  /** What was said last of the source; a file that stays away is not reported every second. */
  #problem: string | undefined
  #watching: Promise<void> | undefined

  private constructor(source: ConfigSource<T>, options: FollowOptions, loaded: { value: T; seen: string }) {
    this.#source = source
    this.#log = options.log
    this.#observe = options.observe
    this.#wait = options.wait ?? waitByTimer
    this.#value = loaded.value
    this.#seen = loaded.seen
  }

  /** Loads the value and begins to follow the source. Ends as the source's `read` and `load` do. */
  static async follow<T>(source: ConfigSource<T>, options: FollowOptions): Promise<LiveConfig<T>> {
    const live = new LiveConfig(source, options, await loadSettled(source, await source.read()))
    options.observe.reloaded(true)
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
      if (changed === this.#seen) return this.#stays()
      const text = await this.#readSettled(changed)
      if (text === this.#seen) return this.#stays()
      this.#seen = text
      this.#isInUse = false
      const { value, seen } = await loadSettled(this.#source, text)
      this.#value = value
      this.#seen = seen
      this.#isInUse = true
    } catch (thrown) {
      return this.#refuse(thrown)
    }
    this.#succeed()
    this.#log.info({}, 'config reloaded')
    for (const listener of this.#listeners) this.#tell(listener)
  }

  /** Reads until the source has said the same for a while. */
  async #readSettled(text: string): Promise<string> {
    for (let seen = text; ;) {
      await this.#wait(SETTLE_MS, this.#closing.signal)
      const again = await this.#source.read()
      if (again === seen) return seen
      seen = again
    }
  }

  /** A source that was away and is back as it was has nothing wrong with it any more. */
  #stays(): void {
    if (this.#isInUse && this.#problem !== undefined) this.#succeed()
  }

  #succeed(): void {
    this.#problem = undefined
    this.#observe.reloaded(true)
  }

  /** Stops following. The value stays. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
  }

  #refuse(thrown: unknown): void {
    if (this.#closing.signal.aborted) return
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
      await this.#wait(LOOK_MS, signal).catch(() => undefined)
      if (!signal.aborted) await this.look()
    }
  }
}
