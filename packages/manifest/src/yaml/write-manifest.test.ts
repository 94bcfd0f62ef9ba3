import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import type { Json } from './change.ts'
import { openManifest } from './open-manifest.ts'
import { writeManifest } from './write-manifest.ts'

const POLICY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'saker-web', labels: {} },
  spec: { podSelector: { matchLabels: { app: 'web', 'a/b': 'on' } }, policyTypes: ['Ingress', 'Egress'], ingress: [] },
}

describe('writeManifest', () => {
  it('writes plain block style', () => {
    expect(writeManifest(POLICY, { commentAbove: 'Written by Saker.\n\nOne: two' })).toBe(`# Written by Saker.
#
# One: two
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: saker-web
  labels: {}
spec:
  podSelector:
    matchLabels:
      app: web
      a/b: "on"
  policyTypes:
  - Ingress
  - Egress
  ingress: []
`)
  })

  it('takes indentation and line ends from another file', () => {
    const like = openManifest('a:\r\n    b:\r\n      - c\r\n', 'like.yaml')

    expect(writeManifest({ x: { w: ['z'] } }, { like })).toBe('x:\r\n    w:\r\n      - z\r\n')
  })

  it('lets no comment become anything else', () => {
    const text = writeManifest({ a: 1 }, { commentAbove: 'one\r\u2028kind: x\u0085\tb\u0000\n---\nc' })

    expect(text.split('\n')).toEqual(['# one  kind: x  b', '# ---', '# c', 'a: 1', ''])
  })

  const HARD: readonly Json[] = [
    'yes',
    'No',
    'ON',
    'y',
    'null',
    '~',
    '',
    'true',
    '0123',
    '0o17',
    '0x1f',
    '1e3',
    '1_000',
    '12:30:45',
    '.5',
    '.inf',
    '2024-01-01',
    '=',
    '<<',
    '-',
    '- a',
    '?',
    'a: b',
    'a #b',
    '#a',
    ' a',
    'a ',
    '*a',
    '&a',
    '!a',
    '%a',
    '@a',
    '`a`',
    '{a}',
    '[a]',
    'a,b',
    "it's",
    '"',
    '\\',
    'a\tb',
    '\u0085',
    '\u2028',
    '\uFEFF',
    '\u007F',
    'é',
    '😀',
    '---',
    '...',
    'a\nb',
    'a\n',
    'a\nb\n',
    'a\n\n',
    '\na',
    ' a\nb',
    'a\n  b\n\nc',
    'a\n \nb',
    'a\r\nb',
    '#a\nb',
    'é\nb',
    'a\n\tb\n',
    0,
    -1,
    1.5,
    1e21,
    1e-7,
    true,
    false,
    null,
    [],
    {},
    [[]],
    [[], [1, [2]]],
    [{ a: { b: [] } }],
    { '': 1, '1': 'x' },
  ]

  it.each(HARD.map((value) => [JSON.stringify(value), value] as const))('is read back alike: %s', (_title, value) => {
    const whole = { value, list: [value, { in: value }], [typeof value === 'string' ? value : 'key']: value }

    const text = writeManifest(whole)

    expect(parse(text)).toEqual(whole)
    expect(parseAllDocuments(text, { version: '1.1' }).map((one) => one.toJS() as unknown)).toEqual([whole])
  })

  it.each([
    ['a lone surrogate', '\uD800'],
    ['a number without end', Infinity],
  ])('refuses %s', (_title, value) => {
    expect(() => writeManifest({ value })).toThrow(expect.objectContaining({ code: 'MANIFEST_EDIT_UNSAFE' }))
  })
})
