import { ResponseError } from '@saker/core'
import type {
  ChangeSet,
  Commit,
  FileAt,
  Head,
  HistoryOptions,
  HistoryPage,
  ReadOptions,
  RepositoryHost,
} from '@saker/engine'
import type { ProposalMemory } from './proposal-memory.ts'

/** The first commit of a branch. */
export interface FirstCommit {
  readonly commit: Commit
  /** Whether the branch was not there before. */
  readonly isNew: boolean
}

/** A branch under its own name, which fails with `BRANCH_NOT_FOUND` while it is not there. */
export interface OwnBranch extends RepositoryHost {
  /** Whether it has seen its tip. */
  readonly hasRead: boolean
  /** Makes the branch with a first commit on a commit of the base, unless there is one. Ends as a commit does. */
  make(changeSet: ChangeSet, options: { readonly signal: AbortSignal }): Promise<FirstCommit>
  /** Gives up what it has seen. */
  forget(): void
}

/** A branch that may not be there yet, and the base that it is read from until then. */
export interface ProposalBranchOptions {
  readonly name: string
  readonly own: OwnBranch
  readonly base: RepositoryHost
  readonly memory: ProposalMemory
}

/** What `ProposalHost.open` promises of a branch, over the branch itself and its base. */
export class ProposalBranchHost implements RepositoryHost {
  readonly #name: string
  readonly #own: OwnBranch
  readonly #base: RepositoryHost
  readonly #memory: ProposalMemory

  constructor({ name, own, base, memory }: ProposalBranchOptions) {
    this.#name = name
    this.#own = own
    this.#base = base
    this.#memory = memory
  }

  async read(options: ReadOptions): Promise<Head> {
    return this.#onTip((host) => host.read(options))
  }

  async commit(changeSet: ChangeSet, options: { readonly signal: AbortSignal }): Promise<Commit> {
    const isThere = this.#memory.exists(this.#name) ?? this.#own.hasRead
    if (!isThere) return this.#make(changeSet, options)
    return this.#own.commit(changeSet, options).catch((error: unknown) => {
      if (!isMissing(error)) throw error
      this.#forget()
      throw new ResponseError('BRANCH_MOVED', `the branch ${this.#name} is gone`, { cause: error })
    })
  }

  async readHistory(options: HistoryOptions): Promise<HistoryPage> {
    return this.#onTip((host) => host.readHistory(options))
  }

  async readTexts(
    files: readonly FileAt[],
    options: { readonly signal: AbortSignal },
  ): Promise<readonly (string | undefined)[]> {
    return this.#onTip((host) => host.readTexts(files, options))
  }

  async close(): Promise<void> {
    await this.#own.close()
  }

  /** Asks the branch or, where there is none, the base. */
  async #onTip<T>(ask: (host: RepositoryHost) => Promise<T>): Promise<T> {
    if (this.#memory.exists(this.#name) !== false) {
      try {
        return await ask(this.#own)
      } catch (error) {
        if (!isMissing(error)) throw error
        this.#forget()
      }
    }
    return ask(this.#base)
  }

  async #make(changeSet: ChangeSet, options: { readonly signal: AbortSignal }): Promise<Commit> {
    try {
      const { commit, isNew } = await this.#own.make(changeSet, options)
      this.#memory.made(this.#name, { isNew })
      return commit
    } catch (error) {
      // Somebody else may have made it, or it was made after all: the next read looks.
      this.#memory.doubt(this.#name)
      throw error
    }
  }

  #forget(): void {
    this.#memory.gone(this.#name)
    this.#own.forget()
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof ResponseError && error.code === 'BRANCH_NOT_FOUND'
}
