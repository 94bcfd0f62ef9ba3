import { describe, expect, it } from 'vitest'
import { MemoryGuard } from '../../../../test/support/memory-guard.ts'
import { muteRejected, responsesIn } from './mute-rejected.ts'
import type { EndedProposal } from './proposed-branch.ts'

const line = (id: string, name: string): string =>
  `Saker-Response: ${id} contain prod/default/Deployment/${name} a.yaml#apps/v1/Deployment/default/${name}:/x until=-\n`

function closed(about: Partial<EndedProposal> = {}): EndedProposal {
  return { branch: 'saker/main-r1', state: 'closed', at: 1000, told: [line('r1', 'web'), line('r2', 'api')], ...about }
}

describe('muteRejected', () => {
  it('mutes each workload from the closing on, and once, however often that is seen', async () => {
    const guard = new MemoryGuard()

    await muteRejected(closed(), { guard, muteForMs: 500, now: 1200 })
    await muteRejected(closed(), { guard, muteForMs: 900, now: 1300 })

    const mute = { reason: 'PullRequestClosed', until: 1500, cause: 'saker/main-r1 closed' }
    expect(Object.fromEntries(guard.mutes)).toEqual({
      'prod/default/Deployment/web': mute,
      'prod/default/Deployment/api': mute,
    })
  })

  it.each([
    ['a merge', closed({ state: 'merged' }), 500],
    ['a closing that is past', closed(), 100],
    ['a config that mutes nothing', closed(), 0],
  ])('mutes nothing for %s', async (_, ended, muteForMs) => {
    const guard = new MemoryGuard()

    await muteRejected(ended, { guard, muteForMs, now: 1200 })

    expect(guard.mutes.size).toBe(0)
  })
})

describe('responsesIn', () => {
  it('gives each once, and none that was taken back in it', () => {
    const told = [line('r1', 'web'), line('r1', 'web') + line('r2', 'api'), 'Saker-Undo: r2\n']

    expect(responsesIn(closed({ told })).map(({ id }) => id)).toEqual(['r1'])
  })
})
