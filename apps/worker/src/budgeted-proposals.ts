import type { PresentedProposal, ProposalBranch, ProposalHost, ProposalText, RepositoryHost } from '@saker/engine'
import { asRead, asWrite, BudgetedHost, type HostBudget } from './budgeted-host.ts'

/**
 * A host of proposals that stays within what its credential may do: a pull request that is opened or revised counts as a
 * write, as a commit does.
 */
export class BudgetedProposals implements ProposalHost {
  readonly #host: ProposalHost
  readonly #budget: HostBudget

  constructor(host: ProposalHost, budget: HostBudget) {
    this.#host = host
    this.#budget = budget
  }

  /** Ends in `RATE_LIMITED` without a request when the credential has nothing left. */
  async list(options: { readonly signal: AbortSignal }): Promise<readonly ProposalBranch[]> {
    return asRead(this.#budget, () => this.#host.list(options))
  }

  open(branch: string): RepositoryHost {
    return new BudgetedHost(this.#host.open(branch), this.#budget)
  }

  /** As `list`; it counts, however it ends. */
  async present(
    branch: string,
    text: ProposalText,
    options: { readonly signal: AbortSignal },
  ): Promise<PresentedProposal> {
    return asWrite(this.#budget, options.signal, () => this.#host.present(branch, text, options))
  }

  async close(): Promise<void> {
    await this.#host.close()
  }
}
