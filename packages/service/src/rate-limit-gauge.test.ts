import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { RateLimitGauge } from './rate-limit-gauge.ts'

it('shows what the host said last of each budget, and nothing after its reset', async () => {
  const registry = new Registry()
  let now = 1000
  const gauge = new RateLimitGauge(registry, () => now)
  const shown = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))

  gauge.heard({ repository: 'fleet', resource: 'graphql', remaining: 4999, resetsAt: 9000 })
  gauge.heard({ repository: 'fleet', resource: 'graphql', remaining: 4998, resetsAt: 9000 })
  gauge.heard({ repository: 'apps', resource: 'core', remaining: 0, resetsAt: 5000 })

  expect(await shown()).toEqual([
    'saker_git_rate_limit_remaining{repository="fleet",resource="graphql"} 4998',
    'saker_git_rate_limit_remaining{repository="apps",resource="core"} 0',
  ])

  now = 5000

  expect(await shown()).toEqual(['saker_git_rate_limit_remaining{repository="fleet",resource="graphql"} 4998'])
})
