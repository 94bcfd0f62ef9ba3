import type { Repository, Tree } from '@saker/core'
import type { RepositoryHost } from '@saker/engine'

/** How long a tree that was read counts as the newest one, in milliseconds. */
const FRESH_MS = 10_000

/** How neighbours are opened. */
export interface NeighboursOptions {
  readonly open: (repository: Repository) => RepositoryHost
  /** Milliseconds since 1970. */
  readonly now: () => number
}

interface Neighbour {
  readonly host: RepositoryHost
  readAt: number
}

/**
 * Repositories that are looked at and not written: those that declare something of the clusters of another lane. Each is
 * opened once for all lanes of this process, and asked for its tip at most every ten seconds.
 */
export class Neighbours {
  readonly #options: NeighboursOptions
  readonly #opened = new Map<string, Neighbour>()

  constructor(options: NeighboursOptions) {
    this.#options = options
  }

  /** The newest tree known of a repository. Ends as `RepositoryHost.read` does. */
  async read(repository: Repository, signal: AbortSignal): Promise<Tree> {
    const { now, open } = this.#options
    const identity = JSON.stringify(repository)
    const neighbour = this.#opened.get(identity) ?? { host: open(repository), readAt: -Infinity }
    this.#opened.set(identity, neighbour)
    const startedAt = now()
    const freshness = startedAt - neighbour.readAt < FRESH_MS ? 'cached' : 'current'
    const { tree, current } = await neighbour.host.read({ freshness, signal })
    if (current) neighbour.readAt = startedAt
    return tree
  }

  /** Closes all of them. */
  async close(): Promise<void> {
    await Promise.all([...this.#opened.values()].map(({ host }) => host.close()))
    this.#opened.clear()
  }
}
