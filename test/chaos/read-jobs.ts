import type { Outcome } from '@saker/core'
import type { Job, Queue } from 'bullmq'

/** A job as Redis has it when all is over. */
export interface EndedJob {
  readonly id: string
  /** Of the alert that it stands for. */
  readonly marker: string
  readonly receivedAt: number
  /** Undefined when the job has no outcome. */
  readonly outcome: Outcome | undefined
  /** Where it is instead, or why it failed. */
  readonly about: string
}

const PAGE = 1000
const UNENDED = ['waiting', 'active', 'delayed', 'prioritized', 'waiting-children'] as const

/** Jobs of a lane that have no outcome yet. */
export async function countUnended(queue: Queue): Promise<number> {
  return queue.getJobCountByTypes(...UNENDED)
}

/** Every job that a lane knows. */
export async function readJobs(queue: Queue): Promise<readonly EndedJob[]> {
  const jobs: EndedJob[] = []
  for (const state of ['completed', 'failed', ...UNENDED] as const) {
    for (let from = 0; ; from += PAGE) {
      const page = (await queue.getJobs([state], from, from + PAGE - 1)).filter(
        (job: Job | undefined) => job !== undefined,
      )
      jobs.push(...page.map((job) => endedJob(job, state)))
      if (page.length < PAGE) break
    }
  }
  return jobs
}

function endedJob(job: Job, state: string): EndedJob {
  const { alert, receivedAt } = job.data as { readonly alert: string; readonly receivedAt: number }
  const fields = (JSON.parse(alert) as { readonly output_fields: Readonly<Record<string, string>> }).output_fields
  const about = state === 'failed' ? `failed: ${job.failedReason}` : state
  return {
    id: job.id ?? '',
    marker: fields['chaos.marker'] ?? '',
    receivedAt,
    outcome: state === 'completed' ? (job.returnvalue as Outcome) : undefined,
    about,
  }
}
