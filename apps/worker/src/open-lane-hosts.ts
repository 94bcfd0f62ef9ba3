import type { Repository } from '@saker/core'
import type { ProposalHost, RepositoryHost } from '@saker/engine'
import { credentialOf, type CredentialBudget } from '@saker/queue'
import { openProposals, openRepository, type OpenRepositoryOptions } from '@saker/repository'
import type { Metrics, SecretReader } from '@saker/service'
import { BudgetedHost, type HostBudget } from './budgeted-host.ts'
import { BudgetedProposals } from './budgeted-proposals.ts'

/** What the hosts of a lane are opened with. */
export interface HostServices {
  readonly secrets: SecretReader
  /** Folder for what the git program fetches. */
  readonly dataDir: string
  readonly metrics: Metrics
  readonly budget: CredentialBudget
  /** Whether what is read is going to be written. */
  readonly writes: boolean
}

/** Where a lane that proposes reads and writes. */
export interface ProposingHosts {
  readonly base: RepositoryHost
  readonly proposals: ProposalHost
}

/** Opens a repository with its share of the credential's budget. Asks nothing of it yet. */
export function openLaneRepository(repository: Repository, services: HostServices): RepositoryHost {
  const host = openRepository(repository, optionsOf(repository, services))
  const budget = budgetOf(repository, services)
  return budget === undefined ? host : new BudgetedHost(host, budget)
}

/** Opens a repository and its proposals, which share what they read and the budget. Asks nothing yet. */
export function openLaneProposals(repository: Repository, services: HostServices): ProposingHosts {
  const options = optionsOf(repository, services)
  const base = openRepository(repository, options)
  const proposals = openProposals(repository, { ...options, base })
  const budget = budgetOf(repository, services)
  if (budget === undefined) return { base, proposals }
  return { base: new BudgetedHost(base, budget), proposals: new BudgetedProposals(proposals, budget) }
}

function optionsOf({ name }: Repository, { secrets, dataDir, metrics }: HostServices): OpenRepositoryOptions {
  return {
    readSecret: (ref) => secrets.read(ref),
    dataDir,
    observe: (request) => metrics.gitRequest(name, request),
  }
}

function budgetOf(repository: Repository, { budget, writes }: HostServices): HostBudget | undefined {
  const credential = credentialOf(repository)
  return credential === undefined ? undefined : { budget, credential, writing: writes }
}
