import { expect, test } from 'vitest'
import { tipOf, tipOfCutOff } from './tip.ts'

const SHA = 'a'.repeat(40)
const TREE = 'b'.repeat(40)
const message = 'tricky, "listing":{ ,"listing":{"entries" \\ ,\\"listing\\":'

function answer(parts: object = {}): object {
  const target = {
    oid: SHA,
    tree: { oid: TREE },
    history: { nodes: [{ oid: SHA, url: 'https://x', message, committedDate: '2026-01-01T00:00:00Z' }] },
  }
  const ref = { target: { ...target, listing: { entries: [{ name: 'a.yaml', mode: 33188 }] } } }
  return { data: { repository: { id: 'R_1', nameWithOwner: 'a/b', isArchived: true, isEmpty: false, ref } }, ...parts }
}

const TIP = {
  sha: SHA,
  treeSha: TREE,
  repositoryId: 'R_1',
  nameWithOwner: 'a/b',
  archived: true,
  past: [{ sha: SHA, url: 'https://x', message, at: Date.UTC(2026, 0) }],
}

test('is found in an answer that was cut off anywhere in its tree, whatever messages hold', () => {
  const text = JSON.stringify(answer())
  const tree = text.lastIndexOf('{"entries"')

  for (let length = tree; length < text.length; length += 1) {
    expect(tipOfCutOff(text.slice(0, length), 'a/b#main')).toEqual(TIP)
  }
  expect(tipOfCutOff(JSON.stringify(answer(), null, 2).slice(0, -60), 'a/b#main')).toEqual(TIP)
})

test('is not found before the tree begins, nor beside errors, nor in what is no answer', () => {
  const text = JSON.stringify(answer())
  const withErrors = JSON.stringify({ errors: [{ message: 'timeout' }], ...answer() })

  for (const cut of [text.slice(0, text.lastIndexOf(',"listing"')), withErrors, '', '<html>,"listing":']) {
    expect(tipOfCutOff(cut, 'a/b#main')).toBeUndefined()
  }
})

test.each([
  ['REPOSITORY_NOT_FOUND', { repository: null }],
  ['REPOSITORY_EMPTY', { repository: { nameWithOwner: 'a/b', isEmpty: true, ref: null } }],
  ['BRANCH_NOT_FOUND', { repository: { nameWithOwner: 'a/b', isEmpty: false, ref: null } }],
])('ends in %s', (code, data) => {
  expect(() => tipOf(data, 'a/b#main')).toThrow(expect.objectContaining({ code }))
})

test.each([undefined, {}, { repository: { ref: { target: { oid: SHA } } } }])('is not in %j', (data) => {
  expect(tipOf(data, 'a/b#main')).toBeUndefined()
})
