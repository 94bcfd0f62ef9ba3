import fc from 'fast-check'

/**
 * Imported by tests over random input: the suite draws the same each time, so that a change that breaks nothing never fails.
 * `SAKER_FUZZ_SEED` draws others, and `SAKER_FUZZ_SEED=any` each time anew.
 */
const SEED = process.env['SAKER_FUZZ_SEED'] ?? '4711'
if (SEED !== 'any') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(SEED) })
