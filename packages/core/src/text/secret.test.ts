// oxlint-disable typescript/restrict-template-expressions, typescript/no-misused-spread -- these tests print by mistake
import { format, inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Secret } from './secret.ts'

const VALUE = 'ghp_hunter2'
const secret = new Secret(VALUE)

describe('Secret', () => {
  it('gives its value only to who asks for it', () => {
    expect(secret.reveal()).toBe(VALUE)
  })

  it.each([
    ['a template', () => `${secret}`],
    ['String', () => String(secret)],
    ['concatenation', () => 'token ' + secret],
    ['JSON', () => JSON.stringify({ deep: [{ secret }] })],
    ['inspect', () => inspect({ deep: { secret } }, { depth: 9, showHidden: true })],
    ['format', () => format('%s %o %O %j %d', secret, secret, secret, secret, secret)],
    ['its keys', () => JSON.stringify([Object.entries(secret), Reflect.ownKeys(secret), { ...secret }])],
    ['an error that carries it', () => inspect(new Error(`refused ${secret}`, { cause: { secret } }))],
    ['a structured clone', () => JSON.stringify(structuredClone({ ...secret }))],
  ])('does not show in %s', (_, print) => {
    expect(print()).not.toContain('hunter2')
  })
})
