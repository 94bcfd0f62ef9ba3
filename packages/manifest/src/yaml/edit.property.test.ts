import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { ResponseError } from '@saker/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { applyChanges } from './apply-changes.ts'
import type { Change, Json, Step } from './change.ts'
import { openManifest } from './open-manifest.ts'
import { findPointer, pointerOf } from './pointer.ts'
import { restoreChange } from './restore-change.ts'
import { fuzzRuns } from '../../../../test/support/fixed-seed.ts'

const CORPUS = join(import.meta.dirname, '../../../../test/corpus/manifests')
const REAL = readdirSync(CORPUS).map((name) => readFileSync(join(CORPUS, name), 'utf8'))

/** The documents of a text as plain values, by the library's own conversion. Undefined where it finds fault. */
function valuesOf(text: string): readonly unknown[] | undefined {
  const documents = parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent' })
  if (documents.some(({ errors }) => errors.length > 0)) return undefined
  try {
    const values = documents.map((document) => document.toJS() as unknown)
    // An alias of something that it stands in has no end.
    return JSON.stringify(values) === undefined ? undefined : values
  } catch {
    return undefined
  }
}

/** What a change is to make of a value; written without a look at the code under test. */
function expected(value: unknown, [step, ...rest]: readonly Step[], change: Change): unknown {
  if (step !== undefined && Array.isArray(value)) {
    const items = value.map((item, index) => (index === step ? expected(item, rest, change) : (item as unknown)))
    return items.filter((item) => item !== GONE)
  }
  if (step !== undefined) {
    const map = new Map(Object.entries((value ?? {}) as Record<string, unknown>))
    const inner = expected(map.get(String(step)), rest, change)
    if (inner === GONE) map.delete(String(step))
    else map.set(String(step), inner)
    return Object.fromEntries(map)
  }
  if (change.op === 'set') return change.value
  if (change.op !== 'append') return GONE
  const list = (value ?? []) as readonly unknown[]
  return list.some((item) => isDeepStrictEqual(item, change.value)) ? list : [...list, change.value]
}

const GONE = Symbol('gone')

function isSubsequence(part: string, whole: string): boolean {
  let at = 0
  for (let index = 0; index < whole.length && at < part.length; index += 1) if (whole[index] === part[at]) at += 1
  return at === part.length
}

const scalar = fc.oneof(
  fc.constantFrom(
    'web',
    'nginx:1.27',
    'yes',
    '0123',
    '',
    'a b',
    'x: y',
    '- z',
    '# c',
    "it's",
    '"',
    'two\nlines\n',
    'ü',
  ),
  fc.constantFrom(0, 3, -1.5, true, false, null),
)
const { json } = fc.letrec<{ json: Json; list: readonly Json[]; map: Record<string, Json> }>((tie) => ({
  json: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('list'), tie('map')),
  list: fc.array(tie('json'), { maxLength: 3 }),
  map: fc.dictionary(fc.constantFrom('name', 'image', 'spec', 'a/b', 'labels', '8080', 'on'), tie('json'), {
    maxKeys: 3,
  }),
}))

/** How a generated document is written; comments and blank lines come from a small list, by turns. */
interface Look {
  readonly mapIndent: number
  readonly listIndent: number
  readonly flowFrom: number
  readonly notes: readonly string[]
}

