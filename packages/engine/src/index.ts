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
