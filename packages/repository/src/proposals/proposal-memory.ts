import type { ProposalBranch, PullRequest } from '@saker/engine'

interface Entry {
  /** Undefined while nobody has looked. */
  readonly exists: boolean | undefined
  /** Undefined while nobody has looked. */
  readonly pullRequest: PullRequest | 'none' | undefined
  /** When it was learnt, in the order of what is learnt. */
  readonly at: number
}

/** What is known of the branches of a lane and of their pull requests, from lists and from what was done since. */
export class ProposalMemory {
  readonly #entries = new Map<string, Entry>()
  #isListed = false
  #clock = 0

  /** Whether a branch is there; undefined when that is not known. */
  exists(branch: string): boolean | undefined {
    return this.#entry(branch).exists
  }

  /** The pull request that counts for a branch; undefined when it is not known whether there is one. */
  pullRequest(branch: string): PullRequest | 'none' | undefined {
    return this.#entry(branch).pullRequest
  }

  /** Numbers of the pull requests that were open when they were last seen. */
  get open(): readonly number[] {
    return Array.from(this.#entries.values(), ({ pullRequest }) => pullRequest).flatMap((one) =>
      one !== undefined && one !== 'none' && one.state === 'open' ? [one.number] : [],
    )
  }

  /** To be called before a list is asked for: what is learnt while it is under way is newer than it. */
  now(): number {
    return this.#clock
  }

  /** Takes in a list that was asked for at `since`. */
  listed(branches: readonly ProposalBranch[], since: number): void {
    for (const [name, { at }] of this.#entries) if (at <= since) this.#entries.delete(name)
    for (const { name, sha, pullRequest = 'none' } of branches) {
      if (!this.#entries.has(name)) this.#learn(name, { exists: sha !== undefined, pullRequest })
    }
    this.#isListed = true
  }

  /** A branch was made by us; where it `isNew`, nobody can have opened a pull request from it yet. */
  made(branch: string, { isNew }: { readonly isNew: boolean }): void {
    this.#learn(branch, { exists: true, pullRequest: isNew ? 'none' : undefined })
  }

  /** A branch is not there. */
  gone(branch: string): void {
    this.#learn(branch, { ...this.#entry(branch), exists: false })
  }

  /** Nothing of what was known of a branch is certain any more. */
  doubt(branch: string): void {
    this.#learn(branch, { exists: undefined, pullRequest: undefined })
  }

  /** A branch's pull request has been seen, or that it has none. */
  presented(branch: string, pullRequest: PullRequest | 'none' | undefined): void {
    this.#learn(branch, { ...this.#entry(branch), pullRequest })
  }

  #entry(branch: string): Pick<Entry, 'exists' | 'pullRequest'> {
    const unlisted = { exists: this.#isListed ? false : undefined, pullRequest: undefined }
    return this.#entries.get(branch) ?? unlisted
  }

  #learn(branch: string, { exists, pullRequest }: Pick<Entry, 'exists' | 'pullRequest'>): void {
    this.#clock += 1
    this.#entries.set(branch, { exists, pullRequest, at: this.#clock })
  }
}
