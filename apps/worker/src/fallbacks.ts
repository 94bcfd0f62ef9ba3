import { laneOf, type Repository } from '@saker/core'
import { ProtectedFallback } from '@saker/engine'

/** What the lanes of this process know of protected branches: those of one branch share it. */
export class Fallbacks {
  readonly #known = new Map<string, ProtectedFallback>()

  /** Where what the branch of a repository does not take goes on. */
  of(repository: Repository): ProtectedFallback {
    const { slug } = laneOf(repository, 'pull-request')
    const known = this.#known.get(slug) ?? new ProtectedFallback(slug)
    this.#known.set(slug, known)
    return known
  }
}
