import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { containIn, loneFile, type ContainedText } from '../../../../test/support/contained-text.ts'
import { fuzzRuns } from '../../../../test/support/fixed-seed.ts'

/** A text in three parts. The middle is what containing may replace, and `contained` what has to stand there then. */
interface Layout {
  readonly head: string
  readonly middle: string
  readonly contained: string
  readonly tail: string
}

const ANY_COMMENT = fc.constantFrom('', ' # replicas: 9', '\t# three', '   #', ' # {"$ref": "#/x"}')
const ANY_BLANK = fc.constantFrom('', '\n', '# replicas: 9\n', '\n\n', '        # far in\n', '\t# tab\n')
const ANY_IDENTITY = fc.constantFrom(
  'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n',
  '"kind": "Deployment"\n"apiVersion": "apps/v1"\n"metadata": {"namespace": "shop", "name": "web"} # ids\n',
  "metadata: { name: 'web', namespace: shop,\n  labels: { replicas: '3' } }\nkind: Deployment # kind\napiVersion:   apps/v1\n",
)
const ANY_NEIGHBOUR = fc.constantFrom(
  '',
  'kind: ConfigMap\ndata:\n  a.yaml: |\n    spec:\n      replicas: 3\n',
  '{ "spec": { "replicas": 3 } }\n',
  'spec:\n  replicas: &n 3\n  again: *n\n',
  '# only a comment\n',
  'text: "one\n  two\n\n  three"\n',
)
const ANY_SEPARATOR = fc.constantFrom('---\n', '--- # next\n', '...\n---\n', '---\n\n# about the next\n')
const ANY_KEY = fc.constantFrom('replicas', '"replicas"', "'replicas'", 'replicas ', '"repl\\x69cas"')
const ANY_SCALAR = fc.constantFrom(
  '1',
  '3',
  '12',
  '0x1F',
  '+3',
  '"3"',
  "'0'",
  '~',
  'null',
  '"${N:=3}"',
  '${N}',
  '3.0',
  'Null',
  '"3\\\n              "',
)
const ANY_OTHER_ENTRIES = fc.constantFrom(
  ['selector: {}'],
  ['selector:', '  matchLabels: { app: web }'],
  ['# which', 'selector: { matchLabels: { replicas: "3" } }', '', 'paused: false # not now'],
  [
    'template:',
    '  spec:',
    '    replicas: 3',
    '    args: |',
    '      replicas: 3',
    '',
    '      spec: { replicas: 3 }',
    'selector: {}',
  ],
  ['list:', '- replicas: 3', '- spec', '"quoted": none'],
)

const ANY_INDENTATION = fc.integer({ min: 1, max: 9 }).map((width) => ' '.repeat(width))

function indented(lines: readonly string[], indent: string): string {
  return lines.map((line) => (line === '' ? '\n' : `${indent}${line}\n`)).join('')
}

const blockWithValue: fc.Arbitrary<Layout> = fc
  .record({
    indent: ANY_INDENTATION,
    key: ANY_KEY,
    scalar: ANY_SCALAR,
    space: fc.constantFrom(' ', '  ', '\t'),
    comment: ANY_COMMENT,
    before: fc.boolean(),
    blank: ANY_BLANK,
    otherEntries: ANY_OTHER_ENTRIES,
  })
  .map(({ indent, key, scalar, space, comment, before, blank, otherEntries }) => {
    const entries = indented(otherEntries, indent)
    return {
      head: `spec:\n${blank}${before ? entries : ''}${indent}${key}:${space}`,
      middle: scalar,
      contained: '0',
      tail: `${comment}\n${before ? '' : entries}`,
    }
  })

const blockWithoutValue: fc.Arbitrary<Layout> = fc
  .record({
    indent: ANY_INDENTATION,
    key: ANY_KEY,
    comment: ANY_COMMENT,
    before: fc.boolean(),
    otherEntries: ANY_OTHER_ENTRIES,
  })
  .map(({ indent, key, comment, before, otherEntries }) => {
    const entries = indented(otherEntries, indent)
    return {
      head: `spec: # the spec\n${before ? entries : ''}${indent}${key}:`,
      middle: '',
      contained: ' 0',
      tail: `${comment}\n${before ? '' : entries}`,
    }
  })

