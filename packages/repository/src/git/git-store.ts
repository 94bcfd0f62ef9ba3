import { ObjectCache, type ObjectFormat } from './object-cache.ts'
import { Turns } from './turns.ts'

/** Each fetch may leave a pack in the cache; making it anew is simpler than tidying it, and costs one full fetch. */
const MAX_FETCHES = 500

/** The cache of one repository, made when it is needed and anew when it is broken. One piece of work uses it at a time. */
export class GitStore {
  readonly #parent: string
  readonly #name: string
  readonly #turns = new Turns()
  #cache: ObjectCache | undefined

  /** `parent` is a folder for caches; `name` tells in it what this one is of. */
  constructor(parent: string, name: string) {
    this.#parent = parent
    this.#name = name
  }

  /** Runs `work` when all before it have ended. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(signal, work)
  }

  /** Runs `work`, and once more from an empty cache when the one it used turns out to be broken. */
  async withCache<T>(signal: AbortSignal, work: (cache: ObjectCache) => Promise<T>): Promise<T> {
    if (this.#cache !== undefined && (this.#cache.suspect || this.#cache.fetches >= MAX_FETCHES)) await this.#drop()
    const isNew = this.#cache === undefined
    this.#cache ??= await this.#make('sha1', signal)
    const cache = this.#cache
    try {
      return await work(cache)
    } catch (error) {
      if (!cache.suspect || (isNew && cache.serverFormat === undefined)) throw error
    }
    await this.#drop()
    this.#cache = await this.#make(cache.serverFormat ?? cache.format, signal)
    return work(this.#cache)
  }

  /** Removes the cache when nobody uses it any more. */
  async close(): Promise<void> {
    await this.#turns.take(new AbortController().signal, () => this.#drop())
  }

  #make(format: ObjectFormat, signal: AbortSignal): Promise<ObjectCache> {
    return ObjectCache.create({ parent: this.#parent, name: this.#name, format, signal })
  }

  async #drop(): Promise<void> {
    await this.#cache?.remove()
    this.#cache = undefined
  }
}
