import { Queue, type QueueOptions } from 'bullmq'
import type { RedisClient } from '../redis/redis-connection.ts'

/** Stands in front of every key of ours, so that other programs may use the same Redis. */
export const KEY_PREFIX = 'saker'

/**
 * The BullMQ queue of a lane. The braces are a hash tag: a Redis Cluster keeps all keys of one lane together, and spreads
 * the lanes over its nodes.
 */
export function laneQueueName(slug: string): string {
  return `{lane.${slug}}`
}

/** A key of our own beside those of BullMQ, in the same slot as the lane. */
export function laneKey(slug: string, name: string): string {
  return `${KEY_PREFIX}:${laneQueueName(slug)}:${name}`
}

/** What every `Queue` object of a lane shares, whichever process holds it. The events feed only people and metrics. */
export function laneQueueOptions(client: RedisClient): QueueOptions {
  return {
    prefix: KEY_PREFIX,
    streams: { events: { maxLen: 1000 } },
    connection: client,
    // Without these an `add` waits for the first connection, for ever when Redis was away at the start.
    skipWaitingForReady: true,
    skipVersionCheck: true,
  }
}

/** Opens the queue of a lane over a connection, which stays that of whoever gave it. */
export function openLaneQueue(slug: string, client: RedisClient): Queue {
  const queue = new Queue(laneQueueName(slug), laneQueueOptions(client))
  // The connection reports its failures itself; an 'error' event that nobody listens to would end the process.
  queue.on('error', () => undefined)
  return queue
}

/**
 * Writes into Redis that one job of the lane runs at a time, over all replicas, and that they all honour its sleep. BullMQ
 * keeps both in one hash that `obliterate` and Bull Board can change, so this is said again from time to time.
 */
export async function keepLaneSerial(queue: Queue): Promise<void> {
  await queue.setGlobalConcurrency(1)
  // No limit in itself: without any, replicas other than the one that called `rateLimit` would not look at it.
  await queue.setGlobalRateLimit(1_000_000, 1000)
}
