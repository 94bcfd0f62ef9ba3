import { describe, expect, it } from 'vitest'
import { alertBody, anAlert } from '../../../../test/support/an-alert.ts'
import { ResponseError } from '../errors/response-error.ts'
import { fieldOf, notActionable, parseAlert } from './alert.ts'

function refusalOf(raw: string): ResponseError {
  try {
    parseAlert(raw)
  } catch (thrown) {
    if (thrown instanceof ResponseError) return thrown
    throw thrown
  }
  throw new Error('the alert was taken')
}

describe('parseAlert', () => {
  it('reads what Falcosidekick posts', () => {
    const raw = alertBody()

    const alert = parseAlert(raw)

    expect(alert).toMatchObject({
      alertRule: 'Terminal shell in container',
      priority: 'Notice',
      source: 'syscall',
      time: '2026-05-25T13:44:05.478445995Z',
      hostname: 'worker-1',
      raw,
    })
  })

  it('drops the empty tag that the chart of Falcosidekick adds', () => {
    const alert = anAlert({ tags: ['', 'T1059', 'container', ''] })

    expect(alert.tags).toEqual(['T1059', 'container'])
  })

  it.each([
    ['null', { output_fields: null, tags: null, source: null, hostname: null }],
    ['missing', { output_fields: undefined, tags: undefined, source: undefined, hostname: undefined }],
  ])('takes an alert whose optional parts are %s', (_, overrides) => {
    const alert = parseAlert(alertBody(overrides))

    expect(alert).toMatchObject({ fields: {}, tags: [], source: '', hostname: '' })
  })

  it('keeps a time that is not RFC 3339, because real senders write such', () => {
    const alert = anAlert({ time: '13:44:05.478445995' })

    expect(alert.time).toBe('13:44:05.478445995')
  })

  it('keeps the text with integers that no double holds', () => {
    const raw = alertBody().replace('"output_fields":{', '"output_fields":{"evt.time":18446744073670260079,')

    expect(parseAlert(raw).raw).toContain('18446744073670260079')
  })

  it.each(['critical', 'Critical', 'CRITICAL'])('reads the priority %s in any case', (priority) => {
    expect(anAlert({ priority }).priority).toBe('Critical')
  })

  it('reads Falco’s short form info', () => {
    expect(anAlert({ priority: 'info' }).priority).toBe('Informational')
  })

  it.each(['Catastrophic', '', 'high', 'constructor', 'Warning '])('refuses the priority %j', (priority) => {
    const refusal = refusalOf(alertBody({ priority }))

    expect(refusal).toMatchObject({ code: 'ALERT_MALFORMED', retryable: false })
    expect(refusal.message).toBe('not a Falco alert: priority: is not a Falco priority')
  })

  it('refuses what is not JSON and keeps the reason as the cause', () => {
    const refusal = refusalOf('{"rule":')

    expect(refusal).toMatchObject({ code: 'ALERT_MALFORMED', message: 'the body is not valid JSON' })
    expect(refusal.cause).toBeInstanceOf(SyntaxError)
  })

  it.each(['[]', '"text"', '3', 'null', 'true'])('refuses JSON that is no object: %s', (raw) => {
    expect(refusalOf(raw).message).toContain('the body: ')
  })

  it('names every wrong field and no value', () => {
    const raw = alertBody({ rule: '', priority: 'hunter2', time: 7, tags: 'hunter2', output_fields: ['hunter2'] })

    const { message } = refusalOf(raw)

    for (const field of ['rule', 'priority', 'time', 'tags', 'output_fields']) expect(message).toContain(`${field}: `)
    expect(message).not.toContain('hunter2')
  })
})

describe('fieldOf', () => {
  it.each([null, '', '<NA>', undefined])('takes %j for absent', (value) => {
    expect(fieldOf(anAlert({}, { 'k8s.pod.name': value }), 'k8s.pod.name')).toBeUndefined()
  })

  it.each([
    ['text', 'nginx', 'nginx'],
    ['a number', 34816, '34816'],
    ['zero', 0, '0'],
    ['a boolean', false, 'false'],
  ])('gives %s as text', (_, value, text) => {
    expect(fieldOf(anAlert({}, { field: value }), 'field')).toBe(text)
  })

  it.each(['18446744073670260079', '1685022245478445995', '0.0', '1e3', '-0', '1e400'])(
    'gives the number %s with the digits it has on the wire',
    (written) => {
      const raw = `{"rule":"R","priority":"Notice","time":"t","output_fields":{"number":${written}}}`

      expect(fieldOf(parseAlert(raw), 'number')).toBe(written)
    },
  )

  it.each([[['a', 'b']], [{ a: 1 }]])('takes what is not a single value for absent: %j', (value) => {
    expect(fieldOf(anAlert({}, { 'k8smeta.svc.name': value }), 'k8smeta.svc.name')).toBeUndefined()
  })

  it.each(['constructor', 'toString', '__proto__'])('does not see %s, which every object has', (name) => {
    expect(fieldOf(anAlert(), name)).toBeUndefined()
  })
})

describe('notActionable', () => {
  it('recognises the test alert of Falcosidekick before anything else', () => {
    const alert = anAlert({ rule: 'Test rule', priority: 'Debug', source: 'internal' })

    expect(notActionable(alert)).toBe('TestAlert')
  })

  it.each([
    ['by its source', { rule: 'Falco internal: metrics snapshot', source: 'internal', priority: 'Informational' }],
    ['by its rule, where no source is sent', { rule: 'Falco internal: syscall event drop', source: undefined }],
  ])('recognises an alert of Falco about itself %s', (_, overrides) => {
    expect(notActionable(anAlert(overrides))).toBe('FalcoInternal')
  })

  it('lets every other alert through', () => {
    expect(notActionable(anAlert())).toBeUndefined()
  })
})
