import { composeCommitMessage, composeProposal, composeUndoMessage, parseResponseLines } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { MemoryForge, MemoryProposals } from '../../../../test/support/memory-proposals.ts'
import type { ProposalHost } from '../proposal-host.ts'
import { readProposals } from './read-proposals.ts'

const { signal } = new AbortController()

function message(id: string, name: string): string {
  return composeCommitMessage([
    {
      id,
      response: 'contain',
      workload: { cluster: 'prod', namespace: 'default', kind: 'Deployment', name },
      actions: ['contain'],
      places: [
        {
          path: `${name}.yaml`,
          document: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name },
          pointer: '/spec/replicas',
        },
      ],
      alertRule: 'a rule',
      priority: 'Notice',
      time: '2026-01-01T00:00:00Z',
      count: 1,
      fields: [],
    },
  ])
}

/** A forge with one proposal of these messages. */
async function proposed(messages: readonly string[], hasPullRequests = true) {
  const forge = new MemoryForge({ 'a.yaml': 'a: 1\n' }, { hasPullRequests })
  const host: ProposalHost = new MemoryProposals(forge)
  const branch = forge.addBranch('saker/main-r1')
  branch.now = 5000
  for (const [index, text] of messages.entries()) branch.add(text, { 'a.yaml': `a: ${index}\n` })
  const text = {
    ...composeProposal(messages, { base: 'main', muteForMs: 0 }),
    labels: [],
    draft: false,
    autoMerge: false,
  }
  await host.present('saker/main-r1', { ...text, autoMerge: false }, { signal })
  const read = () => readProposals({ host, base: forge.base, naming: { prefix: 'saker/', base: 'main' }, signal })
  return { forge, branch, read }
}

describe('readProposals', () => {
  it('gives what waits in the open proposal, newest first, with its commits', async () => {
    const { read } = await proposed([message('r1', 'web'), message('r2', 'api')])

    const entries = await read()

    const place = { branch: 'saker/main-r1', number: 1, url: 'https://forge.example/pull/1' }
    expect(entries).toMatchObject([
      { line: { id: 'r2' }, state: 'proposed', at: 5000, sha: 'saker/main-r1-2', proposal: place },
      { line: { id: 'r1' }, state: 'proposed', at: 5000, sha: 'saker/main-r1-1', proposal: place },
    ])
  })

  it('leaves out what was taken back in it, and what a later commit quotes', async () => {
    const [line] = parseResponseLines(message('r1', 'web'))
    if (line === undefined) throw new Error('no line')
    const undone = composeUndoMessage([{ line, sha: 'sha-1' }], {})
    const { read } = await proposed([message('r1', 'web'), undone, message('r2', 'api')])

    expect((await read()).map((entry) => entry.line.id)).toEqual(['r2'])
  })

  it('gives what was in one that was closed', async () => {
    const { forge, read } = await proposed([message('r1', 'web')])
    forge.now = 9000
    forge.deleteBranch('saker/main-r1')

    expect(await read()).toMatchObject([{ line: { id: 'r1' }, state: 'closed', at: 9000, proposal: { number: 1 } }])
  })

  it('gives nothing of one that was merged, with pull requests or without', async () => {
    const known = await proposed([message('r1', 'web')])
    known.forge.merge(1)
    const unknown = await proposed([message('r1', 'web')], false)
    expect(await unknown.read()).toMatchObject([{ line: { id: 'r1' }, proposal: { branch: 'saker/main-r1' } }])
    unknown.forge.base.add(`squashed\n\n${message('r1', 'web')}`, {})

    expect(await known.read()).toEqual([])
    expect(await unknown.read()).toEqual([])
  })
})
