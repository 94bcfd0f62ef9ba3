import type { Lane, ResponseJob } from '@saker/core'

/** Where ingest stores what it has understood. Implemented by the queue; tests keep the jobs in memory. */
export interface AlertSink {
  /**
   * Resolves once the job is stored, or merged into an unfinished or recent one with the same fingerprint; a window of 0
   * never merges. Ends in `QUEUE_UNAVAILABLE` when the store cannot take it.
   */
  offer(lane: Lane, job: ResponseJob, dedupe: { readonly windowMs: number }): Promise<'accepted' | 'duplicate'>
}
