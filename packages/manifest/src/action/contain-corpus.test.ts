import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments, YAMLMap } from 'yaml'
import { containIn, loneFile, type ContainedText, type LoneFile } from '../../../../test/support/contained-text.ts'
import type { BuiltObject } from '../layout/layout-model.ts'
import { workloadKindOf } from './workload-kind.ts'
import { fuzzRuns } from '../../../../test/support/fixed-seed.ts'

const CORPUS = join(import.meta.dirname, '../../../../test/corpus/manifests')
const FILES = new Map(readdirSync(CORPUS).map((name) => [name, readFileSync(join(CORPUS, name), 'utf8')]))

function workloadsOf({ objects }: LoneFile): readonly BuiltObject[] {
  return objects.filter(({ identity }) => workloadKindOf(identity.apiVersion, identity.kind) !== undefined)
}

/** The lines that differ, found without any YAML: what is left after cutting off equal lines at both ends. */
function changedLines(before: string, after: string): { line: number; from: readonly string[]; to: readonly string[] } {
  const [from, to] = [before.split('\n'), after.split('\n')]
  let start = 0
  while (start < from.length && start < to.length && from[start] === to[start]) start += 1
  let end = 0
  while (end < from.length - start && end < to.length - start && from.at(-1 - end) === to.at(-1 - end)) end += 1
  return { line: start + 1, from: from.slice(start, from.length - end), to: to.slice(start, to.length - end) }
}

function describeEdit(text: string, edit: ContainedText): string {
  if (edit.kind === 'refused') return `${edit.error.code}: ${edit.error.message}`
  if (edit.kind === 'unchanged') return 'unchanged'
  const { line, from, to } = changedLines(text, edit.text)
  return [
    `line ${line}`,
    ...from.map((one) => `    - ${JSON.stringify(one)}`),
    ...to.map((one) => `    + ${JSON.stringify(one)}`),
  ].join('\n')
}

/** Every document as plain values, by the library's own conversion, without what stops the workload in its object. */
function valuesBeside(text: string, { origin }: BuiltObject): readonly unknown[] {
  if ('remote' in origin) throw new Error('a lone file holds its objects')
  const { documentIndex, steps } = origin
  return parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent' }).map((document, index) => {
    if (index === documentIndex) {
      const spec = [...steps, 'spec']
      const isMap = (document.getIn(spec) ?? null) !== null
      for (const field of ['replicas', 'suspend']) if (isMap) document.deleteIn([...spec, field])
      // a spec of nothing else came for the field
      const value: unknown = document.getIn(spec)
      if (!isMap || (value instanceof YAMLMap && value.items.length === 0)) document.deleteIn(spec)
    }
    return document.toJS() as unknown
  })
}

interface Contained {
  readonly path: string
  readonly text: string
  readonly object: BuiltObject
  readonly edited: string
}

/** The workloads of a file that one field contains; a bare Pod goes as a whole, and a DaemonSet gets a node selector. */
function editable(path: string, text: string): readonly Contained[] {
  const file = loneFile(path, text)
  return workloadsOf(file).flatMap((object) => {
    const edit = SINGLE_FIELD.has(object.identity.kind) ? containIn(file, object) : undefined
    return edit?.kind === 'edit' ? [{ path, text, object, edited: edit.text }] : []
  })
}

/** The same again, on the result. */
function containAgain({ path, object, edited }: Contained): ContainedText | undefined {
  const file = loneFile(path, edited)
  const { kind, name, namespace } = object.identity
  const same = workloadsOf(file).find(
    ({ identity }) => identity.kind === kind && identity.name === name && identity.namespace === namespace,
  )
  return same === undefined ? undefined : containIn(file, same)
}

const SINGLE_FIELD = new Set(['Deployment', 'StatefulSet', 'ReplicaSet', 'Rollout', 'CronJob', 'Job'])

const EDITABLE = [...FILES].flatMap(([path, text]) => editable(path, text))

describe('contain on the corpus', () => {
  it('does to every workload what the golden file says', async () => {
    const report = [...FILES].map(([path, text]) => {
      const file = loneFile(path, text)
      return [
        `# ${path}`,
        ...file.unreadable.map((code) => `unreadable: ${code}`),
        ...workloadsOf(file).map((object) => {
          const { kind, name } = object.identity
          return `${kind} ${name}: ${describeEdit(text, containIn(file, object))}`
        }),
      ].join('\n')
    })

    await expect(`${report.join('\n\n')}\n`).toMatchFileSnapshot('../../../../test/corpus/manifests-contained.txt')
  })

  it.each(EDITABLE)('changes one value of $object.identity.name in $path, and nothing the second time', (contained) => {
    expect(containAgain(contained)).toMatchObject({ kind: 'unchanged' })
    expect(valuesBeside(contained.edited, contained.object)).toEqual(valuesBeside(contained.text, contained.object))
  })

  it('keeps byte order marks, and the line ends of files that have one kind', () => {
    const lineEndsOf = (text: string): readonly string[] => [...new Set(text.match(/\r?\n/gu))]
    const uniform = EDITABLE.filter(({ text }) => lineEndsOf(text).length === 1)

    for (const { text, edited } of EDITABLE) expect(edited.startsWith('\uFEFF')).toBe(text.startsWith('\uFEFF'))
    for (const { text, edited } of uniform) expect(lineEndsOf(edited)).toEqual(lineEndsOf(text))
    expect(uniform.some(({ text }) => text.includes('\r\n'))).toBe(true)
  })

  it('either refuses a damaged file or still changes one value only', () => {
    const damaged = fc.record({
      file: fc.constantFrom(...FILES),
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
        "'",
        '- ',
        '---\n',
        '&a ',
        '*a',
        '<<: ',
        '? ',
        '!!str ',
        '| ',
        ',',
      ),
    })

    fc.assert(
      fc.property(damaged, ({ file: [path, whole], at, remove, insert }) => {
        const start = at % whole.length
        const text = whole.slice(0, start) + insert + whole.slice(start + remove)
        for (const contained of editable(path, text)) {
          expect(valuesBeside(contained.edited, contained.object)).toEqual(valuesBeside(text, contained.object))
          expect(containAgain(contained)).toMatchObject({ kind: 'unchanged' })
        }
      }),
      { numRuns: fuzzRuns(150) },
    )
  })
})
