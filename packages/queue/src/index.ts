export { LaneBoard, type Paused } from './board/lane-board.ts'
export type { ReceiptQuery } from './board/receipts-in.ts'
export { credentialOf } from './budget/credential.ts'
export {
  CredentialBudget,
  GITHUB_WRITES_PER_HOUR,
  GITHUB_WRITES_PER_MINUTE,
  type WriteLimit,
} from './budget/credential-budget.ts'
export { WorkloadGuards, type WantedStop, type WorkloadGuard, type WriteTicket } from './guard/workload-guard.ts'
export type { LaneBatch, SettledFacts } from './lane/lane-batch.ts'
export type { Coalesce } from './lane/gather-mates.ts'
export { KnownLanes } from './lane/known-lanes.ts'
export { startLaneWorker, type LaneWorker, type LaneWorkerOptions } from './lane/lane-worker.ts'
export { ProposalNotes, type ProposalEnding } from './proposals/proposal-notes.ts'
export { probeRedis } from './redis/probe-redis.ts'
export { startPrivateRedis, type PrivateRedis } from './redis/private-redis.ts'
export { startVolatileRedis, type VolatileRedis } from './redis/volatile-redis.ts'
export { ResponseQueue, type Offered, type Retention } from './response-queue.ts'
