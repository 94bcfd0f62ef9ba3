import { parseArgs } from 'node:util'

/** How large, how long and how hostile a run is. */
export interface ChaosOptions {
  /** Alerts to send, those not counted that make sure of the end. */
  readonly alerts: number
  /** Repositories. */
  readonly lanes: number
  /** Workloads over all repositories. */
  readonly workloads: number
  readonly workers: number
  readonly ingests: number
  /** Faults to inject. */
  readonly faults: number
  readonly seed: string
  /** How long alerts and faults go on; checking the end comes on top of it. */
  readonly minutes: number
  /** Whether a quarter of the repositories is reached with the git program rather than through GitHub's API. */
  readonly git: boolean
  /** Whether logs and repositories stay also when all is well. */
  readonly keep: boolean
}

/** What the command says of itself. */
export const CHAOS_HELP = `Sends alerts to a real Saker while everything around it fails, and checks that nothing was lost, doubled or done wrongly.

Usage: npx -y pnpm chaos [options]

  --alerts N      alerts to send (default 2000)
  --lanes M       repositories (default 6)
  --workloads W   workloads over all repositories (default 120)
  --workers K     worker processes (default 2)
  --ingests I     ingest processes (default 2)
  --faults F      faults to inject (default 60)
  --seed S        for the same alerts and faults again (default: by chance)
  --minutes T     how long alerts and faults go on (default 3)
  --git           reach a quarter of the repositories with the git program
  --keep          keep logs and repositories also when all is well
  --help          this text
`

/** A lane keeps the outcomes of its last 50,000 completed jobs; more could not be checked. */
const MAX_ALERTS_PER_LANE = 40_000

/** Reads the command line; undefined when only help is wanted. Throws with a word for a person when it makes no sense. */
export function parseChaosOptions(args: readonly string[]): ChaosOptions | undefined {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      alerts: text,
      lanes: text,
      workloads: text,
      workers: text,
      ingests: text,
      faults: text,
      seed: text,
      minutes: text,
      git: flag,
      keep: flag,
      help: flag,
    },
  })
  if (values.help) return undefined
  const options = {
    alerts: numberOf('--alerts', values.alerts ?? '2000'),
    lanes: numberOf('--lanes', values.lanes ?? '6'),
    workloads: numberOf('--workloads', values.workloads ?? '120'),
    workers: numberOf('--workers', values.workers ?? '2'),
    ingests: numberOf('--ingests', values.ingests ?? '2'),
    faults: numberOf('--faults', values.faults ?? '60', { least: 0 }),
    seed: values.seed ?? Math.random().toString(36).slice(2, 10),
    minutes: numberOf('--minutes', values.minutes ?? '3', { least: 0.1 }),
    git: values.git,
    keep: values.keep,
  }
  if (options.workloads < options.lanes) throw new Error('--workloads must be at least --lanes')
  if (options.alerts + options.workloads > MAX_ALERTS_PER_LANE * options.lanes) {
    throw new Error(`at most ${MAX_ALERTS_PER_LANE} alerts per lane can be checked at the end: give more --lanes`)
  }
  return options
}

function numberOf(name: string, written: string, { least = 1 }: { readonly least?: number } = {}): number {
  const value = Number(written)
  if (!Number.isFinite(value) || value < least) throw new Error(`${name} must be a number of at least ${least}`)
  return value
}
