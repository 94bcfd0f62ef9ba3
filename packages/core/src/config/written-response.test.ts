import { describe, expect, it } from 'vitest'
import { parseConfig } from './parse-config.ts'

/** What is wrong with a config of one response, as `match.priority: …`. */
function faultLines(response: Readonly<Record<string, unknown>>): readonly string[] {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'https://git.example.com/fleet' }, delivery: 'commit' } },
    responses: [{ name: 'one', match: {}, actions: [{ contain: {} }], ...response }],
  })
  const faults = 'faults' in parsed ? parsed.faults : []
  return faults.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)
}

const matchLines = (match: unknown): readonly string[] => faultLines({ match })
const fieldLines = (field: unknown): readonly string[] =>
  matchLines({ fields: { x: field } }).map((line) => line.replace('match.fields.x', 'x'))
const actionLines = (...actions: readonly unknown[]): readonly string[] => faultLines({ actions })

describe('a match', () => {
  it.each([
    [{ alertRules: ['Drop*'], priority: '>= warning', sources: ['syscall'], clusters: ['default'] }],
    [{ tags: { any: ['a'], all: [], none: [] }, namespaces: { in: ['*', 'team-*'], notIn: [] } }],
    [{ fields: {} }],
  ])('%j is understood', (match) => {
    expect(matchLines(match)).toEqual([])
  })

  it.each<[unknown, string]>([
    [{ alertRules: 'Drop' }, 'match.alertRules: must be a list'],
    [{ alertRules: [] }, 'match.alertRules: must not be empty'],
    [{ tags: ['a'] }, 'match.tags: must be a map'],
    [{ tags: { any: [] } }, 'match.tags.any: must not be empty'],
    [{ tags: { all: ['a'], none: ['a'] } }, 'match.tags: can never hold: none excludes what any or all asks for'],
    [
      { tags: { any: ['a', 'b'], none: ['b', 'a'] } },
      'match.tags: can never hold: none excludes what any or all asks for',
    ],
    [
      { namespaces: { in: ['Team'] } },
      'match.namespaces.in.0: must be the name of a namespace, or a glob of one with *',
    ],
    [{ namespaces: ['shop'] }, 'match.namespaces: must be a map'],
    [{ namespace: { in: ['a'] } }, 'match.namespace: unknown key `namespace`; did you mean `namespaces`?'],
    [{ rules: ['a'] }, 'match.rules: unknown key `rules`; did you mean `alertRules`?'],
    [
      { priority: 'High' },
      'match.priority: must be one of Debug, Informational, Notice, Warning, Error, Critical, Alert, Emergency, with <, <=, =, >= or > in front if wanted',
    ],
    [
      { priority: '=>Warning' },
      'match.priority: must be one of Debug, Informational, Notice, Warning, Error, Critical, Alert, Emergency, with <, <=, =, >= or > in front if wanted',
    ],
    [{ fields: { 'proc.name': 'sh' } }, 'match.fields.proc.name: must be a map'],
    [{ fields: ['proc.name=sh'] }, 'match.fields: must be a map'],
    [{ fields: null }, 'match.fields: must be a map'],
    [null, 'match: must be a map'],
    [undefined, 'match: is missing'],
  ])('%j refuses the file: %s', (match, line) => {
    expect(matchLines(match)).toEqual([line])
  })

  it('is not passed over under a key that maps hide', () => {
    expect(matchLines(JSON.parse('{"fields":{"__proto__":{"equals":"sh"}}}'))).toEqual([
      'match.fields.__proto__: is not allowed as a key',
    ])
  })
})

