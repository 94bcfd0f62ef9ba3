import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERROR_CODES, type ErrorCode } from '@saker/core'
import { describe, expect, it } from 'vitest'

/** What a section of the page says, by its label: `- **Meaning:** …`. */
interface Section {
  readonly code: string
  readonly says: ReadonlyMap<string, string>
}

const LABELS = ['Meaning', 'When', 'Do', 'Tried again']

function sectionsOf(page: string): readonly Section[] {
  return page
    .split(/^### /mu)
    .slice(1)
    .map((section) => ({
      code: section.slice(0, section.indexOf('\n')).trim(),
      says: new Map(
        Array.from(section.matchAll(/^- \*\*([^*]+):\*\* (.+)$/gmu), ([, label = '', text = '']) => [label, text]),
      ),
    }))
}

const SECTIONS = sectionsOf(readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8'))
const CODES = Object.keys(ERROR_CODES) as ErrorCode[]

describe('docs/errors.md', () => {
  it('explains every code of the table', () => {
    const explained = new Set(SECTIONS.map(({ code }) => code))
    const missing = CODES.filter((code) => !explained.has(code))

    expect(missing, 'add a section "### CODE" to docs/errors.md for each of these').toEqual([])
  })

  it('explains no code that is not in the table', () => {
    const known = new Set<string>(CODES)
    const extra = SECTIONS.map(({ code }) => code).filter((code) => !known.has(code))

    expect(extra, 'take these out of docs/errors.md, or add them to ERROR_CODES in packages/core').toEqual([])
  })

  it('explains each code once', () => {
    expect(SECTIONS.map(({ code }) => code)).toHaveLength(new Set(SECTIONS.map(({ code }) => code)).size)
  })

  it.each(SECTIONS)('says of $code what it means, when it happens and what to do', ({ code, says }) => {
    expect([...says.keys()], `give ${code} one line each of ${LABELS.join(', ')}`).toEqual(LABELS)
  })

  it.each(SECTIONS)('says of $code whether it is tried again, as the table does', ({ code, says }) => {
    const retryable: boolean | undefined = ERROR_CODES[code as ErrorCode]?.retryable

    expect(says.get('Tried again'), `ERROR_CODES.${code}.retryable decides`).toBe(retryable ? 'yes' : 'no')
  })
})
