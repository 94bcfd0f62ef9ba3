import { expect, test } from 'vitest'
import { isTreePath } from './tree-path.ts'

test.each([
  'a.yaml',
  'apps/web/a.yaml',
  '.github/x.yml',
  '.gitignore',
  'a/.../b',
  '..a/b',
  'größe/🦅 .yaml',
  'a\\b',
  'C:/x',
])('takes %j', (path) => {
  expect(isTreePath(path)).toBe(true)
})

test.each([
  '',
  '/etc/passwd',
  '../x',
  'a/../x',
  'a/..',
  './x',
  'a/./x',
  'a//x',
  'a/',
  '.git/config',
  'a/.GIT/hooks/x',
  '.git',
  'a\0b',
])('refuses %j', (path) => {
  expect(isTreePath(path)).toBe(false)
})
