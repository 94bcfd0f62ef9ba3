import { describe, expect, it } from 'vitest'
import { matchesFolder, matchesGlob } from './glob.ts'

describe('matchesGlob', () => {
  it.each([
    ['*.yaml', 'a/b.yaml', true],
    ['keep-*.yaml', 'keep-web.yaml', true],
    ['keep-*.yaml', 'other.yaml', false],
    ['{drafts/*,*.local.yaml}', 'drafts/next.yaml', true],
    ['{drafts/*,*.local.yaml}', 'test.local.yaml', true],
    ['{drafts/*,*.local.yaml}', 'web.yaml', false],
    ['we?.yaml', 'web.yaml', true],
    ['we?.yaml', 'we.yaml', false],
    ['a+b.yaml', 'aab.yaml', false],
  ])('%s, of %s: %s', (glob, path, fits) => {
    expect(matchesGlob(glob, path)).toBe(fits)
  })
})

describe('matchesFolder', () => {
  it.each([
    ['tools/*', 'tools/search', true],
    ['tools/*', 'tools/search/more', false],
    ['tools', 'tools', true],
  ])('%s, of %s: %s', (glob, folder, fits) => {
    expect(matchesFolder(glob, folder)).toBe(fits)
  })
})
