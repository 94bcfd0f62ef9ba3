import { expect, test } from 'vitest'
import { isBranchName } from '@saker/core'
import { gitPlaceOf } from './git-place.ts'

const place = (url: string, kind: 'none' | 'token' | 'ssh' = 'none', branch = 'main') =>
  gitPlaceOf({ kind: 'git', url }, branch, { kind })

test('keeps the user of an ssh URL in it, and takes that of an https URL out', () => {
  expect(place('ssh://git@host.test:2222/a/b.git', 'ssh')).toMatchObject({
    url: 'ssh://git@host.test:2222/a/b.git',
    scheme: 'ssh',
  })
  expect(place('https://me:pw@host.test/a/b.git', 'token')).toMatchObject({
    url: 'https://host.test/a/b.git',
    origin: 'https://host.test',
    username: 'me',
  })
})

test('gives distinct places distinct folder names that can be read', () => {
  const slugs = [
    place('https://host.test/a/b.git').slug,
    place('https://host.test/c/b.git').slug,
    place('https://host.test/a/b.git', 'none', 'prod').slug,
  ]

  expect(new Set(slugs).size).toBe(3)
  for (const slug of slugs) expect(slug).toMatch(/^b-[0-9a-f]{10}$/u)
})

test.each([
  ['git@host.test:a/b.git', 'none'],
  ['/srv/git/b.git', 'none'],
  ['ext::sh -c evil', 'none'],
  ['ftp://host.test/b.git', 'none'],
  ['--upload-pack=evil', 'none'],
  ['ssh://git@host.test/a/b.git', 'none'],
  ['ssh://git@host.test/a/b.git', 'token'],
  ['https://host.test/a/b.git', 'ssh'],
] as const)('refuses %s with %s', (url, kind) => {
  expect(() => place(url, kind)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})

test.each(['main', 'release/1.2', 'größe', 'a-b_c', 'a@b', 'user/x.y'])('takes %s for a branch', (name) => {
  expect(isBranchName(name)).toBe(true)
})

const NO_BRANCHES = ['', '-d', 'HEAD', '@', 'a..b', 'a b', 'a~1', 'a^', 'a:b', 'a?', 'a*', 'a[b', 'a\\b', 'a@{1}', '/a']
const NOR_THESE = ['a/', 'a//b', '.a', 'a/.b', 'a.lock', 'a.lock/b', 'a.', 'a\n', 'a\u007F']
test.each(NO_BRANCHES.concat(NOR_THESE))('does not take %j for a branch', (name) => {
  expect(isBranchName(name)).toBe(false)
  expect(() => place('https://host.test/b', 'none', name)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})
