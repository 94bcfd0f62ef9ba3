import { ResponseError, workloadKeyOf, type Mute, type Workload } from '@saker/core'
import type { WantedStop, WorkloadGuard, WriteTicket } from '@saker/engine'

/** A guard in memory, for one lane. It counts for ever. */
export class MemoryGuard implements WorkloadGuard {
  readonly mutes = new Map<string, Mute>()
  readonly stopped = new Set<string>()
  paused = false
  /** What each write ended with. */
  readonly closed: (readonly string[] | 'unknown')[] = []

  async mutesOf(workloads: readonly Workload[], now: number): Promise<ReadonlyMap<string, Mute>> {
    const wanted = new Set(workloads.map(workloadKeyOf))
    return new Map([...this.mutes].filter(([key, { until }]) => wanted.has(key) && until > now))
  }

  async mute(workload: Workload, mute: Mute): Promise<Mute> {
    const key = workloadKeyOf(workload)
    const known = this.mutes.get(key)
    if (known !== undefined && (known.cause === mute.cause || known.until >= mute.until)) return known
    this.mutes.set(key, mute)
    return mute
  }

  openWrite(): WriteTicket {
    const fresh = new Set<string>()
    return {
      admit: async (stops: readonly WantedStop[], { count }: { readonly count: number }) => {
        if (this.paused) throw new ResponseError('LANE_PAUSED', 'paused')
        const over = new Set<string>()
        for (const { workload, waived } of stops) {
          const key = workloadKeyOf(workload)
          if (this.stopped.has(key)) continue
          if (this.stopped.size >= count && !waived) over.add(key)
          else {
            fresh.add(key)
            this.stopped.add(key)
          }
        }
        return over
      },
      close: async (stopped: readonly Workload[] | 'unknown') => {
        const kept = stopped === 'unknown' ? [...fresh] : stopped.map(workloadKeyOf)
        for (const key of fresh) if (!kept.includes(key)) this.stopped.delete(key)
        this.closed.push(stopped === 'unknown' ? stopped : kept)
      },
    }
  }
}
