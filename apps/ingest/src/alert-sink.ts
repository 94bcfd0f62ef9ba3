import type { Lane, ResponseJob } from '@saker/core'

/** Where ingest stores what it has understood. Implemented by the queue; tests keep the jobs in memory. */
export interface AlertSink {
  /**
   * Resolves once the job is stored, or merged into an unfinished or recent one with the same fingerprint and counted
   * there; a window of 0 never merges. `id` is that of the job that stands for the alert now. Ends in `QUEUE_UNAVAILABLE`
   * when the store cannot take it.
   */
  offer(
    lane: Lane,
    job: ResponseJob,
    dedupe: { readonly windowMs: number },
  ): Promise<{ readonly result: 'accepted' | 'duplicate'; readonly id: string }>
  /** Counts an alert as merged into a job, without asking the store. Must not throw. */
  merged(lane: Lane, jobId: string): void
  /** Has `listener` called whenever the store was lost: what it had acknowledged may be gone with it. */
  onDisconnect(listener: () => void): void
}
