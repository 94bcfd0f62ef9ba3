import { silentLog } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { LeftLanes } from './left-lanes.ts'

function looking() {
  const state = { now: 0, left: ['old'], served: new Set<string>(), adopted: [] as string[] }
  const lanes = new LeftLanes({
    unfinishedBeside: async (served) => state.left.filter((slug) => !served.has(slug)),
    served: () => state.served,
    adopt: async ({ slug }) => {
      state.adopted.push(slug)
      state.served.add(slug)
    },
    log: silentLog,
    now: () => state.now,
  })
  const lookAt = async (now: number): Promise<readonly string[]> => {
    state.now = now
    await lanes.look()
    return state.adopted
  }
  return { state, lookAt }
}

describe('a lane that nobody serves', () => {
  it('is taken up once, when no newer config can lead to it any more', async () => {
    const { lookAt } = looking()

    expect(await lookAt(0)).toEqual([])
    expect(await lookAt(119_999)).toEqual([])
    expect(await lookAt(120_000)).toEqual(['old'])
    expect(await lookAt(240_000)).toEqual(['old'])
  })

  it('is left alone when others brought it to its end meanwhile', async () => {
    const { state, lookAt } = looking()
    await lookAt(0)
    state.left = []
    await lookAt(60_000)
    state.left = ['old']

    expect(await lookAt(120_000)).toEqual([])
    expect(await lookAt(240_000)).toEqual(['old'])
  })

  it('is left alone when the config comes to lead to it while Redis is asked', async () => {
    const { state, lookAt } = looking()
    await lookAt(0)
    const late = { has: () => (state.adopted.length === 0 ? state.now > 0 : true) }
    state.served = Object.assign(new Set<string>(), late)
    state.left = ['old']

    expect(await lookAt(300_000)).toEqual([])
  })
})
