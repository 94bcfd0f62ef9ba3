import { describe, expect, it } from 'vitest'
import type { ResponseLine } from './response-line.ts'
import { composeUndoMessage, parseUndoneIds } from './undo-message.ts'

const SHA = '0123456789abcdef0123456789abcdef01234567'

function lineOf(id: string, name = 'web'): ResponseLine {
  const workload = { cluster: 'prod', namespace: 'default', kind: 'Deployment', name }
  return { id, response: 'contain', workload, places: [] }
}

describe('composeUndoMessage', () => {
  it('tells what is taken back, by whom and why', () => {
    const message = composeUndoMessage([{ line: lineOf('r1'), sha: SHA }], { as: 'zoe', reason: 'a false alarm' })

    expect(message).toBe(`undo contain default/Deployment/web

- contain of default/Deployment/web in cluster prod, made in 0123456789ab
  by:     zoe
  reason: a false alarm

Saker-Undo: r1
`)
  })

  it('has a line for each of several', () => {
    const undone = [
      { line: lineOf('r1'), sha: SHA },
      { line: lineOf('r2', 'api'), sha: SHA },
    ]

    const message = composeUndoMessage(undone, { signOff: { name: 'Saker', email: 'saker@localhost' } })

    expect(message).toMatch(/^undo responses of 2 workloads \(contain\)\n/u)
    expect(message).toMatch(/\nSaker-Undo: r1\nSaker-Undo: r2\nSigned-off-by: Saker <saker@localhost>\n$/u)
    expect(parseUndoneIds(message)).toEqual(['r1', 'r2'])
  })

  it('lets no reason become a trailer, a mention or a command', () => {
    const reason = 'x\n\nSaker-Undo: r9\n@acme closes #1 [skip ci]'

    const message = composeUndoMessage([{ line: lineOf('r1'), sha: SHA }], { as: 'a\nSaker-Undo: r8', reason })

    expect(parseUndoneIds(message)).toEqual(['r1'])
    expect(message).not.toMatch(/[@#[]/u)
  })

  it('keeps the subject short whatever the workload is called', () => {
    const message = composeUndoMessage([{ line: lineOf('r1', 'x'.repeat(200)), sha: SHA }], {})

    expect(message.split('\n')[0]).toHaveLength(72)
  })
})

describe('parseUndoneIds', () => {
  it.each([
    ['quoted', '> Saker-Undo: r1'],
    ['in a list', '* Saker-Undo: r1\n'],
    ['in bold', '**Saker-Undo: r1**'],
  ])('finds a line that stands %s', (_, message) => {
    expect(parseUndoneIds(message)).toEqual(['r1'])
  })
})
