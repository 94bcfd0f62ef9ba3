import type { ErrorCode, IgnoredReason } from '@saker/core'
import type { AlertFormat } from './alert-format.ts'

/** How an alert, or the whole request where its alerts are not known yet, was answered: the `saker-result` header. */
export type AnswerResult = 'accepted' | 'duplicate' | 'ignored' | 'refused' | 'unavailable'

/** One count of `saker_alerts_total`. Every value comes from a closed set or from the config, none from an alert. */
export interface AlertObservation {
  /** A configured cluster, or empty when the request was refused before one was chosen. */
  readonly cluster: string
  /** Empty when the request was refused before its form was known. */
  readonly format: AlertFormat | ''
  readonly result: AnswerResult
  /** Why it was ignored, or the code of the refusal; empty when it was taken. */
  readonly reason: IgnoredReason | ErrorCode | ''
}

/** Counts what ingest answers. */
export interface IngestObserver {
  /** Called once per alert; once per request when it was refused, because what is in a refused request is not known. */
  alert(observation: AlertObservation): void
}
