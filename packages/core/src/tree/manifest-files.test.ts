import { expect, test } from 'vitest'
import { hasWantedText } from './manifest-files.ts'

const named = new Set(['Tiltfile'])

test.each([
  'a.yaml',
  'a/b.yml',
  'c.json',
  'Kustomization',
  'apps/Kustomization',
  '.sourceignore',
  'x/.krmignore',
  'Tiltfile',
  'a/.argocd-source-web.yaml',
])('reads the text of %s, executable or not', (path) => {
  expect(hasWantedText({ path, mode: '100644' }, named)).toBe(true)
  expect(hasWantedText({ path, mode: '100755' }, named)).toBe(true)
})

test.each(['a.YAML', 'README.md', 'notKustomization', 'a/Tiltfile', 'a.yaml/x', 'a\uFFFD.yaml'])(
  'does not read the text of %s',
  (path) => {
    expect(hasWantedText({ path, mode: '100644' }, named)).toBe(false)
  },
)

test.each(['120000', '160000'] as const)('follows no entry of mode %s', (mode) => {
  expect(hasWantedText({ path: 'a.yaml', mode }, named)).toBe(false)
})
