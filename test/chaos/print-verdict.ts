import type { ChaosOptions } from './chaos-options.ts'
import type { Say } from './chaos-run.ts'
import type { FindingKind } from './findings.ts'
import type { Verdict } from './judge.ts'

const KINDS: readonly FindingKind[] = ['lost', 'doubled', 'wrong']

/** Of each kind; all of them would bury the rest. */
const SHOWN = 20

/** Tells a person what a run came to, and how to have it again. */
export function printVerdict(verdict: Verdict, options: ChaosOptions, say: Say): void {
  const { faults, figures, retries, findings, folder, repositories } = verdict
  const table = (rows: Iterable<readonly [string, number]>): void => {
    for (const [name, count] of rows) say(`  ${name.padEnd(22)}${String(count).padStart(8)}`)
  }
  say('\nfaults')
  table([...faults].toSorted(([a], [b]) => a.localeCompare(b)))
  say('sent again because of')
  table(retries)
  say('counts')
  table(Object.entries(figures))
  say('differences')
  table(KINDS.map((kind) => [kind, findings.of(kind).length]))
  if (findings.total === 0) return
  for (const kind of KINDS) {
    const texts = findings.of(kind)
    for (const text of texts.slice(0, SHOWN)) say(`${kind}: ${text}`)
    if (texts.length > SHOWN) say(`${kind}: and ${texts.length - SHOWN} more`)
  }
  say(`\nagain: npx -y pnpm chaos ${commandLine(options)}`)
  say(`logs: ${folder}`)
  say(`repositories: ${repositories.join(' ')}`)
}

function commandLine(options: ChaosOptions): string {
  const { alerts, lanes, workloads, workers, ingests, faults, seed, minutes, git } = options
  const named = Object.entries({ alerts, lanes, workloads, workers, ingests, faults, seed, minutes })
  return [...named.map(([name, value]) => `--${name} ${value}`), ...(git ? ['--git'] : [])].join(' ')
}
