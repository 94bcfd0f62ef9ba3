import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')

const PAGES = ['.', '.github', 'docs', 'docs/adr', 'helm/saker'].flatMap((folder) =>
  existsSync(join(ROOT, folder))
    ? readdirSync(join(ROOT, folder)).flatMap((name) => (name.endsWith('.md') ? [join(ROOT, folder, name)] : []))
    : [],
)

/** A page without what stands in fences, where nothing is a heading or a link. */
const proseOf = (page: string): string => readFileSync(page, 'utf8').replaceAll(/^ *(```+)[^]*?^ *\1$/gmu, '')

/** What GitHub makes of the headings of a page; a heading that comes again has a number behind it. */
function anchorsOf(page: string): ReadonlySet<string> {
  const seen = new Map<string, number>()
  const anchors = Array.from(proseOf(page).matchAll(/^#{1,6} (.+)$/gmu), ([, heading = '']) => {
    const text = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/gu, '$1')
      .trim()
      .toLowerCase()
    const anchor = text.replaceAll(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-')
    const times = seen.get(anchor) ?? 0
    seen.set(anchor, times + 1)
    return times === 0 ? anchor : `${anchor}-${times}`
  })
  return new Set(anchors)
}

/** Links of a page that lead nowhere within the repository. */
function deadLinksIn(page: string): readonly string[] {
  return Array.from(proseOf(page).matchAll(/\]\(([^)\s]+)\)/gu), ([, link = '']) => link).filter((link) => {
    if (/^[a-z]+:/u.test(link)) return false
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? page : join(dirname(page), path)
    return !existsSync(target) || (anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor))
  })
}

describe('links of the documentation', () => {
  it.each(PAGES.map((page) => relative(ROOT, page)))('of %s lead somewhere', (page) => {
    expect(deadLinksIn(join(ROOT, page))).toEqual([])
  })
})
