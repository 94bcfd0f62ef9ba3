import type { OutcomeName, Receipt } from '@saker/core'
import type { Job } from 'bullmq'
import type { BoardQueue } from './board-queue.ts'
import { receiptOf } from './receipt-of.ts'

/** Which stored outcomes are wanted; without `outcome` all of them. */
export interface ReceiptQuery {
  readonly outcome?: OutcomeName
  readonly limit: number
}

/** Jobs read at a time, and read at most, when outcomes are looked for. */
const PAGE = { size: 200, most: 5000 }

/** The newest receipts of a lane that are asked for. */
export async function receiptsIn(queue: BoardQueue, { outcome, limit }: ReceiptQuery): Promise<readonly Receipt[]> {
  const fits = (receipt: Receipt): boolean => outcome === undefined || receipt.outcome === outcome
  const reading = { fits, limit }
  if (outcome === 'failed') return readEnded(queue, 'failed', reading)
  if (outcome === 'held') return readEnded(queue, 'completed', reading)
  // Held ones stand first among the completed, whenever they ended: they are read aside, and passed over.
  const held = await queue.held.count()
  if (outcome !== undefined) return readEnded(queue, 'completed', { ...reading, from: held })
  const all = await Promise.all([
    readEnded(queue, 'completed', { fits, limit: Math.min(held, limit) }),
    readEnded(queue, 'completed', { ...reading, from: held }),
    readEnded(queue, 'failed', reading),
  ])
  return [...new Map(all.flat().map((receipt) => [receipt.id, receipt])).values()]
}

async function readEnded(
  queue: BoardQueue,
  type: 'completed' | 'failed',
  {
    fits,
    limit,
    from = 0,
  }: { readonly fits: (receipt: Receipt) => boolean; readonly limit: number; readonly from?: number },
): Promise<readonly Receipt[]> {
  const found: Receipt[] = []
  for (let start = from; start < from + PAGE.most && found.length < limit; start += PAGE.size) {
    const jobs = await queue.getJobs([type], start, start + PAGE.size - 1)
    const receipts = jobs.map((job: Job) => receiptOf(job, queue.lane)).filter((receipt) => receipt !== undefined)
    found.push(...receipts.filter(fits))
    if (jobs.length === 0) break
  }
  return found.slice(0, limit)
}
