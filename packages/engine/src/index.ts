export { Layouts } from './layouts.ts'
export { respond, type RespondDependencies, type ResponseBatch } from './respond.ts'
export type { RespondObserver } from './respond-observer.ts'
export type {
  ChangeSet,
  Commit,
  Edit,
  Head,
  PastCommit,
  ReadOptions,
  RepositoryHost,
  RequestObserver,
} from './repository-host.ts'
export { BranchMemory } from './branch-memory.ts'
export type { WantedStop, WorkloadGuard, WriteTicket } from './workload-guard.ts'