describe('a condition on a field', () => {
  it.each([
    [{ equals: 'sh', notEquals: 0, in: ['a', true], notIn: [-1] }],
    [{ glob: '*', regex: '^a', exists: true }],
    [{ greaterThan: 1.5, lessThan: '18446744073670260079' }],
    [{ exists: false }],
    [{ exists: false, notEquals: 'a', notIn: ['b'] }],
  ])('%j is understood', (field) => {
    expect(fieldLines(field)).toEqual([])
  })

  const VALUE = 'must be text, a whole number, true or false; other numbers in quotes'
  const BOUND = 'must be a decimal number, in quotes when it has more than 15 digits'
  it.each<[unknown, string]>([
    [{}, 'x: must have at least one condition'],
    [null, 'x: must be a map'],
    [{ equals: null }, `x.equals: ${VALUE}`],
    [{ equals: 1.5 }, `x.equals: ${VALUE}`],
    [{ equals: 2 ** 64 }, `x.equals: ${VALUE}`],
    [{ equals: ['sh'] }, `x.equals: ${VALUE}`],
    [{ equals: '' }, 'x.equals: counts as absent; use exists'],
    [{ notEquals: '<NA>' }, 'x.notEquals: counts as absent; use exists'],
    [{ in: 'sh' }, 'x.in: must be a list'],
    [{ in: [] }, 'x.in: must not be empty'],
    [{ notIn: [] }, 'x.notIn: must not be empty'],
    [{ in: ['sh', null] }, `x.in.1: ${VALUE}`],
    [{ glob: '' }, 'x.glob: must not be empty'],
    [{ regex: '(' }, 'x.regex: is not a regular expression in RE2 syntax: missing closing )'],
    [{ regex: '(?=a)' }, 'x.regex: is not a regular expression in RE2 syntax: it has no look-around'],
    [{ regex: 'a(?<!b)' }, 'x.regex: is not a regular expression in RE2 syntax: it has no look-around'],
    [{ regex: 'a'.repeat(501) }, 'x.regex: must have at most 500 characters'],
    [{ exists: 'yes' }, 'x.exists: must be true or false'],
    [{ greaterThan: '0x10' }, `x.greaterThan: ${BOUND}`],
    [{ greaterThan: 9_007_199_254_740_992 }, `x.greaterThan: ${BOUND}`],
    [{ lessThan: Infinity }, `x.lessThan: ${BOUND}`],
    [{ greaterThan: 5, lessThan: '5' }, 'x: can never hold: greaterThan is not below lessThan'],
    [{ exists: false, equals: 'sh' }, 'x: can never hold: a field that does not exist has no value'],
    [{ equal: 'sh' }, 'x.equal: unknown key `equal`; did you mean `equals`?'],
    [{ greaterthan: 1 }, 'x.greaterthan: unknown key `greaterthan`; did you mean `greaterThan`?'],
  ])('%j refuses the file: %s', (field, line) => {
    expect(fieldLines(field)).toEqual([line])
  })
})

