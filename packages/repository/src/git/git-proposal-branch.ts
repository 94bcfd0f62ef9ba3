import type { ChangeSet, Commit } from '@saker/engine'
import type { FirstCommit, OwnBranch } from '../proposals/proposal-branch.ts'
import { GitRepository } from './git-repository.ts'
import { proposalOptions } from './proposal-options.ts'

/** A branch of a proposal on a Git server, under its own name. It shares the cache of its base. */
export class GitProposalBranch extends GitRepository implements OwnBranch {
  readonly #base: GitRepository
  readonly #heard: (words: string) => void
  #hasRead = false

  /** `heard` is told what the server says at each push. */
  constructor(base: GitRepository, branch: string, heard: (words: string) => void) {
    super({ ...base.options, branch }, base.store)
    this.#base = base
    this.#heard = heard
  }

  get hasRead(): boolean {
    return this.#hasRead
  }

  override async read(...args: Parameters<GitRepository['read']>): ReturnType<GitRepository['read']> {
    const head = await super.read(...args)
    this.#hasRead = true
    return head
  }

  override async commit(changeSet: ChangeSet, { signal }: { readonly signal: AbortSignal }): Promise<Commit> {
    return this.land(changeSet, { on: this, ...this.#conversation(changeSet), signal })
  }

  async make(changeSet: ChangeSet, { signal }: { readonly signal: AbortSignal }): Promise<FirstCommit> {
    const commit = await this.land(changeSet, { on: this.#base, ...this.#conversation(changeSet), signal })
    this.#hasRead = true
    return { commit, isNew: true }
  }

  override forget(): void {
    super.forget()
    this.#hasRead = false
  }

  #conversation({ proposal }: ChangeSet): {
    readonly options: readonly string[]
    readonly heard: (words: string) => void
  } {
    const options = proposal === undefined ? [] : proposalOptions(this.#base.options.branch, proposal)
    return { options, heard: this.#heard }
  }
}
