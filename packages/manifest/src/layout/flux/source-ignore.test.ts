import { describe, expect, it } from 'vitest'
import { RepositoryFiles } from '../repository-files.ts'
import { ignoreRuleOf } from './source-ignore.ts'

function isIgnored(path: string, texts: Readonly<Record<string, string>>): boolean {
  const files = new Map(
    Object.entries(texts).map(([name, text]) => [name, { path: name, mode: '100644', oid: '', text } as const]),
  )
  return ignoreRuleOf(RepositoryFiles.of({ sha: '', files }))(path)
}

describe('ignoreRuleOf', () => {
  it.each([
    ['apps/test/', 'apps/test/web.yaml', true],
    ['apps/test/', 'other/apps/test/web.yaml', false],
    ['test', 'apps/test/web.yaml', true],
    ['*.tmp.yaml', 'a/b/web.tmp.yaml', true],
    ['/*.yaml', 'a/web.yaml', false],
    ['/*.yaml', 'web.yaml', true],
    ['**/drafts/**', 'a/b/drafts/c/web.yaml', true],
    ['/*\n!/apps', 'clusters/web.yaml', true],
    ['/*\n!/apps', 'apps/web.yaml', false],
    ['# test', 'test', false],
  ])('%j leaves out %s: %s', (text, path, ignored) => {
    expect(isIgnored(path, { '.sourceignore': text })).toBe(ignored)
  })

  it('counts a file of rules only below its own folder', () => {
    const texts = { 'apps/.sourceignore': 'web.yaml\n' }

    expect(isIgnored('apps/a/web.yaml', texts)).toBe(true)
    expect(isIgnored('web.yaml', texts)).toBe(false)
  })

  it('leaves out what belongs to continuous integration', () => {
    expect(isIgnored('.github/workflows/web.yaml', {})).toBe(true)
  })
})
