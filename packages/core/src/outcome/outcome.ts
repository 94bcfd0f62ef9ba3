import type { ErrorCode } from '../errors/error-codes.ts'
import type { Workload } from '../pod/workload.ts'

/** Why nothing was to be done, by decision. */
export type SkipReason = 'ProtectedNamespace'

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
  | (OutcomeTarget & { readonly outcome: 'skipped'; readonly reason: SkipReason })
  | (OutcomeTarget & {
      readonly outcome: 'failed'
      readonly code: ErrorCode
      readonly message: string
      readonly candidates?: readonly string[]
    })

/** The closed set of endings, for metrics. */
export type OutcomeName = Outcome['outcome']

/** The `code` label of an outcome: an error's code, a skip's reason, empty otherwise. */
export function outcomeCode(outcome: Outcome): string {
  if (outcome.outcome === 'failed') return outcome.code
  return outcome.outcome === 'skipped' ? outcome.reason : ''
}
