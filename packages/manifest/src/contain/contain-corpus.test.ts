import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { blobOid, ResponseError } from '@saker/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { DeclaredWorkload, DeclaredWorkloads } from '../workload/declared-workload.ts'
import { declaredWorkloads } from '../workload/declared-workloads.ts'
import { containAlone, type ContainedText } from './contain-alone.ts'

const CORPUS = join(import.meta.dirname, '../../../../test/corpus/manifests')
const FILES = new Map(readdirSync(CORPUS).map((name) => [name, readFileSync(join(CORPUS, name), 'utf8')]))

function declaredIn(path: string, text: string): DeclaredWorkloads {
  const file = { path, mode: '100644', oid: blobOid(text), text } as const
  return declaredWorkloads({ sha: '0'.repeat(40), files: new Map([[path, file]]) }, { paths: [''] })
}

function contain(text: string, manifest: DeclaredWorkload): ContainedText | ResponseError {
  try {
    return containAlone(text, manifest)
  } catch (thrown) {
    if (thrown instanceof ResponseError) return thrown
    throw thrown
  }
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

function describeEdit(text: string, manifest: DeclaredWorkload): string {
  const edit = contain(text, manifest)
  if (edit instanceof ResponseError) return `${edit.code}: ${edit.message}`
  if (edit.kind === 'unchanged') return 'unchanged'
  const { line, from, to } = changedLines(text, edit.text)
  return [
    `line ${line}`,
    ...from.map((one) => `    - ${JSON.stringify(one)}`),
    ...to.map((one) => `    + ${JSON.stringify(one)}`),
  ].join('\n')
}

/** Every document as plain values, by the library's own conversion, with the contained field taken out of its document. */
function valuesBeside(text: string, { documentIndex }: DeclaredWorkload): readonly unknown[] {
  return parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent' }).map((document, index) => {
    if (index === documentIndex) {
      document.deleteIn(['spec', 'replicas'])
      document.deleteIn(['spec', 'suspend'])
    }
    return document.toJS() as unknown
  })
}

interface Contained {
  readonly text: string
  readonly manifest: DeclaredWorkload
  readonly edit: Extract<ContainedText, { kind: 'edit' }>
}

/** The workloads of a file that can be contained in it. */
function editable(path: string, text: string): readonly Contained[] {
  return declaredIn(path, text).workloads.flatMap((manifest) => {
    const edit = contain(text, manifest)
    return edit instanceof ResponseError || edit.kind === 'unchanged' ? [] : [{ text, manifest, edit }]
  })
}

const EDITABLE = [...FILES].flatMap(([path, text]) => editable(path, text))

describe('contain on the corpus', () => {
  it('does to every workload what the golden file says', async () => {
    const report = [...FILES].map(([path, text]) => {
      const { workloads, unreadable } = declaredIn(path, text)
      return [
        `# ${path}`,
        ...unreadable.map(({ code }) => `unreadable: ${code}`),
        ...workloads.map((manifest) => `${manifest.kind} ${manifest.name}: ${describeEdit(text, manifest)}`),
      ].join('\n')
    })

    await expect(`${report.join('\n\n')}\n`).toMatchFileSnapshot('../../../../test/corpus/manifests-contained.txt')
  })

  it.each(EDITABLE)(
    'changes one value of $manifest.name in $manifest.path, and nothing the second time',
    ({ text, manifest, edit }) => {
      const again = contain(edit.text, manifest)

      expect(again).toMatchObject({ kind: 'unchanged' })
      expect(valuesBeside(edit.text, manifest)).toEqual(valuesBeside(text, manifest))
    },
  )

  it('keeps byte order marks, and the line ends of files that have one kind', () => {
    const lineEndsOf = (text: string): readonly string[] => [...new Set(text.match(/\r?\n/gu))]
    const uniform = EDITABLE.filter(({ text }) => lineEndsOf(text).length === 1)

    for (const { text, edit } of EDITABLE) expect(edit.text.startsWith('\uFEFF')).toBe(text.startsWith('\uFEFF'))
    for (const { text, edit } of uniform) expect(lineEndsOf(edit.text)).toEqual(lineEndsOf(text))
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
        for (const { manifest, edit } of editable(path, text)) {
          expect(valuesBeside(edit.text, manifest)).toEqual(valuesBeside(text, manifest))
          expect(contain(edit.text, manifest)).toMatchObject({ kind: 'unchanged' })
        }
      }),
      { numRuns: 150 },
    )
  })
})
