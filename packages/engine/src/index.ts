export { respond, type RespondDependencies, type RespondObserver, type ResponseBatch } from './respond.ts'
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
