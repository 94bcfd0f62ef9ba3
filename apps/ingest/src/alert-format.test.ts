import { describe, expect, it } from 'vitest'
import { alertFormatOf, packagingOf } from './alert-format.ts'

describe('packagingOf', () => {
  it.each([
    ['application/json', {}, 'direct'],
    ['application/json; charset=utf-8', {}, 'direct'],
    ['APPLICATION/JSON;CHARSET=UTF-8', {}, 'direct'],
    [' application/json ; a=b ; charset="us-ascii" ', {}, 'direct'],
    ['application/json', { 'ce-type': 'x' }, 'binary'],
    ['application/json', { 'ce-specversion': '1.0' }, 'binary'],
    ['application/json', { 'ce-id': 'x', 'ce-source': 'falco.org' }, 'direct'],
    ['application/cloudevents+json; charset=UTF-8', { 'ce-type': 'x' }, 'structured'],
    ['application/cloudevents-batch+json', {}, 'batch'],
  ])('reads %s with %o', (contentType, headers, expected) => {
    expect(packagingOf({ 'content-type': contentType, ...headers })).toBe(expected)
  })
})

describe('alertFormatOf', () => {
  it.each([
    ['Falcosidekick', '{}', 'webhook'],
    ['Falcosidekick/2.32.0', '{}', 'webhook'],
    ['falcosecurity/falco', '{"hostname":"x"}', 'falco'],
    [undefined, '{"uuid":"x"}', 'webhook'],
    ['Go-http-client/1.1', ' { "uuid" : "x"}', 'webhook'],
    ['curl/8', '{"output":"\\"uuid\\":"}', 'falco'],
    ['curl/8', 'not JSON', 'falco'],
  ])('tells whose body it is from user agent %s and %s', (userAgent, text, expected) => {
    expect(alertFormatOf('direct', userAgent, text)).toBe(expected)
  })
})
