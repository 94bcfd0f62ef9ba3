import { describe, expect, it } from 'vitest'
import { redisAvailable } from '../support/redis-server.ts'
import { parseChaosOptions } from './chaos-options.ts'
import { ChaosRun } from './chaos-run.ts'
import { printVerdict } from './print-verdict.ts'

const SHORT = '--alerts 200 --lanes 4 --workloads 20 --faults 16 --minutes 0.2 --seed in-every-build --git'

describe.skipIf(!redisAvailable)('a short run of chaos (needs redis-server)', () => {
  it('loses, doubles and spoils nothing while processes, Redis and GitHub fail and a person pushes', async () => {
    const options = parseChaosOptions(SHORT.split(' '))
    if (options === undefined) throw new Error('the options ask for help')
    const said: string[] = []

    const verdict = await new ChaosRun(options, (line) => said.push(line)).run()

    printVerdict(verdict, options, (line) => said.push(line))
    if (verdict.findings.total > 0) throw new Error(said.join('\n'))
    expect(verdict.faults.size).toBeGreaterThanOrEqual(8)
    expect(verdict.figures['commits of Saker']).toBeGreaterThan(0)
    expect(verdict.figures['commits of a person']).toBeGreaterThan(0)
  }, 400_000)
})
