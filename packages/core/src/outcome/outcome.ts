import type { ErrorCode } from '../errors/error-codes.ts'
import type { MuteReason } from '../guard/mute.ts'
import type { Workload } from '../pod/workload.ts'

/** Why nothing was to be done, by decision. */
export type SkipReason = 'ProtectedNamespace' | 'NamespaceNotAllowed' | 'Muted'

/** Why a response waits for a person. */
export type HoldReason = 'WorkloadCap' | 'TooOld'

/** Why what was to be committed is proposed. */
export type ForwardReason = 'BranchProtected' | 'WorkloadCap'

/** What an outcome says of its target, as far as it was found. */
export interface OutcomeTarget {
  readonly workload?: Workload
  /** Path of the manifest that declares the workload. */
  readonly path?: string
}

/**
 * How one alert × response ended. Exactly one for every accepted alert; it is the job's return value (for `failed`, its
 * failure), the terminal log line and a metric.
 */
export type Outcome =
  | (OutcomeTarget & {
      readonly outcome: 'committed'
      /** Full commit id. */
      readonly sha: string
      /** Page of the commit, where the host has one. */
      readonly url?: string
      readonly warnings?: readonly string[]
    })
  /** Waits in a pull request, or in a branch beside the one that is applied, until a person merges it. */
  | (OutcomeTarget & {
      readonly outcome: 'proposed'
      /** Number of the pull request, where the host has told it. */
      readonly number?: number
      /** Its page, or the one that opens it, where the host has told it. */
      readonly url?: string
      /** The branch that is proposed. */
      readonly branch: string
      /** The commit in it. */
      readonly sha: string
      readonly warnings?: readonly string[]
    })
  | (OutcomeTarget & {
      readonly outcome: 'observed'
      /** What would have been committed, as a unified diff. */
      readonly diff: string
      readonly warnings?: readonly string[]
    })
  | (OutcomeTarget & {
      readonly outcome: 'unchanged'
      /** The commit at which the target already was in the desired state. */
      readonly sha: string
    })
  | (OutcomeTarget & {
      readonly outcome: 'skipped'
      readonly reason: SkipReason
      /** Why the workload is muted, and until when (ISO 8601). */
      readonly mute?: { readonly reason: MuteReason; readonly until: string }
    })
  /** Not done unless a person releases it. */
  | (OutcomeTarget & { readonly outcome: 'held'; readonly reason: HoldReason })
  | (OutcomeTarget & {
      readonly outcome: 'failed'
      readonly code: ErrorCode
      readonly message: string
      readonly candidates?: readonly string[]
    })

/** A response goes on in another lane under the same id. It is no outcome: that comes there. */
export interface Forward {
  readonly outcome: 'forwarded'
  /** Slug of the lane. */
  readonly lane: string
  /** Why it is proposed there, where its own delivery is `commit`. */
  readonly because?: ForwardReason
}

/** The closed set of endings, for metrics. */
export type OutcomeName = Outcome['outcome']

/** The `code` label of an outcome: an error's code, the reason of a skip or a hold, empty otherwise. */
export function outcomeCode(outcome: Outcome): string {
  if (outcome.outcome === 'failed') return outcome.code
  return outcome.outcome === 'skipped' || outcome.outcome === 'held' ? outcome.reason : ''
}
