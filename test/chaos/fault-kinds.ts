import type { Fault } from '../support/github-double/faults.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What can be done to the processes of a run. */
export const PROCESS_FAULTS = ['kill-worker', 'freeze-worker', 'kill-ingest', 'freeze-ingest'] as const

/** What can be done to Redis. */
export const REDIS_FAULTS = ['kill-redis', 'freeze-redis'] as const

/** Every worker is killed while one of them asks GitHub for something; the last one does it again amid what follows. */
export const AMID_FAULTS = ['kill-amid-commit', 'kill-amid-read', 'kill-amid-recovery'] as const

/** What GitHub, the way to it, or somebody else on it can do. */
export const HOST_FAULTS = [
  'person-pushes-first',
  'stale-data',
  'conflict-409',
  'refused-422',
  'error-5xx',
  'effect-then-5xx',
  'effect-then-hang-up',
  'effect-then-cut-off',
  'hang-up',
  'slow',
  'limit-429',
  'secondary-limit-403',
] as const

/** Every kind of fault that a run injects. */
export type FaultName =
  | (typeof PROCESS_FAULTS)[number]
  | (typeof REDIS_FAULTS)[number]
  | (typeof AMID_FAULTS)[number]
  | (typeof HOST_FAULTS)[number]

/** A commit through GraphQL, and the last step of one through the Git Data API. */
const CREATES_COMMIT = { operation: 'CreateCommit' } as const
const MOVES_REF = { method: 'PATCH', path: /\/git\/refs\// } as const

/** The fault as the double takes it. `pushes` is the person's doing, for the repository that a request is about. */
export function hostFaultOf(
  name: (typeof HOST_FAULTS)[number],
  { random, pushes }: { readonly random: SeededRandom; readonly pushes: (about: string) => Promise<void> },
): Fault {
  const write = random.next() < 0.7 ? CREATES_COMMIT : MOVES_REF
  const match: Fault['match'] = random.next() < 0.7 ? write : { any: true }
  const status = random.pick([500, 502, 503])
  const ms = random.between(500, 6000)
  const headers = { 'retry-after': String(random.between(1, 3)) }
  const faults: Readonly<Record<(typeof HOST_FAULTS)[number], Fault>> = {
    'person-pushes-first': { kind: 'meanwhile', act: pushes, match: write },
    'stale-data': { kind: 'status', status: 200, body: STALE, match: CREATES_COMMIT },
    'conflict-409': { kind: 'status', status: 409, body: { message: 'Reference cannot be updated' }, match: MOVES_REF },
    'refused-422': { kind: 'status', status: 422, body: { message: 'Update is not a fast forward' }, match: MOVES_REF },
    'error-5xx': { kind: 'status', status, body: '<html>Unicorn!</html>', match },
    'effect-then-5xx': { kind: 'effect-then-status', status, body: '<html></html>', match: write },
    'effect-then-hang-up': { kind: 'effect-then-hang-up', match: write },
    'effect-then-cut-off': { kind: 'effect-then-cut-off', match: write },
    'hang-up': { kind: 'hang-up', match },
    slow: { kind: 'delay', ms, match },
    'limit-429': { kind: 'status', status: 429, headers, body: { message: 'API rate limit exceeded' }, match },
    'secondary-limit-403': { kind: 'status', status: 403, headers, body: SECONDARY, match },
  }
  return faults[name]
}

/** The fault that has `kill` called amid a request: the commit still lands, and nobody is there to hear of it. */
export function amidFaultOf(
  request: 'commit' | 'read',
  { random, kill }: { readonly random: SeededRandom; readonly kill: () => Promise<void> },
): Fault {
  const write = random.next() < 0.7 ? CREATES_COMMIT : MOVES_REF
  return { kind: 'meanwhile', act: kill, match: request === 'commit' ? write : { operation: 'ReadHead' } }
}

const STALE = {
  data: { createCommitOnBranch: null },
  errors: [
    {
      type: 'STALE_DATA',
      path: ['createCommitOnBranch'],
      message: 'Expected branch to point to "0000" but it did not.  Pull and try again.',
    },
  ],
}

const SECONDARY = {
  message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  documentation_url: 'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits',
}