const blockWithoutKey: fc.Arbitrary<Layout> = fc
  .record({ indent: ANY_INDENTATION, comment: ANY_COMMENT, blank: ANY_BLANK, otherEntries: ANY_OTHER_ENTRIES })
  .map(({ indent, comment, blank, otherEntries }) => ({
    head: `spec:${comment}\n`,
    middle: '',
    contained: `${indent}replicas: 0\n`,
    tail: blank + indented(otherEntries, indent),
  }))

const flow: fc.Arbitrary<Layout> = fc.constantFrom(
  { head: 'spec: {replicas: ', middle: '3', contained: '0', tail: ', selector: {}}\n' },
  { head: 'spec: { "selector":{},"replicas":', middle: '3', contained: '0', tail: '}\n' },
  { head: 'spec: { selector: {}, replicas:', middle: '', contained: ' 0', tail: ' }\n' },
  { head: 'spec: { replicas', middle: '', contained: ': 0', tail: ', selector: {} }\n' },
  { head: 'spec: {', middle: '', contained: 'replicas: 0', tail: '}\n' },
  { head: 'spec: { ', middle: '', contained: 'replicas: 0, ', tail: 'selector: {} } # end\n' },
  { head: '"spec": {', middle: '', contained: '"replicas":0,', tail: '"selector":{}}\n' },
  { head: 'spec: {\n    # labels\n    ', middle: '', contained: 'replicas: 0,\n    ', tail: 'selector: {},\n  }\n' },
  { head: '"spec": {\n  "selector": {},\n  "replicas": ', middle: '3', contained: '0', tail: '\n  }\n' },
)

const file = fc
  .record({
    layout: fc.oneof(blockWithValue, blockWithoutValue, blockWithoutKey, flow),
    identity: ANY_IDENTITY,
    identityFirst: fc.boolean(),
    neighbours: fc.array(fc.tuple(ANY_NEIGHBOUR, ANY_SEPARATOR), { maxLength: 2 }),
    after: fc.option(fc.tuple(ANY_SEPARATOR, ANY_NEIGHBOUR)),
    start: fc.constantFrom('', '---\n', '# Copyright\n\n', '%YAML 1.2\n---\n'),
    windows: fc.boolean(),
    bom: fc.boolean(),
    finalNewline: fc.boolean(),
  })
  .map((parts): Layout => {
    const { layout, identity, identityFirst, neighbours, after } = parts
    const neighboursText = neighbours
      .map(([text, line]) => `x-before: 1\n${line}`.concat(text === '' ? '' : `${text}${line}`))
      .join('')
    const head = `${parts.start}${neighboursText}${identityFirst ? identity : ''}${layout.head}`
    const tail = `${layout.tail}${identityFirst ? '' : identity}${after === null ? '' : after.join('')}`
    const end = (text: string): string => (parts.windows ? text.replaceAll('\n', '\r\n') : text)
    return {
      head: (parts.bom ? '\uFEFF' : '') + end(head),
      middle: end(layout.middle),
      contained: end(layout.contained),
      tail: parts.finalNewline ? end(tail) : end(tail).trimEnd(),
    }
  })

function containWeb(text: string): ContainedText {
  const lone = loneFile('web.yaml', text)
  const web = lone.objects.find(({ identity }) => identity.kind === 'Deployment' && identity.name === 'web')
  if (web === undefined) throw new Error(`nothing found (${lone.unreadable.join(', ')})`)
  return containIn(lone, web)
}

describe('contain', () => {
  it('replaces the value, or adds it, and keeps every byte in front of it and behind it', () => {
    fc.assert(
      fc.property(file, ({ head, middle, contained, tail }) => {
        const edit = containWeb(head + middle + tail)

        expect(edit.kind === 'edit' ? edit.text : edit.kind).toBe(head + contained + tail)
      }),
      { numRuns: fuzzRuns(300) },
    )
  })

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(file, ({ head, contained, tail }) => {
        const edit = containWeb(head + contained + tail)

        expect(edit.kind).toBe('unchanged')
      }),
      { numRuns: fuzzRuns(100) },
    )
  })
})
