import { expect, test } from 'vitest'
import { proposalOptions } from './proposal-options.ts'

const TEXT = { title: 'contain web', body: 'Stops web.\n\nSaker-Response: r-1\n', labels: ['saker', 'urgent fix'] }

test('are those by which GitLab opens a merge request', () => {
  expect(proposalOptions('main', { ...TEXT, draft: false, autoMerge: false })).toEqual([
    'merge_request.create',
    'merge_request.target=main',
    'merge_request.title=contain web',
    'merge_request.description=Stops web.\\n\\nSaker-Response: r-1',
    'merge_request.label=saker',
    'merge_request.label=urgent fix',
  ])
})

test('have it merged by itself where that is asked for, under the old name too', () => {
  const options = proposalOptions('main', { ...TEXT, labels: [], draft: false, autoMerge: 'squash' })

  expect(options.slice(4)).toEqual([
    'merge_request.auto_merge',
    'merge_request.merge_when_pipeline_succeeds',
    'merge_request.squash',
  ])
})

test('ask for a draft, which nobody merges', () => {
  const options = proposalOptions('main', { ...TEXT, labels: [], draft: true, autoMerge: 'merge' })

  expect(options.slice(4)).toEqual(['merge_request.draft'])
})

test('begin no line that the text does not begin, and hold no control characters', () => {
  const body = 'ran sh -c \\n# Approved\\nby all\tnow\u0007\r\nnext'

  const options = proposalOptions('main', { title: 'a\\nb\nc', body, labels: [], draft: false, autoMerge: false })

  expect(options.slice(2)).toEqual([
    'merge_request.title=a\\ nb\\nc',
    'merge_request.description=ran sh -c \\ n# Approved\\ nby all now \\nnext',
  ])
})

test('are cut where a line ends when they are more than git sends, and say so', () => {
  const lines = Array.from({ length: 3000 }, (_, index) => `größere Zeile ${index} mit Wörtern und noch mehr`)

  const [, , , description = ''] = proposalOptions('main', {
    title: 't',
    body: lines.join('\n'),
    labels: [],
    draft: false,
    autoMerge: false,
  })

  expect(Buffer.byteLength(description)).toBeLessThan(65_200)
  expect(Buffer.byteLength(description)).toBeGreaterThan(60_000)
  expect(description).toMatch(/mehr\\n… \(cut off; the commits say the rest\)$/u)
})
