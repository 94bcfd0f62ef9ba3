export { checkLayout, type LayoutToCheck } from './check-layout.ts'
export { Layouts } from './layouts.ts'
export { diffOf } from './deliver-plan.ts'
export { CONFIG_SKEW_MS, respond } from './respond.ts'
export type { RespondDependencies, ResponseBatch } from './respond-batch.ts'
export { Simulation, type SimulatedAlert, type SimulatedResponse, type SimulationDependencies } from './simulation.ts'
export type { PresentedProposal, ProposalBranch, ProposalHost, ProposalText, PullRequest } from './proposal-host.ts'
export { muteRejected, responsesIn } from './proposals/mute-rejected.ts'
export { ProposedBranch, type EndedProposal, type ProposedBranchOptions } from './proposals/proposed-branch.ts'
export { readProposals, type ProposedEntry } from './proposals/read-proposals.ts'
export { ProtectedFallback } from './proposals/protected-fallback.ts'
export type { RespondObserver } from './respond-observer.ts'
export type {
  ChangeSet,
  Commit,
  Edit,
  FileAt,
  Head,
  HistoryCommit,
  HistoryOptions,
  HistoryPage,
  PastCommit,
  ReadOptions,
  RepositoryHost,
  RequestBudget,
  RequestObserver,
} from './repository-host.ts'
export { BranchMemory } from './branch-memory.ts'
export { DueResponses } from './undo/due-responses.ts'
export { readPastResponses, type PastResponse, type PastResponsesQuery, type PastState } from './undo/read-responses.ts'
export type { LedgerEntry } from './undo/ledger.ts'
export { readDue, revertDue, type RevertDependencies } from './undo/revert-due.ts'
export { undo, type UndoDependencies, type UndoOutcome, type UndoRequest } from './undo/undo.ts'
export type { WantedStop, WorkloadGuard, WriteTicket } from './workload-guard.ts'
