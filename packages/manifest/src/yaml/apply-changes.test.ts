import { describe, expect, it } from 'vitest'
import { applyChanges } from './apply-changes.ts'
import type { Change, Json, Step } from './change.ts'
import { openManifest } from './open-manifest.ts'

function set(steps: readonly Step[], value: Json, documentIndex = 0): Change {
  return { op: 'set', at: { documentIndex, steps }, value }
}

function apply(text: string, ...changes: readonly Change[]): string {
  return applyChanges(openManifest(text, 'a.yaml'), changes).text
}

/** The text with `replicas: 0`, or the code of the refusal. */
function stopped(text: string): unknown {
  try {
    return apply(text, set(['spec', 'replicas'], 0))
  } catch (thrown) {
    return (thrown as { code?: unknown }).code
  }
}

describe('applyChanges', () => {
  it('reaches deep into a document', () => {
    const text = 'a:\n  b:\n    c: { d: 1, e: 2 } # keep\n'

    const edited = apply(text, set(['a', 'b', 'c', 'e'], true))

    expect(edited).toBe('a:\n  b:\n    c: { d: 1, e: true } # keep\n')
  })

  it('gives back the same text when the value is already there', () => {
    const text = 'spec: { replicas: 00 }'

    expect(apply(text, set(['spec', 'replicas'], 0))).toBe(text)
  })

  it('edits only the document that is meant', () => {
    const text = 'spec: { replicas: 1 }\n---\nspec: { replicas: 2 }\n---\nspec: { replicas: 3 }\n'

    const edited = apply(text, set(['spec', 'replicas'], 0, 1))

    expect(edited).toBe('spec: { replicas: 1 }\n---\nspec: { replicas: 0 }\n---\nspec: { replicas: 3 }\n')
  })

  it.each([
    ['an anchor on the value', 'spec:\n  replicas: &n 3\n', 'MANIFEST_SHARED_VALUE'],
    ['an anchor on an empty value', 'spec:\n  replicas: &n\n', 'MANIFEST_SHARED_VALUE'],
    ['an alias as the value', 'n: &n 3\nspec:\n  replicas: *n\n', 'MANIFEST_SHARED_VALUE'],
    ['an ancestor that is used elsewhere', 'spec: &s\n  replicas: 3\nother: *s\n', 'MANIFEST_SHARED_VALUE'],
    ['an ancestor that is merged elsewhere', 'spec: &s\n  replicas: 3\nother:\n  <<: *s\n', 'MANIFEST_SHARED_VALUE'],
    ['a document that is used in itself', '&all\nspec:\n  replicas: 3\nother: *all\n', 'MANIFEST_SHARED_VALUE'],
    ['a merged parent', 'x: &x { spec: { replicas: 3 } }\n<<: *x\n', 'MANIFEST_SHARED_VALUE'],
    [
      'a value merged through a merge',
      'x: &x { replicas: 3 }\ny: &y { <<: *x }\nspec: { <<: *y, a: 1 }\n',
      'MANIFEST_SHARED_VALUE',
    ],
    ['a quoted merge key', 'x: &x { replicas: 3 }\nspec: { "<<": *x, a: 1 }\n', 'MANIFEST_SHARED_VALUE'],
    ['an alias as a key', 'x: &x replicas\nspec: { *x : 3 }\n', 'MANIFEST_SHARED_VALUE'],
    ['an alias that leads nowhere', 'spec: { replicas: 3, a: *x }\n', 'MANIFEST_UNPARSEABLE'],
    ['a key that stands twice', 'spec: { replicas: 3, "replicas": 4 }\n', 'MANIFEST_UNPARSEABLE'],
    [
      'a key that stands twice in another document',
      'spec: { replicas: 3 }\n---\n{ a: 1, a: 2 }\n',
      'MANIFEST_UNPARSEABLE',
    ],
    ['a list as a key', 'spec: { replicas: 3, [a]: 4 }\n', 'MANIFEST_UNPARSEABLE'],
    ['a template', 'spec:\n  replicas: {{ .Values.n }}\n', 'MANIFEST_TEMPLATED'],
    ['a template in quotes', 'spec:\n  replicas: "{{ .Values.n }}"\n', 'MANIFEST_TEMPLATED'],
    ['an encrypted file', 'spec:\n  replicas: 3\nsops: { mac: x }\n', 'MANIFEST_ENCRYPTED'],
    ['a file with another encrypted document', 'spec:\n  replicas: 3\n---\nsops: { mac: x }\n', 'MANIFEST_ENCRYPTED'],
    ['a parent that is a list', 'spec: [replicas]\n', 'MANIFEST_EDIT_UNSAFE'],
    ['a tag that would make text of the number', 'spec: { replicas: !!str 3 }\n', 'MANIFEST_EDIT_UNSAFE'],
    ['a tagged empty value', 'spec:\n  replicas: !!null\n  a: 1\n', 'MANIFEST_EDIT_UNSAFE'],
    ['a map that starts on the line of its colon', '? spec\n: a: 1\n', 'MANIFEST_EDIT_UNSAFE'],
    ['line ends of old Macs', 'spec:\n  # a\r  replicas: 3\n  b: 1\n', 'MANIFEST_EDIT_UNSAFE'],
    ['line ends that only Go knows', 'spec:\n  # a\u2028  replicas: 3\n  b: 1\n', 'MANIFEST_EDIT_UNSAFE'],
    ['a comment that touches an empty flow map', 'spec: {# a\n  }\n', 'MANIFEST_UNPARSEABLE'],
    ['an empty text', '', 'MANIFEST_EDIT_UNSAFE'],
  ])('refuses %s', (_title, text, code) => {
    expect(stopped(text)).toBe(code)
  })

  it.each([
    ['very deep nesting', `spec: { replicas: 3 }\na: ${'['.repeat(100_000)}`],
    ['more than one mebibyte', `spec: { replicas: 3 }\na: ${'x'.repeat(1024 * 1024)}`],
  ])('refuses %s', (_title, text) => {
    expect(stopped(text)).toBe('MANIFEST_UNPARSEABLE')
  })

  it('does not expand aliases that would grow without bounds', () => {
    const levels = Array.from({ length: 40 }, (_, n) => `  l${n + 1}: &l${n + 1} [${`*l${n}, `.repeat(9)}]\n`).join('')
    const text = `spec:\n  replicas: 3\nx:\n  l0: &l0 [lol]\n${levels}`

    const edited = apply(text, set(['spec', 'replicas'], 0))

    expect(edited).toBe(text.replace('replicas: 3', 'replicas: 0'))
  })

  it('does not loop on an alias inside the map it merges', () => {
    expect(stopped('spec: &s\n  <<: *s\n  a: 1\n')).toBe('MANIFEST_SHARED_VALUE')
    expect(stopped('x: &x { <<: *x, a: 1 }\nspec:\n  <<: *x\n')).toBe(
      'x: &x { <<: *x, a: 1 }\nspec:\n  replicas: 0\n  <<: *x\n',
    )
  })

  it('takes no longer than a map of very many keys grows', () => {
    const timeOf = (keys: number): number => {
      const data = Array.from({ length: keys }, (_, n) => `  k${n}: 1\n`).join('')
      const text = `spec: { replicas: 3 }\ndata:\n${data}`
      const started = process.cpuUsage()
      expect(apply(text, set(['spec', 'replicas'], 0)).startsWith('spec: { replicas: 0 }')).toBe(true)
      const { user, system } = process.cpuUsage(started)
      return user + system
    }
    timeOf(3000)

    // Ten times the keys: comparing each with each would take a hundred times as long.
    expect(timeOf(30_000) / timeOf(3000)).toBeLessThan(50)
  }, 120_000)

  it('takes no longer than the number of documents and changes grows', () => {
    const timeOf = (count: number): number => {
      const documents = Array.from(
        { length: count },
        (_, n) => `metadata:\n  name: web-${n}\nspec:\n  replicas: 3 # n\n`,
      )
      const changes = documents.flatMap((_document, index) => [
        set(['spec', 'replicas'], 0, index),
        set(['metadata', 'annotations', 'a'], 'b', index),
      ])
      const started = process.cpuUsage()
      const { changed } = applyChanges(openManifest(documents.join('---\n'), 'a.yaml'), changes)
      const { user, system } = process.cpuUsage(started)
      expect(changed).toHaveLength(2 * count)
      return user + system
    }
    timeOf(100)

    // Ten times as much: work for every pair would take a hundred times as long.
    expect(timeOf(1000) / timeOf(100)).toBeLessThan(50)
  }, 120_000)

  it.each([
    ['a value that is nested too deeply', '['.repeat(5000) + ']'.repeat(5000)],
    ['a value that is too long', JSON.stringify('x'.repeat(1024 * 1024))],
  ])('refuses %s', (_title, value) => {
    expect(() => apply('a: 1\n', set(['b'], JSON.parse(value) as Json))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^MANIFEST_/u) }),
    )
  })

  it('names no content of the file in its message', () => {
    const text = 'spec:\n  password: "hunter2\n  replicas: 3\n'

    expect(() => apply(text, set(['spec', 'replicas'], 0))).toThrow(
      /^a\.yaml is not valid YAML \([A-Z_]+\) at line \d+$/u,
    )
  })
})
