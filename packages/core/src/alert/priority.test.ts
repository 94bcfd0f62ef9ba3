import { describe, expect, it } from 'vitest'
import { parsePriorityCondition, PRIORITIES, satisfiesPriority, type Priority } from './priority.ts'

function satisfying(written: string): readonly Priority[] {
  const condition = parsePriorityCondition(written)
  if (condition === undefined) throw new Error(`not understood: ${written}`)
  return PRIORITIES.filter((priority) => satisfiesPriority(priority, condition))
}

describe('parsePriorityCondition', () => {
  it.each([
    ['>=Warning', ['Warning', 'Error', 'Critical', 'Alert', 'Emergency']],
    ['>Warning', ['Error', 'Critical', 'Alert', 'Emergency']],
    ['<Notice', ['Debug', 'Informational']],
    ['<=Notice', ['Debug', 'Informational', 'Notice']],
    ['=Error', ['Error']],
    ['Error', ['Error']],
    ['  >=  critical ', ['Critical', 'Alert', 'Emergency']],
    ['<info', ['Debug']],
    ['<Debug', []],
    ['>Emergency', []],
    ['>=Debug', [...PRIORITIES]],
  ])('%j holds for %j', (written, expected) => {
    expect(satisfying(written)).toEqual(expected)
  })

  it.each(['', '>=', '=>Warning', '==Warning', '!Warning', 'Warning+', '>=High', '>= Warning Error', '3', '~Error'])(
    'does not understand %j',
    (written) => {
      expect(parsePriorityCondition(written)).toBeUndefined()
    },
  )
})
