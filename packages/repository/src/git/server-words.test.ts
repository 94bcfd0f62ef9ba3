import { expect, test } from 'vitest'
import { readServerWords } from './server-words.ts'

const said = (...lines: readonly string[]): string => lines.map((line) => `remote: ${line}        \n`).join('')

test.each([
  [
    'GitLab, which opened one',
    said('', 'View merge request for saker/main-1:', '  https://gitlab.example/acme/fleet/-/merge_requests/12', ''),
    { url: 'https://gitlab.example/acme/fleet/-/merge_requests/12', isOpen: true },
  ],
  [
    'GitLab',
    said(
      'To create a merge request for saker/main-1, visit:',
      '  https://gitlab.example/acme/fleet/-/merge_requests/new?merge_request%5Bsource_branch%5D=saker%2Fmain-1',
    ),
    {
      url: 'https://gitlab.example/acme/fleet/-/merge_requests/new?merge_request%5Bsource_branch%5D=saker%2Fmain-1',
      isOpen: false,
    },
  ],
  [
    'Gitea',
    said(
      "Create a new pull request for 'saker/main-1':",
      '  http://gitea.example/acme/fleet/compare/main...saker/main-1',
    ),
    { url: 'http://gitea.example/acme/fleet/compare/main...saker/main-1', isOpen: false },
  ],
  [
    'Gitea, where one is open',
    said('Visit the existing pull request:', '  http://gitea.example/acme/fleet/pulls/7'),
    { url: 'http://gitea.example/acme/fleet/pulls/7', isOpen: true },
  ],
  [
    'GitHub',
    said(
      "Create a pull request for 'saker/main-1' on GitHub by visiting:",
      '  https://github.com/acme/fleet/pull/new/saker/main-1',
    ),
    { url: 'https://github.com/acme/fleet/pull/new/saker/main-1', isOpen: false },
  ],
  [
    'Bitbucket',
    said(
      'View pull request for saker/main-1 => main:',
      '  https://bitbucket.example/projects/A/repos/f/pull-requests/3',
    ),
    { url: 'https://bitbucket.example/projects/A/repos/f/pull-requests/3', isOpen: true },
  ],
  ['a plain server', 'To file:///fleet.git\n*\tabc:refs/heads/x\t[new branch]\nDone\n', { isOpen: false }],
  ['a server that advertises something else', said('See https://status.example/today'), { isOpen: false }],
])('finds where a person goes on in the words of %s', (_, words, expected) => {
  expect(readServerWords(words)).toEqual({ ...expected, problems: [] })
})

test('keeps what GitLab could not do with the push options', () => {
  const words = said('WARNINGS:', "Error encountered with push options 'merge_request.create': Labels is invalid")

  expect(readServerWords(words).problems).toEqual([
    "Error encountered with push options 'merge_request.create': Labels is invalid",
  ])
})

test('is no longer than a line of a log bears', () => {
  const words = said(
    `https://x.example/merge_requests/${'9'.repeat(600)}`,
    `Error encountered with push option ${'x'.repeat(900)}`,
  )

  const { url, problems } = readServerWords(words)

  expect(url).toBeUndefined()
  expect(problems[0]).toHaveLength(500)
})
