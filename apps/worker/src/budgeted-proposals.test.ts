import { ResponseError } from '@saker/core'
import type { ProposalText } from '@saker/engine'
import { describe, expect, it } from 'vitest'
import { MemoryForge, MemoryProposals } from '../../../test/support/memory-proposals.ts'
import { BudgetedProposals } from './budgeted-proposals.ts'

const { signal } = new AbortController()
const TEXT: ProposalText = { title: 'a title', body: 'a body', labels: [], draft: false, autoMerge: false }

/** Proposals in memory with one branch, and a budget that writes down what it is asked, and refuses when told to. */
function bundle(refusal?: Error) {
  const forge = new MemoryForge({ 'a.yaml': 'a: 1\n' })
  forge.addBranch('saker/main-r1').add('first', { 'a.yaml': 'a: 2\n' })
  const asked: string[] = []
  const blocked: string[] = []
  const ask = (what: string) => async (): Promise<void> => {
    asked.push(what)
    if (refusal !== undefined) throw refusal
  }
  const budget = { check: ask('check'), admit: ask('admit'), blocked: async (name: string) => void blocked.push(name) }
  const host = new BudgetedProposals(new MemoryProposals(forge), { budget, credential: 'acme', writing: true })
  return { forge, host, asked, blocked }
}

describe('proposals within the budget of their credential', () => {
  it('ask it before a look, before a pull request is opened, and before a branch is written', async () => {
    const { forge, host, asked } = bundle()

    await host.list({ signal })
    await host.present('saker/main-r1', TEXT, { signal })
    const branch = host.open('saker/main-r2')
    const { tree } = await branch.read({ freshness: 'cached', signal })
    await branch.commit({ baseSha: tree.sha, message: 'second', edits: [] }, { signal })

    expect(asked).toEqual(['check', 'admit', 'check', 'admit'])
    expect(forge.calls).toEqual(['list', 'present', 'read', 'commit'])
  })

  it('send the host nothing when it refuses', async () => {
    const { forge, host } = bundle(new ResponseError('RATE_LIMITED', 'slow down'))

    await expect(host.list({ signal })).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    await expect(host.present('saker/main-r1', TEXT, { signal })).rejects.toMatchObject({ code: 'RATE_LIMITED' })

    expect(forge.calls).toEqual([])
  })

  it('tell the others when the host wants silence', async () => {
    const { forge, host, blocked } = bundle()
    forge.faults.push({ call: 'list', code: 'RATE_LIMITED' }, { call: 'present', code: 'RATE_LIMITED' })

    await expect(host.list({ signal })).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    await expect(host.present('saker/main-r1', TEXT, { signal })).rejects.toMatchObject({ code: 'RATE_LIMITED' })

    expect(blocked).toEqual(['acme', 'acme'])
  })
})