function written(value: Json, look: Look): string {
  let turn = 0
  const note = (): string => look.notes[(turn += 1) % look.notes.length] ?? ''
  const flow = (one: Json): string => JSON.stringify(one).replaceAll(',', ', ').replaceAll('":', '": ')
  const block = (one: Json, column: number, depth: number): string => {
    const isEmpty = typeof one !== 'object' || one === null || Object.keys(one).length === 0
    if (isEmpty || depth >= look.flowFrom) return ` ${flow(one)}${note()}\n`
    const pad = ' '.repeat(column)
    if (Array.isArray(one)) {
      const items = (one as readonly Json[]).map((item) => {
        const text = block(item, column + 2, depth + 1)
        // A map or list begins on the line of its dash.
        return `${pad}-${text.startsWith('\n') ? ` ${text.replace(/^(?:\n|\n? *#.*\n)*/u, '').trimStart()}` : text}`
      })
      return `\n${items.join('')}`
    }
    const entries = Object.entries(one).map(([key, inner]) => {
      const below = Array.isArray(inner) ? column + look.listIndent : column + look.mapIndent
      return `${pad}${JSON.stringify(key)}:${block(inner, below, depth + 1)}`
    })
    return `${note()}\n${entries.join(note() === '' ? '' : `${pad}# between\n`)}`
  }
  return block(value, 0, 0).replace(/^.*\n/u, '')
}

const look = fc.record({
  mapIndent: fc.integer({ min: 1, max: 4 }),
  listIndent: fc.integer({ min: 0, max: 3 }),
  flowFrom: fc.integer({ min: 1, max: 6 }),
  notes: fc.array(fc.constantFrom('', '', ' # note', '\t# tab'), { minLength: 3, maxLength: 5 }),
})

const document = fc
  .tuple(fc.dictionary(fc.constantFrom('data', 'spec', 'items'), json, { minKeys: 1, maxKeys: 3 }), look)
  .map(([value, style]) => written(value, style))

const text = fc
  .record({
    documents: fc.array(document, { minLength: 1, maxLength: 3 }),
    start: fc.constantFrom('', '---\n', '# Copyright\n\n', '# Copyright\n---\n'),
    between: fc.constantFrom('---\n', '--- # next\n', '---\n\n# about the next\n'),
    windows: fc.boolean(),
    bom: fc.boolean(),
    finalNewline: fc.boolean(),
  })
  .map(({ documents, start, between, windows, bom, finalNewline }) => {
    const joined = start + documents.map((one, index) => `kind: K${index}\n${one}`).join(between)
    const ended = finalNewline ? joined : joined.trimEnd()
    return (bom ? '\uFEFF' : '') + (windows ? ended.replaceAll('\n', '\r\n') : ended)
  })

/** A file as people write it, or one that is damaged somewhere. */
const real = fc
  .record({
    whole: fc.constantFrom(...REAL),
    damage: fc.option(
      fc.record({
        at: fc.nat(),
        remove: fc.nat({ max: 12 }),
        insert: fc.constantFrom(
          '',
          ' ',
          '\n',
          '\t',
          '\r',
          '#',
          ':',
          '{',
          '}',
          '"',
          '- ',
          '---\n',
          '&a ',
          '*a',
          '<<: ',
          '? ',
          '!!str ',
          '|+ ',
        ),
      }),
    ),
  })
  .map(({ whole, damage }) => {
    if (damage === null) return whole
    const start = damage.at % whole.length
    return whole.slice(0, start) + damage.insert + whole.slice(start + damage.remove)
  })

/** Every place of a value, the top excepted, and some that are not there. */
function placesOf(value: unknown, steps: readonly Step[] = []): readonly (readonly Step[])[] {
  if (typeof value !== 'object' || value === null)
    return [
      [...steps, 'new'],
      [...steps, 'new', 'deep'],
    ]
  const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  const there = inner.flatMap(([step, one]: [Step, unknown]) => [[...steps, step], ...placesOf(one, [...steps, step])])
  return Array.isArray(value) ? there : [...there, [...steps, 'new'], [...steps, 'new', 'deep']]
}

const wish = fc.record({
  place: fc.nat(),
  value: json,
  op: fc.constantFrom('set', 'append', 'remove', 'prune', 'removeDocument'),
})

function changeOf(
  values: readonly unknown[],
  { place, value, op }: { place: number; value: Json; op: string },
): Change {
  const documentIndex = place % values.length
  if (op === 'removeDocument') return { op, documentIndex }
  const places = placesOf(values[documentIndex])
  const steps = places[Math.floor(place / values.length) % places.length] ?? ['new']
  const at = { documentIndex, steps }
  if (op === 'prune') return { op: 'remove', at, pruneEmpty: true }
  return op === 'remove' ? { op, at } : { op: op === 'set' ? 'set' : 'append', at, value }
}

/** What a change makes of a text; undefined when it is refused, which anything else than a ResponseError is not. */
function tried<T>(attempt: () => T): T | undefined {
  try {
    return attempt()
  } catch (thrown) {
    if (thrown instanceof ResponseError) return undefined
    throw thrown
  }
}

const edit = (before: string, changes: readonly Change[]): string =>
  applyChanges(openManifest(before, 'a.yaml'), changes).text

interface Edited {
  readonly before: string
  readonly after: string
  readonly change: Change
}

function editedBy(before: string, wanted: { place: number; value: Json; op: string }): Edited | undefined {
  const values = tried(() => openManifest(before, 'a.yaml')) && valuesOf(before)
  if (values === undefined || values.length === 0) return undefined
  const change = changeOf(values, wanted)
  const after = tried(() => edit(before, [change]))
  return after === undefined ? undefined : { before, after, change }
}

function expectOnlyIntended({ before, after, change }: Edited): void {
  const values = valuesOf(before) ?? []
  const wanted =
    change.op === 'removeDocument'
      ? values.filter((_value, index) => index !== change.documentIndex)
      : values.map((value, index) => (index === change.at.documentIndex ? wantedOf(value, change) : value))
  expect(valuesOf(after)).toEqual(wanted)
}

function wantedOf(value: unknown, change: Exclude<Change, { op: 'removeDocument' }>): unknown {
  const { steps } = change.at
  const isPruned = change.op === 'remove' && change.pruneEmpty === true
  return isPruned ? pruned(value, steps) : expectedAt(value, steps, change)
}

function expectedAt(value: unknown, steps: readonly Step[], change: Change): unknown {
  if (change.op === 'remove' && valueAt(value, steps) === undefined) return value
  return expected(value, steps, change)
}

function valueAt(value: unknown, steps: readonly Step[]): unknown {
  return steps.reduce<unknown>(
    (inner, step) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, step)
        ? (inner as Record<Step, unknown>)[step]
        : undefined,
    value,
  )
}

function pruned(value: unknown, steps: readonly Step[]): unknown {
  if (valueAt(value, steps) === undefined) return value
  const holder = valueAt(value, steps.slice(0, -1))
  const isLast = Object.keys(holder as object).length === 1 && steps.length > 1
  if (isLast) return pruned(value, steps.slice(0, -1))
  return expected(value, steps, { op: 'remove', at: { documentIndex: 0, steps } })
}

function isAddition({ before, change }: Edited): boolean {
  if (change.op !== 'set' && change.op !== 'append') return false
  const value = valuesOf(before)?.[change.at.documentIndex]
  const there = valueAt(value, change.at.steps)
  const holder = valueAt(value, change.at.steps.slice(0, -1))
  if (change.op === 'append') return Array.isArray(there) && there.length > 0
  return there === undefined && typeof holder === 'object' && holder !== null && Object.keys(holder).length > 0
}

/** What a document says of itself is how the ledger finds it; a change of that cannot be taken back. */
function touchesIdentity({ change }: Edited): boolean {
  if (change.op === 'removeDocument') return false
  const { steps } = change.at
  const isItemSet = change.op !== 'remove' && steps[0] === 'items' && steps.length === 2
  return (
    isItemSet ||
    ['metadata', 'items'].includes(String(steps.at(-1))) ||
    steps.some((step) => ['apiVersion', 'kind', 'name', 'namespace'].includes(String(step)))
  )
}

function expectRestored({ before, after, change }: Edited, foreign: (text: string) => string): void {
  if (before === after || touchesIdentity({ before, after, change })) return
  const place = tried(() => pointerOf(openManifest(before, 'a.yaml'), change))
  if (place === undefined) return
  const restored = restoreChange({ path: 'a.yaml', before, after, now: foreign(after) }, place)
  expect(restored).toEqual({ kind: 'edit', text: foreign(before) })
}

/** Somebody adds a key to another document, if there is one, and a comment at the top. */
function withForeignEdit(whole: string, { before, after, change }: Edited): string {
  const count = valuesOf(before)?.length ?? 0
  const changed = change.op === 'removeDocument' ? change.documentIndex : change.at.documentIndex
  const other = changed === count - 1 ? Math.max(0, count - 2) : count - 1
  const isShifted = change.op === 'removeDocument' && whole === after && changed < other
  // What goes to where the change was, or has no line end left to go by, stands elsewhere in the end.
  if ((change.op === 'remove' && other === changed) || before.includes('\r') !== after.includes('\r')) return whole
  const at = { documentIndex: isShifted ? other - 1 : other, steps: ['x-foreign'] }
  const more = edit(whole, [{ op: 'set', at, value: 'somebody' }])
  if (change.op === 'removeDocument') return more
  return more.replace(/^(\uFEFF?)([^%]*)$/u, '$1# somebody was here\n$2')
}

describe.each([
  ['generated files', text, fuzzRuns(200)],
  ['real files, whole and damaged', real, fuzzRuns(400)],
] as const)('edits of %s', (_title, files, numRuns) => {
  it('change what they are to change and nothing else, and nothing the second time', () => {
    let made = 0
    fc.assert(
      fc.property(files, wish, (before, wanted) => {
        const edited = editedBy(before, wanted)
        if (edited === undefined) return
        expectOnlyIntended(edited)
        if (edited.before !== edited.after) made += 1
        expect(!isAddition(edited) || isSubsequence(edited.before, edited.after)).toBe(true)
        const isAgain = edited.change.op === 'set' || edited.change.op === 'append'
        expect(isAgain ? edit(edited.after, [edited.change]) : edited.after).toBe(edited.after)
      }),
      { numRuns },
    )
    // A refusal is no failure, but many files have to be there that can be edited; of the real ones few can.
    expect(made).toBeGreaterThan(numRuns / 10)
  })

  it('are found again by their pointer', () => {
    fc.assert(
      fc.property(files, wish, (before, wanted) => {
        const edited = editedBy(before, wanted)
        if (edited === undefined || edited.before === edited.after || touchesIdentity(edited)) return
        if (edited.change.op !== 'set' && edited.change.op !== 'append') return
        const place = pointerOf(openManifest(before, 'a.yaml'), edited.change)
        const found = tried(() => findPointer(openManifest(edited.after, 'a.yaml'), place))
        const value = valueAt(valuesOf(edited.after)?.[found?.documentIndex ?? -1], found?.steps ?? [])
        expect(value).toEqual(edited.change.value)
      }),
      { numRuns },
    )
  })

  it('are taken back to the first byte', () => {
    fc.assert(
      fc.property(files, wish, (before, wanted) => {
        const edited = editedBy(before, wanted)
        if (edited !== undefined) expectRestored(edited, (whole) => whole)
      }),
      { numRuns },
    )
  })

  it('are taken back alone when somebody has edited something else since', () => {
    fc.assert(
      fc.property(files, wish, (before, wanted) => {
        const edited = editedBy(before, wanted)
        const isPossible =
          edited && tried(() => withForeignEdit(edited.before, edited) + withForeignEdit(edited.after, edited))
        if (edited !== undefined && isPossible !== undefined)
          expectRestored(edited, (whole) => withForeignEdit(whole, edited))
      }),
      { numRuns },
    )
  })
})
