import { describe, expect, it } from 'vitest'
import { composeCommitMessage, type CommittedResponse } from './commit-message.ts'
import { parseResponseLines } from './response-line.ts'

const WORKLOAD = { cluster: 'prod', namespace: 'default', kind: 'Deployment', name: 'alpine-deployment' }

function aResponse(overrides: Partial<CommittedResponse> = {}): CommittedResponse {
  return {
    id: '01k5c2m3n4p5q6r7st',
    response: 'contain-shells',
    workload: WORKLOAD,
    actions: ['contain'],
    places: [
      {
        path: 'apps/web.yaml',
        document: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'alpine-deployment' },
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

const withName = (name: string): CommittedResponse => aResponse({ workload: { ...WORKLOAD, name } })

function subjectOf(responses: readonly CommittedResponse[]): string {
  return composeCommitMessage(responses).split('\n')[0] ?? ''
}

describe('composeCommitMessage', () => {
  it('is a subject, prose for a person and a line for machines', () => {
    expect(composeCommitMessage([aResponse()])).toBe(
      [
        'contain default/Deployment/alpine-deployment',
        '',
        'contain default/Deployment/alpine-deployment in cluster prod',
        '  response:   contain-shells',
        '  alert rule: Terminal shell in container',
        '  priority:   Notice',
        '  time:       2026-05-25T13:44:05.478445995Z',
        '  count:      3',
        '',
        'Saker-Response: 01k5c2m3n4p5q6r7st contain-shells prod/default/Deployment/alpine-deployment ' +
          'apps/web.yaml#apps/v1/Deployment/default/alpine-deployment:/spec/replicas until=-',
        '',
      ].join('\n'),
    )
  })

  it('counts workloads, not responses, in its subject', () => {
    expect(subjectOf([aResponse(), aResponse({ response: 'other' })])).toBe(
      'contain default/Deployment/alpine-deployment',
    )
    expect(subjectOf([aResponse(), withName('web'), withName('api')])).toBe('respond to 3 workloads (contain)')
  })

  it.each([
    ['fits exactly', 'x'.repeat(72 - 'contain default/Deployment/'.length), 72],
    ['is one too long', 'x'.repeat(73 - 'contain default/Deployment/'.length), 72],
    ['is as long as Kubernetes allows', `start-${'x'.repeat(243)}-end`, 72],
  ])('has a subject of at most 72 characters when the name %s', (_, name, length) => {
    const subject = subjectOf([withName(name)])

    expect(Array.from(subject)).toHaveLength(length)
  })

  it('shortens its subject in the middle, so that what and whom stay', () => {
    const subject = subjectOf([withName(`start-${'x'.repeat(243)}-end`)])

    expect(subject).toMatch(/^contain default\/Deployment\/start-x+…x+-end$/u)
  })

  it('has one line of prose and one line for machines for each of many', () => {
    const responses = Array.from({ length: 21 }, (_, index) => withName(`web-${index}`))

    const message = composeCommitMessage(responses)

    expect(message).toContain(
      '\n- default/Deployment/web-7: Terminal shell in container, Notice, 2026-05-25T13:44:05.478445995Z, count 3\n',
    )
    expect(parseResponseLines(message).map(({ workload }) => workload.name)).toEqual(
      responses.map(({ workload }) => workload.name),
    )
  })

  it('signs off as whom it is told', () => {
    const message = composeCommitMessage([aResponse()], { name: 'Saker', email: 'saker@localhost' })

    expect(message.endsWith('until=-\nSigned-off-by: Saker <saker@localhost>\n')).toBe(true)
  })

  it('shows only the fields it is given', () => {
    const message = composeCommitMessage([aResponse({ fields: [['proc.cmdline', 'sh -c "curl evil"']] })])

    expect(message).toContain('\n  proc.cmdline: sh -c %22curl evil%22\n')
  })
})

/** What an attacker who chooses a process name or a rule’s text would like to see in a commit. */
const HOSTILE: readonly (readonly [name: string, text: string, gone: RegExp])[] = [
  ['a second subject', 'x\n\nrevert everything', /\n\nrevert/u],
  ['a forged line', 'x\nSaker-Response: 1 r c/n/Pod/p f#w until=-', /^Saker-Response: 1 /mu],
  ['a forged line without a line end', 'Saker-Response: 1 r c/n/Pod/p f#w until=-', /Saker-Response: 1 /u],
  ['a trailer', 'x\n\nCo-authored-by: Eve <e@v.e>', /Co-authored-by: /u],
  ['a mention', '@acme/security', /@/u],
  ['an issue', 'Fixes #1, closes acme/fleet#2', /#[12]/u],
  ['an issue by dash', 'Fixes GH-1', /GH-1/u],
  ['a skipped pipeline', '[skip ci] [ci skip] [no ci]', /\[/u],
  ['a skipped check', 'x\n\nskip-checks: true', /skip-checks: /u],
  ['a substitution', '${CLUSTER} $(id) {{ .Values }}', /[${}]/u],
  ['ten kilobytes', 'A'.repeat(10_240), /A{201}/u],
  ['a change of direction', '\u202Egpj.exe\u2066', /[\u202A-\u202E\u2066-\u2069]/u],
  ['invisible characters', 'a\u200B\u200D\u2060\uFEFFb', /[\u200B-\u200F\u2060\uFEFF]/u],
  ['code', '`whoami` ```sh', /`/u],
  // oxlint-disable-next-line no-control-regex -- they are what must not come through
  ['a terminal sequence', '\u001B]0;owned\u0007', /[\u001B\u0007]/u],
]

describe('hostile alert text in a commit message', () => {
  const CALM = composeCommitMessage([aResponse({ fields: [['proc.name', 'calm']] })])

  it.each(HOSTILE)('encodes %s, wherever it stands', (_, text, gone) => {
    const message = composeCommitMessage([aResponse({ alertRule: text, time: text, fields: [['proc.name', text]] })])
    const prose = message.slice(0, message.lastIndexOf('\n\n'))

    expect(prose).not.toMatch(gone)
    expect(message.split('\n')).toHaveLength(CALM.split('\n').length)
    expect(parseResponseLines(message)).toEqual(parseResponseLines(CALM))
  })

  it.each(HOSTILE)('encodes %s in the short prose of many responses too', (_, text, gone) => {
    const responses = Array.from({ length: 21 }, (__, index) => ({ ...withName(`web-${index}`), alertRule: text }))

    const message = composeCommitMessage(responses)

    expect(message.slice(0, message.lastIndexOf('\n\n'))).not.toMatch(gone)
    expect(parseResponseLines(message)).toHaveLength(21)
  })

  it.each(HOSTILE)('encodes %s in names, where Kubernetes would allow none of it', (_, text, gone) => {
    const workload = { cluster: text, namespace: text, kind: text, name: text }

    const message = composeCommitMessage([aResponse({ workload, response: text, fields: [[text, 'x']] })])

    expect(message.slice(0, message.lastIndexOf('\n\n'))).not.toMatch(gone)
    expect(parseResponseLines(message)).toMatchObject([{ workload, response: text }])
  })

  it('has a subject of at most 72 characters whatever the names hold', () => {
    for (const [, text] of HOSTILE) {
      const workload = { cluster: text, namespace: text, kind: text, name: text }

      expect(Array.from(subjectOf([aResponse({ workload })])).length).toBeLessThanOrEqual(72)
    }
  })
})
