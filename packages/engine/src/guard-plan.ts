import {
  workloadKeyOf,
  type Config,
  type Delivery,
  type Forward,
  type Mute,
  type Outcome,
  type Waiver,
  type Workload,
} from '@saker/core'
import type { RememberedCommit } from './branch-memory.ts'
import type { Plan, PlannedResponse } from './plan-responses.ts'
import { takenBack } from './taken-back.ts'
import type { WantedStop, WorkloadGuard, WriteTicket } from './workload-guard.ts'
import { mayStop } from './want-the-same.ts'

/** What the guard judges a plan by. */
export interface PlanGuarding {
  readonly guard: WorkloadGuard
  readonly ticket: WriteTicket
  readonly config: Config
  readonly delivery: Delivery
  /** Whether what is written takes effect without anybody's word, so that it counts as stopped. */
  readonly takesEffect: boolean
  /** The newest commits of the branch that was planned on. */
  readonly commits: readonly RememberedCommit[]
  /** By response id, what a person has waived. */
  readonly waivers: ReadonlyMap<string, Waiver>
  /** Where what exceeds the cap goes on. Absent: it is held. */
  readonly overCap?: Forward
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * The endings of those planned responses that the guard does not let be written, by id: what somebody has taken back is
 * muted, what exceeds the cap is held, or goes on in another lane. The rest may be written now, and the ticket counts what it stops.
 *
 * Ends in `LANE_PAUSED` when nothing may be written, and in `QUEUE_UNAVAILABLE` when that cannot be known.
 */
export async function barredByGuard(
  { planned }: Plan,
  guarding: PlanGuarding,
): Promise<ReadonlyMap<string, Outcome | Forward>> {
  const barred = new Map<string, Outcome | Forward>()
  const mutes = await mutesFor(planned, guarding)
  for (const one of planned) {
    const mute = mutes.get(keyOf(one))
    if (mute === undefined) continue
    const { reason, until } = mute
    const told = { reason, until: new Date(until).toISOString() }
    barred.set(one.id, { outcome: 'skipped', reason: 'Muted', mute: told, ...targetOf(one) })
  }
  const rest = planned.filter(({ id }) => !barred.has(id))
  if (guarding.delivery === 'observe' || rest.length === 0) return barred
  const stopped = guarding.takesEffect ? stopsOf(rest, guarding) : []
  const over = await guarding.ticket.admit(stopped, guarding.config.guard.maxWorkloads)
  for (const one of rest) {
    if (!over.has(keyOf(one)) || !stops(one, guarding.config)) continue
    barred.set(one.id, guarding.overCap ?? { outcome: 'held', reason: 'WorkloadCap', ...targetOf(one) })
  }
  return barred
}

/** The workloads that a plan takes out of service. */
export function workloadsStopped({ planned }: Plan, config: Config): readonly Workload[] {
  return planned.filter((one) => stops(one, config)).map(({ committed }) => committed.workload)
}

/** The mutes that stand already, and those that the history of the branch gives cause for. */
async function mutesFor(
  planned: readonly PlannedResponse[],
  { guard, config, commits, now }: PlanGuarding,
): Promise<ReadonlyMap<string, Mute>> {
  const { muteForMs } = config.guard
  const workloads = planned.map(({ committed }) => committed.workload)
  const mutes = new Map(await guard.mutesOf(workloads, now))
  for (const one of planned) {
    const found = mutes.has(keyOf(one)) ? undefined : takenBack(one, commits, config.responses)
    if (found === undefined) continue
    const until = Math.min(found.at, now) + muteForMs
    if (until <= now) continue
    const mute = await guard.mute(one.committed.workload, { reason: found.reason, until, cause: found.cause }, now)
    if (mute.until > now) mutes.set(keyOf(one), mute)
  }
  return mutes
}

/** Each workload once; one that any response of the plan may stop whatever the cap says is never over it. */
function stopsOf(planned: readonly PlannedResponse[], { config, waivers }: PlanGuarding): readonly WantedStop[] {
  const wanted = new Map<string, WantedStop>()
  for (const one of planned) {
    if (!stops(one, config)) continue
    const waived = waivers.get(one.id)?.kind === 'released' || wanted.get(keyOf(one))?.waived === true
    wanted.set(keyOf(one), { workload: one.committed.workload, waived })
  }
  return [...wanted.values()]
}

function stops({ committed }: PlannedResponse, { responses }: Config): boolean {
  return mayStop(committed.response, responses)
}

function keyOf({ committed }: PlannedResponse): string {
  return workloadKeyOf(committed.workload)
}

function targetOf({ committed, path }: PlannedResponse): { readonly workload: Workload; readonly path: string } {
  return { workload: committed.workload, path }
}
