import type { Forward } from '@saker/core'
import type { Job } from 'bullmq'
import type { RedisClient } from '../redis/redis-connection.ts'
import { openLaneQueue } from './lane-queue.ts'

/**
 * Puts a job into another lane, under the same id and with all that it says, so that it goes on there. Done before its first
 * life ends: should that end be lost, it is done again, and finds the job there already.
 *
 * BullMQ takes no job whose id it still keeps; where the other lane keeps the first life of one that was forwarded from there,
 * that has to go. Rejects as Redis does.
 */
export async function forwardJob(job: Job, { lane, because }: Forward, client: RedisClient): Promise<void> {
  const target = openLaneQueue(lane, client)
  try {
    const { deduplication: _merged, ...options } = job.opts
    const kept: Job | undefined = await target.getJob(job.id ?? '')
    if (kept !== undefined && isForwarded(kept.returnvalue)) await kept.remove()
    const data: object = because === undefined ? job.data : { ...job.data, forwardedFor: because }
    await target.add(job.name, data, { ...options, ...(job.id === undefined ? {} : { jobId: job.id }) })
  } finally {
    await target.close()
  }
}

/** Whether a job's return value says that it goes on elsewhere. */
export function isForwarded(returnValue: unknown): boolean {
  return (
    typeof returnValue === 'object' &&
    returnValue !== null &&
    'outcome' in returnValue &&
    returnValue.outcome === 'forwarded'
  )
}
