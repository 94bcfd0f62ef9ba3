export {
  fieldOf,
  notActionable,
  parseAlert,
  readField,
  type Alert,
  type FieldReading,
  type NotActionable,
} from './alert/alert.ts'
export { parseJsonLosslessly } from './alert/lossless-json.ts'
export { parsePriorityCondition, PRIORITIES, type Priority, type PriorityCondition } from './alert/priority.ts'
export type { Finding, Verdict } from './check/finding.ts'
export {
  clusterNames,
  repositoriesOfCluster,
  type AccessToken,
  type ClusterRepository,
  type CommitAuthor,
  type Config,
  type GitHubLocation,
  type GitLocation,
  type Guard,
  type Notification,
  type Pin,
  type PullRequestSettings,
  type Repository,
  type RepositoryAuth,
  type RepositoryCluster,
  type SecretRef,
} from './config/config.ts'
export { configJsonSchema } from './config/config-json-schema.ts'
export type { ConfigFault } from './config/config-fault.ts'
export { parseConfig, type ParsedConfig } from './config/parse-config.ts'
export { ERROR_CODES, type ErrorCode } from './errors/error-codes.ts'
export { asResponseError, ResponseError, type ResponseErrorOptions } from './errors/response-error.ts'
export {
  deliveryFingerprintOf,
  fingerprintOf,
  isResponseId,
  jobTitle,
  newResponseId,
  responseTimeOf,
  ResponseJob,
} from './job/response-job.ts'
export type { Mute, MuteReason } from './guard/mute.ts'
export { stopsWorkload } from './guard/stops-workload.ts'
export type { Waiver } from './guard/waiver.ts'
export type { LaneFigures } from './lane/lane-figures.ts'
export { laneOf, normalisedUrl, type Lane } from './lane/lane.ts'
export { isBranchName } from './lane/branch-name.ts'
export { deliveryOf, entryLaneOf, lanesOf } from './lane/lanes-of.ts'
export { composeCommitMessage, DEFAULT_AUTHOR, type CommittedResponse } from './ledger/commit-message.ts'
export { tameText } from './ledger/hostile-text.ts'
export {
  formatPlaces,
  parsePlace,
  parseResponseLines,
  type ChangedPlace,
  type ResponseLine,
} from './ledger/response-line.ts'
export { composeProposal, type ComposedProposal } from './ledger/proposal-text.ts'
export { parseReverted } from './ledger/parse-reverted.ts'
export { composeUndoMessage, parseUndoneIds, type UndoneResponse } from './ledger/undo-message.ts'
export { LOG_LEVELS, silentLog, type Log, type LogLevel } from './log.ts'
export {
  outcomeCode,
  type Forward,
  type ForwardReason,
  type HoldReason,
  type Outcome,
  type OutcomeName,
  type OutcomeTarget,
  type SkipReason,
} from './outcome/outcome.ts'
export {
  OUTCOME_NAMES,
  type LaneState,
  type Pause,
  type Receipt,
  type Requeued,
  type ResponseState,
} from './outcome/receipt.ts'
export { canBePodOf, podStemOf, type PodOwnerKind, type PodStem } from './pod/pod-name.ts'
export { workloadKeyOf, workloadTitle, type Workload } from './pod/workload.ts'
export { describeSighting, namespaceOf, podSightingOf, sightingKeyOf, type PodSighting } from './pod/pod-sighting.ts'
export { answersTo, type AnswersToAlert, type IgnoredReason } from './response/answers-to.ts'
export { responsesFor, type AlertPlace } from './response/match-response.ts'
export type {
  Action,
  ActionName,
  ImageAction,
  IsolationPolicy,
  JsonPatchOperation,
  JsonValue,
  PatchAction,
} from './response/action.ts'
export type { Delivery, Response, ResponseMatch } from './response/response.ts'
export { decodePercent } from './text/decode-percent.ts'
export { formatDuration, parseDurationMs } from './text/duration.ts'
export { Secret } from './text/secret.ts'
export { blobOid } from './tree/blob-oid.ts'
export { hasWantedText, isManifestPath, textOfBytes, TREE_LIMITS } from './tree/manifest-files.ts'
export { isTreePath } from './tree/tree-path.ts'
export type { FileMode, Tree, TreeFile } from './tree/tree.ts'
