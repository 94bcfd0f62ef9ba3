import { setTimeout as sleep } from 'node:timers/promises'
import type { Pause } from '@saker/core'
import type { RedisClient } from '../redis/redis-connection.ts'
import { ALL_LANES, PAUSED_KEY, WRITING_KEY } from './guard-keys.ts'

/** How long a write that was admitted counts as under way when nobody says how it ended: its worker is gone by then. */
export const WRITE_LIFE_MS = 120_000

/** How often a pause looks whether the writes under way have ended. */
const LOOK_MS = 25

/**
 * Stops the writes of these lanes, or of all (`undefined`), known to every replica at once and kept until it is taken back.
 *
 * No write is admitted after this has been stored; those admitted before are waited for, for `waitMs` milliseconds at most.
 * Gives the slugs of lanes in which one is still under way then. Rejects as Redis does.
 */
export async function pauseLanes(
  client: RedisClient,
  slugs: readonly string[] | undefined,
  { pause, waitMs }: { readonly pause: Pause; readonly waitMs: number },
): Promise<readonly string[]> {
  const text = JSON.stringify(pause)
  await client.hset(PAUSED_KEY, Object.fromEntries((slugs ?? [ALL_LANES]).map((slug) => [slug, text])))
  const before = new Set(await writesIn(client, slugs))
  const deadline = performance.now() + waitMs
  for (;;) {
    const left = (await writesIn(client, slugs)).filter((write) => before.has(write))
    if (left.length === 0 || performance.now() > deadline) return [...new Set(left.map(laneOfWrite))]
    await sleep(LOOK_MS)
  }
}

/** Lets these lanes write again, or all (`undefined`), the single ones included. Rejects as Redis does. */
export async function resumeLanes(client: RedisClient, slugs: readonly string[] | undefined): Promise<void> {
  if (slugs === undefined) await client.del(PAUSED_KEY)
  else await client.hdel(PAUSED_KEY, ...slugs)
}

/** Who paused each of these lanes, alone or with all others; null for those that may write. Rejects as Redis does. */
export async function pausesOf(client: RedisClient, slugs: readonly string[]): Promise<readonly (Pause | null)[]> {
  const [all, ...own] = await client.hmget(PAUSED_KEY, ALL_LANES, ...slugs)
  return own.map((text) => {
    const told = all ?? text
    return told === null ? null : (JSON.parse(told) as Pause)
  })
}

async function writesIn(client: RedisClient, slugs: readonly string[] | undefined): Promise<readonly string[]> {
  const oldest = (Date.now() - WRITE_LIFE_MS) * 1000
  const writes = await client.zrangebyscore(WRITING_KEY, oldest, '+inf')
  return slugs === undefined ? writes : writes.filter((write) => slugs.includes(laneOfWrite(write)))
}

function laneOfWrite(write: string): string {
  return write.split(' ')[0] ?? ''
}
