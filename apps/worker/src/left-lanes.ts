import {
  entryLaneOf,
  type Config,
  type Forward,
  type Lane,
  type Log,
  type Outcome,
  type ResponseJob,
} from '@saker/core'
import { CONFIG_SKEW_MS } from '@saker/engine'

/** How lanes that no config leads to are found and ended. */
export interface LeftLanesOptions {
  /** Slugs of lanes beside the given ones in which something has not ended yet. */
  readonly unfinishedBeside: (served: ReadonlySet<string>) => Promise<readonly string[]>
  /** Slugs of the lanes that this process serves. */
  readonly served: () => ReadonlySet<string>
  /** Begins to serve a lane that was left. */
  readonly adopt: (lane: Lane) => Promise<void>
  readonly log: Log
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** How long a lane has to be without anybody; two minutes by default, for an unknown lane may belong to a newer config. */
  readonly patienceMs?: number
}

/**
 * Looks for lanes that hold what was accepted, and that no config leads to any more: a repository that left the config, or
 * changed its branch, while no worker ran. Nothing that was accepted may stay there for ever without an ending.
 */
export class LeftLanes {
  readonly #options: LeftLanesOptions
  readonly #seen = new Map<string, number>()
  #looking: Promise<void> | undefined

  constructor(options: LeftLanesOptions) {
    this.#options = options
  }

  /** Looks once, and takes up the lanes that have been left for long enough. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((thrown: unknown) =>
        this.#options.log.debug({ err: thrown }, 'lanes that were left could not be looked for'),
      )
      .finally(() => (this.#looking = undefined))
    return this.#looking
  }

  async #look(): Promise<void> {
    const { unfinishedBeside, served, adopt, log, now, patienceMs = CONFIG_SKEW_MS } = this.#options
    const left = new Set(await unfinishedBeside(served()))
    for (const slug of this.#seen.keys()) if (!left.has(slug)) this.#seen.delete(slug)
    for (const slug of left) {
      const since = this.#seen.get(slug) ?? now()
      this.#seen.set(slug, since)
      // The config may have come to lead there while Redis answered.
      if (now() - since < patienceMs || served().has(slug)) continue
      log.warn({ lane: slug }, 'the config does not lead to this lane; what it holds goes on elsewhere or ends')
      await adopt(leftLane(slug))
    }
  }
}

function leftLane(slug: string): Lane {
  return { key: slug, slug, repository: '', delivery: 'observe' }
}

/**
 * What becomes of jobs in a lane that the config does not lead to: each goes on in the lane that takes its like in now, or,
 * where neither its cluster nor its response is wanted any more, ends as `LANE_REMOVED`.
 */
export function leaveLane(
  jobs: readonly ResponseJob[],
  { config, dryRun }: { readonly config: Config; readonly dryRun: boolean },
): ReadonlyMap<string, Outcome | Forward> {
  return new Map(jobs.map((job) => [job.id, nextOf(job, config, dryRun)]))
}

function nextOf(job: ResponseJob, config: Config, dryRun: boolean): Outcome | Forward {
  const response = config.responses.find(({ name }) => name === job.response)
  const lane = response === undefined ? undefined : entryLaneOf({ cluster: job.cluster, response }, config, dryRun)
  if (lane !== undefined) return { outcome: 'forwarded', lane: lane.slug }
  const gone = response === undefined ? `response ${job.response}` : `cluster ${job.cluster}`
  const message = `the config does not lead to the lane any more, and ${gone} is not in it either`
  return { outcome: 'failed', code: 'LANE_REMOVED', message }
}
