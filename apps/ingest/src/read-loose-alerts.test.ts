import { describe, expect, it } from 'vitest'
import { readLooseAlerts } from './read-loose-alerts.ts'

const ALERT =
  '{"rule":"Shell","priority":"Notice","time":"2026-01-01T00:00:00Z","output_fields":{"evt.time":1618082841038853452}}'
const EVENT = `{"specversion":"1.0","id":"1","source":"falco.org","type":"falco.rule.output.v1","data":${ALERT}}`

describe('readLooseAlerts', () => {
  it('reads an alert to the letter', () => {
    expect(readLooseAlerts(ALERT).map(({ raw }) => raw)).toEqual([ALERT])
  })

  it('takes an alert out of a CloudEvent, numbers as written', () => {
    expect(readLooseAlerts(EVENT).map(({ raw }) => raw)).toEqual([ALERT])
  })

  it('reads arrays that mix both, in their order', () => {
    const other = ALERT.replace('Shell', 'Other')

    expect(readLooseAlerts(`[${EVENT}, ${other}]`).map(({ raw }) => raw)).toEqual([ALERT, other])
    expect(readLooseAlerts('[]')).toEqual([])
  })

  it('takes an alert that only speaks of specversion for an alert', () => {
    const alert = ALERT.replace('"evt.time"', '"specversion":"1.0","evt.time"')

    expect(readLooseAlerts(alert).map(({ raw }) => raw)).toEqual([alert])
  })

  it.each([
    ['no JSON', '{"rule":'],
    ['an array that breaks off', `[${ALERT}`],
    ['an array with something else in it', `[${ALERT},1]`],
    ['a CloudEvent of another type', EVENT.replace('falco.rule', 'other.rule')],
    ['brackets without end', '['.repeat(100_000)],
  ])('refuses %s', (_, text) => {
    expect(() => readLooseAlerts(text)).toThrow(expect.objectContaining({ code: 'ALERT_MALFORMED' }))
  })
})
