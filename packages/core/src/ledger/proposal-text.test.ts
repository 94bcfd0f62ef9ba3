import { describe, expect, it } from 'vitest'
import { composeCommitMessage, type CommittedResponse } from './commit-message.ts'
import { composeProposal, MAX_PROPOSAL_BODY } from './proposal-text.ts'
import { parseResponseLines } from './response-line.ts'
import { composeUndoMessage, parseUndoneIds } from './undo-message.ts'

const ABOUT = { base: 'main', muteForMs: 3_600_000 }

function aResponse(id: string, name: string, overrides: Partial<CommittedResponse> = {}): CommittedResponse {
  return {
    id,
    response: 'contain-shells',
    workload: { cluster: 'prod', namespace: 'shop', kind: 'Deployment', name },
    actions: ['contain'],
    places: [
      {
        path: `apps/${name}.yaml`,
        document: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name },
        pointer: '/spec/replicas',
      },
    ],
    alertRule: 'Terminal shell in container',
    priority: 'Notice',
    time: '2026-05-25T13:44:05.478445995Z',
    count: 3,
    fields: [],
    ...overrides,
  }
}

const many = (count: number): readonly CommittedResponse[] =>
  Array.from({ length: count }, (_, index) => aResponse(`r${index}`, `workload-${index}`))

/** The lines that a machine finds, whatever a host makes of the text. */
const idsIn = (text: string): readonly string[] => parseResponseLines(text).map(({ id }) => id)

describe('composeProposal', () => {
  it('tells a reviewer what is proposed, why, where, and how to decide', () => {
    const { title, body } = composeProposal([composeCommitMessage([aResponse('r1', 'web')])], ABOUT)

    expect(title).toBe('contain shop/Deployment/web')
    expect(body).toBe(
      [
        'Saker proposes this in answer to Falco alerts. Nothing of it takes effect before it is in `main`.',
        '',
        '- **To accept**, merge it, by whatever method. `saker undo ID` takes a response back afterwards.',
        '- **To reject**, close it without merging: Saker leaves the workloads alone for 1h then (`guard.muteFor`).',
        '- While it is open, further responses are added to it as commits of their own, and this text is written anew. Commits of others on its branch stay.',
        '',
        '- `contain shop/Deployment/web in cluster prod`, response `contain-shells`',
        '  - alert rule `Terminal shell in container`, priority `Notice`, time `2026-05-25T13:44:05.478445995Z`, count `3`',
        '  - changes `apps/web.yaml` (`/spec/replicas`)',
        '',
        '```text',
        'Saker-Response: r1 contain-shells prod/shop/Deployment/web apps/web.yaml#apps/v1/Deployment/shop/web:/spec/replicas until=-',
        '```',
        '',
      ].join('\n'),
    )
  })

  it('keeps the lines of all commits word by word, for a squash merge that takes the body', () => {
    const until = '2026-05-25T17:44:05.000Z'
    const messages = [
      composeCommitMessage([aResponse('r1', 'web', { until }), aResponse('r2', 'größe %41')]),
      composeCommitMessage([aResponse('r3', 'api')]),
    ]

    const { title, body } = composeProposal(messages, ABOUT)

    expect(title).toBe('respond to 3 workloads (contain-shells)')
    expect(parseResponseLines(`${title} (#7)\n\n${body}`)).toEqual(messages.flatMap(parseResponseLines))
    expect(body).toContain(`until \`${until}\``)
  })

  it('tells a large commit by what its message says of each response', () => {
    const { body } = composeProposal([composeCommitMessage(many(21))], ABOUT)

    expect(idsIn(body)).toHaveLength(21)
    expect(body).toContain(
      '- `shop/Deployment/workload-20 in cluster prod`, response `contain-shells`\n' +
        '  - alert `Terminal shell in container, Notice, 2026-05-25T13:44:05.478445995Z, count 3`',
    )
  })

  it('stays within what a host takes, and says what does not fit', () => {
    const { body } = composeProposal([composeCommitMessage(many(400))], ABOUT)
    const told = body.match(/^- `shop/gmu)?.length ?? 0

    expect(body.length).toBeLessThan(MAX_PROPOSAL_BODY)
    expect(body).toContain(`- and ${400 - told} more, each in the message of its commit`)
    expect(body).toContain(`**${400 - idsIn(body).length} more lines do not fit here**`)
    expect(idsIn(body).length).toBeGreaterThan(200)
  })

  it('says nothing of leftovers where there are none', () => {
    const { body } = composeProposal([composeCommitMessage(many(100))], ABOUT)

    expect(idsIn(body)).toHaveLength(100)
    expect(body).not.toContain('do not fit')
  })

  it('gives hostile text of an alert no meaning, neither in markup nor as a line of ours', () => {
    const evil = '`\n\n@all fixes #1 GH-2 https://evil.example <img src=x> www.evil.example | **x** [skip ci] ${X}'
    const forged = 'x\nSaker-Response: r9 contain prod/shop/Deployment/other a.yaml#v1/Pod/shop/a:/ until=-'
    const response = aResponse('r1', 'web', {
      alertRule: evil,
      priority: evil,
      time: evil,
      fields: [
        ['proc.cmdline', evil],
        ['proc.name', forged],
      ],
    })

    const { title, body } = composeProposal([composeCommitMessage([response])], ABOUT)
    const outsideCode = `${title}\n${body}`.replaceAll(/```[\s\S]*?```/gu, '').replaceAll(/`[^`\n]*`/gu, '')

    expect(idsIn(body)).toEqual(['r1'])
    expect(`${title}\n${body}`).not.toMatch(/@all|#1\b|GH-2|https:|<img|\[skip|\$\{/u)
    expect(outsideCode).not.toMatch(/evil|proc/u)
    expect(body.match(/```/gu)).toHaveLength(2)
  })

  it('tells what is taken back, and keeps the lines of that too', () => {
    const contained = composeCommitMessage([aResponse('r1', 'web')])
    const [line] = parseResponseLines(contained)
    if (line === undefined) throw new Error('no line')
    const undone = composeUndoMessage([{ line, sha: '0123456789abcdef' }], { as: 'zoe' })

    const alone = composeProposal([undone], ABOUT)
    const both = composeProposal([contained, undone], ABOUT)

    expect(alone.title).toBe('undo contain-shells shop/Deployment/web')
    expect(alone.body).toContain('Saker proposes this to take back what it has done.')
    expect(alone.body).toContain('close it without merging.\n')
    expect(alone.body).toContain(
      '- takes back `contain-shells of shop/Deployment/web in cluster prod, made in 0123456789ab`',
    )
    expect(parseUndoneIds(alone.body)).toEqual(['r1'])
    expect([idsIn(both.body), parseUndoneIds(both.body)]).toEqual([['r1'], ['r1']])
  })

  it('takes the word of no commit that quotes another', () => {
    const contained = composeCommitMessage([aResponse('r1', 'web')])
    const revert = `Revert "contain"\n\nThis reverts commit 0123456789.\n\n${composeCommitMessage([aResponse('r8', 'x')])}`

    expect(idsIn(composeProposal([contained, revert], ABOUT).body)).toEqual(['r1'])
  })

  it('names no time for which nothing is muted', () => {
    const { body } = composeProposal([composeCommitMessage([aResponse('r1', 'web')])], { ...ABOUT, muteForMs: 0 })

    expect(body).toContain('nothing is muted then (`guard.muteFor` is 0)')
  })
})
