import fc from 'fast-check'

/**
 * Imported by tests over random input: the suite draws the same each time, so that a change that breaks nothing never fails.
 * `SAKER_FUZZ_SEED` draws others, and `SAKER_FUZZ_SEED=any` each time anew.
 */
const SEED = process.env['SAKER_FUZZ_SEED'] ?? '4711'
if (SEED !== 'any') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(SEED) })

const FACTOR = Number(process.env['SAKER_FUZZ_RUNS'] ?? '1')

/** How many inputs a test draws: as many as it says, or `SAKER_FUZZ_RUNS` times as many for a long search. */
export function fuzzRuns(count: number): number {
  return Math.ceil(count * FACTOR)
}