describe('actions', () => {
  it.each([
    [{ contain: {} }],
    [{ scale: { replicas: 3 } }],
    [{ isolate: {} }],
    [{ isolate: { policy: 'kubernetes' } }],
    [{ label: { quarantine: '', 'saker.dev/by': 'a.b-c_d' } }],
    [{ annotate: { 'example.com/note': 'two\nlines: $x {y}' } }],
    [{ image: { container: 'web', set: 'web' } }],
    [{ image: { container: 'web', set: 'registry.example.com:5000/a/b__c:v1.2-3@sha256:' + 'a'.repeat(64) } }],
    [{ image: { container: 'web', rollback: true } }],
    [{ patch: { merge: { spec: { paused: true, old: null }, metadata: { labels: { a: 'b' } } } } }],
    [
      {
        patch: {
          json6902: [
            { op: 'test', path: '/kind', value: 'Deployment' },
            { op: 'add', path: '/spec/a~1b/-', value: null },
          ],
        },
      },
    ],
    [{ patch: { json6902: [{ op: 'copy', from: '/metadata/name', path: '/spec/x' }] } }],
  ])('%j are taken', (action) => {
    expect(actionLines(action)).toEqual([])
  })

  const NOT_THEIRS = 'must leave apiVersion, kind, metadata.name, metadata.namespace and status alone'
  it.each<[unknown, string]>([
    ['contain', 'actions.0: must be a map'],
    [{}, 'actions.0: must have exactly one action; start each with a dash of its own'],
    [{ contain: {}, isolate: {} }, 'actions.0: must have exactly one action; start each with a dash of its own'],
    [{ contain: null }, 'actions.0.contain: must be a map'],
    [{ contain: { force: true } }, 'actions.0.contain.force: unknown key `force`; none is known here'],
    [{ contian: {} }, 'actions.0.contian: unknown key `contian`; did you mean `contain`?'],
    [{ scale: { replica: 1 } }, 'actions.0.scale.replica: unknown key `replica`; did you mean `replicas`?'],
    [{ scale: 0 }, 'actions.0.scale: must be a map'],
    [{ scale: { replicas: -1 } }, 'actions.0.scale.replicas: must not be negative'],
    [{ scale: { replicas: 1.5 } }, 'actions.0.scale.replicas: must be a whole number'],
    [{ scale: { replicas: '3' } }, 'actions.0.scale.replicas: must be a whole number'],
    [{ scale: { replicas: 2 ** 31 } }, 'actions.0.scale.replicas: must be less than 2147483648'],
    [{ isolate: { policy: 'calico' } }, 'actions.0.isolate.policy: must be kubernetes or cilium'],
    [{ label: {} }, 'actions.0.label: must name at least one label'],
    [{ label: { quarantine: true } }, 'actions.0.label.quarantine: must be text: put it in quotes'],
    [
      { label: { quarantine: 'a b' } },
      'actions.0.label.quarantine: must be at most 63 letters, digits, "-", "_" and ".", the ends letters or digits',
    ],
    [
      { label: { a: 'x'.repeat(64) } },
      'actions.0.label.a: must be at most 63 letters, digits, "-", "_" and ".", the ends letters or digits',
    ],
    [
      { label: { '-a': 'b' } },
      'actions.0.label.-a: has a key that Kubernetes does not take: letters, digits, "-", "_" and ".", after a domain and "/"',
    ],
    [
      { label: { 'Example.com/a': 'b' } },
      'actions.0.label.Example.com/a: has a key that Kubernetes does not take: letters, digits, "-", "_" and ".", after a domain and "/"',
    ],
    [
      { annotate: { 'a/b/c': 'd' } },
      'actions.0.annotate.a/b/c: has a key that Kubernetes does not take: letters, digits, "-", "_" and ".", after a domain and "/"',
    ],
    [{ annotate: { a: 'x ${y}' } }, 'actions.0.annotate.a: must not hold ${, which Flux would substitute'],
    [{ annotate: { a: 'x\u0000' } }, 'actions.0.annotate.a: must not hold control characters'],
    [{ annotate: { a: 1 } }, 'actions.0.annotate.a: must be text: put it in quotes'],
    [{ image: { container: 'web' } }, 'actions.0.image: must have exactly one of set and rollback'],
    [
      { image: { container: 'web', set: 'a', rollback: true } },
      'actions.0.image: must have exactly one of set and rollback',
    ],
    [{ image: { container: 'web', rollback: false } }, 'actions.0.image.rollback: must be true, or left out'],
    [{ image: { set: 'a' } }, 'actions.0.image.container: is missing'],
    [
      { image: { container: 'web', set: 'web:${TAG}' } },
      'actions.0.image.set: must be an image reference, such as registry.example.com/app:1.2',
    ],
    [
      { image: { container: 'web', set: 'web :1' } },
      'actions.0.image.set: must be an image reference, such as registry.example.com/app:1.2',
    ],
    [{ patch: {} }, 'actions.0.patch: must have exactly one of json6902 and merge'],
    [
      { patch: { merge: { a: 1 }, json6902: [{ op: 'remove', path: '/a' }] } },
      'actions.0.patch: must have exactly one of json6902 and merge',
    ],
    [
      { patch: { json6902: [{ op: 'replace', path: 'spec', value: 1 }] } },
      'actions.0.patch.json6902.0.path: must be a JSON pointer, such as /spec/replicas',
    ],
    [
      { patch: { json6902: [{ op: 'add', path: '', value: {} }] } },
      'actions.0.patch.json6902.0.path: must be a JSON pointer, such as /spec/replicas',
    ],
    [{ patch: { json6902: [{ op: 'replace', path: '/spec' }] } }, 'actions.0.patch.json6902.0.value: is missing'],
    [{ patch: { json6902: [{ op: 'move', path: '/spec' }] } }, 'actions.0.patch.json6902.0.from: is missing'],
    [
      { patch: { json6902: [{ op: 'set', path: '/spec' }] } },
      'actions.0.patch.json6902.0.op: must have an op: add, remove, replace, move, copy or test',
    ],
    [
      { patch: { json6902: [{ op: 'replace', path: '/metadata/name', value: 'x' }] } },
      `actions.0.patch.json6902.0.path: ${NOT_THEIRS}`,
    ],
    [{ patch: { json6902: [{ op: 'remove', path: '/metadata' }] } }, `actions.0.patch.json6902.0.path: ${NOT_THEIRS}`],
    [
      { patch: { json6902: [{ op: 'move', from: '/kind', path: '/spec/x' }] } },
      `actions.0.patch.json6902.0.from: ${NOT_THEIRS}`,
    ],
    [
      { patch: { json6902: [{ op: 'add', path: '/status/x', value: 1 }] } },
      `actions.0.patch.json6902.0.path: ${NOT_THEIRS}`,
    ],
    [{ patch: { merge: { metadata: { namespace: 'x' } } } }, `actions.0.patch.merge.metadata.namespace: ${NOT_THEIRS}`],
    [{ patch: { merge: { kind: null } } }, `actions.0.patch.merge.kind: ${NOT_THEIRS}`],
    [
      { patch: { merge: { spec: { 'a${b}': 1 } } } },
      'actions.0.patch.merge.spec.a${b}: must not hold ${, which Flux would substitute',
    ],
    [
      { patch: { merge: { spec: { n: 2 ** 60 } } } },
      'actions.0.patch.merge.spec.n: is a number too great to be kept exactly',
    ],
    [
      { patch: { json6902: [{ op: 'add', path: '/spec/x', value: ['${y}'] }] } },
      'actions.0.patch.json6902.0.value.0: must not hold ${, which Flux would substitute',
    ],
  ])('%j refuses the file: %s', (action, line) => {
    expect(actionLines(action)).toContain(line)
  })

  it.each<readonly [unknown, unknown]>([
    [{ contain: {} }, { scale: { replicas: 2 } }],
    [{ scale: { replicas: 2 } }, { scale: { replicas: 3 } }],
    [{ scale: { replicas: 2 } }, { patch: { merge: { spec: { replicas: 3 } } } }],
    [{ contain: {} }, { patch: { json6902: [{ op: 'remove', path: '/spec' }] } }],
    [{ label: { a: 'b' } }, { label: { c: 'd', a: 'e' } }],
    [{ label: { a: 'b' } }, { patch: { merge: { metadata: { labels: { a: null } } } } }],
    [{ annotate: { 'x.y/a': 'b' } }, { patch: { json6902: [{ op: 'remove', path: '/metadata/annotations/x.y~1a' }] } }],
    [{ image: { container: 'web', set: 'a:1' } }, { image: { container: 'web', rollback: true } }],
    [{ isolate: { policy: 'cilium' } }, { isolate: { policy: 'kubernetes' } }],
  ])('%j and %j contradict each other', (first, second) => {
    expect(actionLines(first, { contain: {} }, second).length).toBeGreaterThan(0)
    expect(actionLines(first, second)).toEqual(['actions.1: contradicts action 1 of this response'])
    expect(actionLines(second, first)).toEqual(['actions.1: contradicts action 1 of this response'])
  })

  it.each<readonly [unknown, unknown]>([
    [{ contain: {} }, { scale: { replicas: 0 } }],
    [{ contain: {} }, { isolate: {} }],
    [{ label: { a: 'b' } }, { annotate: { a: 'c' } }],
    [{ image: { container: 'web', set: 'a:1' } }, { image: { container: 'side', set: 'a:2' } }],
    [{ label: { a: 'b' } }, { patch: { merge: { metadata: { labels: { a: 'b', c: 'd' } } } } }],
    [{ contain: {} }, { patch: { json6902: [{ op: 'test', path: '/spec/replicas', value: 3 }] } }],
  ])('%j and %j go together', (first, second) => {
    expect(actionLines(first, second)).toEqual([])
  })
})

describe('revertAfter', () => {
  it.each(['0s', '00h', '4', 4, '-1h', '400d', ''])('%j refuses the file', (revertAfter) => {
    expect(faultLines({ revertAfter })).toEqual([expect.stringMatching(/^revertAfter: must be /u)])
  })
})
