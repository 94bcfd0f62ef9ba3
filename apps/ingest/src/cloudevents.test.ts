import { CloudEvent, HTTP } from 'cloudevents'
import { describe, expect, it } from 'vitest'
import { alertTextOfEvent, alertTextsOfBatch } from './cloudevents.ts'

const DATA = { rule: 'Terminal shell in container', output_fields: { 'evt.type': 'execve' } }

function sdkEvent(data: unknown): CloudEvent<unknown> {
  return new CloudEvent({ type: 'falco.rule.output.v1', source: 'https://falco.org', data })
}

describe('alertTextOfEvent', () => {
  it.each([
    ['an object', DATA],
    ['a string', JSON.stringify(DATA)],
    ['bytes', new TextEncoder().encode(JSON.stringify(DATA))],
  ])('reads what the CloudEvents SDK makes of an alert that is %s', (_what, data) => {
    const message = HTTP.structured(sdkEvent(data))

    expect(JSON.parse(alertTextOfEvent(String(message.body)))).toEqual(DATA)
  })

  it('gives numbers back as they were written', () => {
    const data = '{"evt.time":1787242980782994107,"ctime":18446744073670260079,"rate":1846.40,"small":-1e-7}'
    const text = `{"specversion":"1.0","id":"1","source":"s","type":"falco.rule.output.v1","data":${data}}`

    expect(alertTextOfEvent(text)).toBe(data)
  })
})

describe('alertTextsOfBatch', () => {
  it('refuses what is no array', () => {
    expect(() => alertTextsOfBatch('{}')).toThrow('a batch must be an array of CloudEvents')
  })

  it.each(['[null]', '[[]]', '["x"]', '[1e400]', '[18446744073670260079]'])('refuses %s', (text) => {
    expect(() => alertTextsOfBatch(text)).toThrow(/CloudEvent/u)
  })
})
