import { describe, expect, it } from 'vitest'
import { parseConfig } from '../config/parse-config.ts'
import type { Config } from '../config/config.ts'
import { lanesOf } from './lanes-of.ts'

function aConfig(deliveries: readonly ('commit' | 'observe' | undefined)[]): Config {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'https://git.example.com/fleet' }, delivery: 'commit' } },
    responses: deliveries.map((delivery, index) => ({
      name: `response-${index}`,
      match: {},
      actions: [{ contain: {} }],
      delivery,
    })),
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config
}

describe('lanesOf', () => {
  it('gives each lane once, however many responses lead to it', () => {
    const lanes = lanesOf(aConfig([undefined, 'commit', 'observe', 'observe']), false)

    expect(lanes.map(({ delivery }) => delivery)).toEqual(['commit', 'observe', 'pull-request'])
  })

  it('has one to propose in beside each that commits, and beside no other', () => {
    expect(lanesOf(aConfig(['commit']), false).map(({ delivery }) => delivery)).toEqual(['commit', 'pull-request'])
    expect(lanesOf(aConfig(['observe']), false).map(({ delivery }) => delivery)).toEqual(['observe'])
  })

  it('only observes in a dry run', () => {
    const lanes = lanesOf(aConfig([undefined, 'commit', 'observe']), true)

    expect(lanes.map(({ delivery }) => delivery)).toEqual(['observe'])
  })
})
