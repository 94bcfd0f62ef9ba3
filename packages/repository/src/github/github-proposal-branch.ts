import type { ChangeSet, Head, ReadOptions } from '@saker/engine'
import type { FirstCommit, OwnBranch } from '../proposals/proposal-branch.ts'
import { createBranch } from './create-branch.ts'
import { GitHubRepository } from './github-repository.ts'
import { advanced } from './seen-head.ts'

/** A branch of a proposal on GitHub, under its own name. */
export class GitHubProposalBranch extends GitHubRepository implements OwnBranch {
  readonly #base: GitHubRepository

  constructor(base: GitHubRepository, name: string) {
    const { client, branch, named } = base.options
    super({ client: client.at(`${branch.owner}/${branch.name}#${name}`), branch: { ...branch, branch: name }, named })
    this.#base = base
  }

  get hasRead(): boolean {
    return this.seen !== undefined
  }

  override async read(options: ReadOptions): Promise<Head> {
    const known = this.#base.seen
    // Most of its files are those of the base: what is known of them need not be asked for again.
    if (!this.hasRead && known !== undefined) this.learn({ head: known, stale: true })
    return super.read(options)
  }

  async make(changeSet: ChangeSet, { signal }: { readonly signal: AbortSignal }): Promise<FirstCommit> {
    const { client, branch } = this.options
    const head = await this.#base.headAt(changeSet, signal)
    const first = await createBranch(client, changeSet, { branch: branch.branch, head, signal })
    this.learn(advanced(head, changeSet, first))
    const { sha, url, isNew } = first
    return { commit: { sha, ...(url === undefined ? {} : { url }) }, isNew }
  }
}
