import { composeCommitMessage, type CommittedResponse, type Outcome } from '@saker/core'
import { describe, expect, it } from 'vitest'
import type { TakenAlert } from './alert-sender.ts'
import { checkOutcomes } from './check-outcomes.ts'
import { Findings } from './findings.ts'
import { renderFleetFile, type FleetFile } from './fleet-file.ts'
import { OTHER_FILES, type ChaosLane } from './fleet.ts'
import type { PersonCommit } from './person.ts'
import type { HistoryCommit } from './read-history.ts'
import type { EndedJob } from './read-jobs.ts'
import { replayHistory, type ReplayedHistory } from './replay-history.ts'

const PATH = 'apps/web.yaml'
const WEB = { path: PATH, name: 'web', wanted: 3 }

/** Only what the checks look at. */
const LANE = { name: 'fleet-0', firstCommit: 'c0', files: [fileWith(3)], workloads: [WEB] } as unknown as ChaosLane

function fileWith(replicas: number, revision = 0): FleetFile {
  return { path: PATH, mode: '100644', declared: [{ name: 'web', replicas, revision }] }
}

function commit(sha: string, parent: string, message: string, file: FleetFile): HistoryCommit {
  const changed = [{ path: PATH, mode: '100644', content: renderFleetFile(file) }]
  return { sha, parents: [parent], message, changed }
}

const FIRST: HistoryCommit = {
  sha: 'c0',
  parents: [],
  message: 'first commit\n',
  changed: [
    ...Object.entries(OTHER_FILES).map(([path, content]) => ({ path, mode: '100644', content })),
    { path: PATH, mode: '100644', content: renderFleetFile(fileWith(3)) },
  ],
}

function contained(...ids: readonly string[]): string {
  return composeCommitMessage(
    ids.map((id): CommittedResponse => ({
      id,
      response: 'contain-shells',
      workload: { cluster: 'cluster-0', namespace: 'default', kind: 'Deployment', name: 'web' },
      actions: ['contain'],
      places: [
        {
          path: PATH,
          document: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' },
          pointer: '/spec/replicas',
        },
      ],
      alertRule: 'Terminal shell in container',
      priority: 'Notice',
      time: '2026-05-25T13:44:05Z',
      count: 1,
      fields: [],
    })),
  )
}

const RESET: PersonCommit = {
  lane: LANE,
  sha: 'p1',
  change: { change: 'reset', path: PATH, replicas: new Map([['web', 3]]) },
}

function replay(
  history: readonly HistoryCommit[],
  pushed: readonly PersonCommit[] = [],
): { readonly findings: Findings; readonly replayed: ReplayedHistory } {
  const findings = new Findings()
  const replayed = replayHistory(LANE, { history, pushed }, findings)
  return { findings, replayed }
}

describe('replayHistory', () => {
  it('finds nothing where Saker contains, a person resets, and Saker contains again', () => {
    const history = [
      FIRST,
      commit('s1', 'c0', contained('r1', 'r2'), fileWith(0)),
      commit('p1', 's1', 'reset\n', fileWith(3)),
      commit('s2', 'p1', contained('r3'), fileWith(0)),
    ]

    const { findings, replayed } = replay(history, [RESET])

    expect(findings.of('wrong')).toEqual([])
    expect(findings.total).toBe(0)
    expect(replayed.ours).toBe(2)
    expect([...replayed.commitsOf]).toEqual([
      ['r1', ['s1']],
      ['r2', ['s1']],
      ['r3', ['s2']],
    ])
    expect([...(replayed.containedAt.get('p1') ?? [])]).toEqual([])
    expect([...(replayed.containedAt.get('s2') ?? [])]).toEqual(['web'])
  })

  it('tells of a response that stands in two commits', () => {
    const history = [
      FIRST,
      commit('s1', 'c0', contained('r1'), fileWith(0)),
      commit('p1', 's1', 'reset\n', fileWith(3)),
      commit('s2', 'p1', contained('r1'), fileWith(0)),
    ]

    expect(replay(history, [RESET]).findings.of('doubled')).toHaveLength(1)
  })

  it('tells of a response that stands twice in one commit', () => {
    const history = [FIRST, commit('s1', 'c0', contained('r1', 'r1'), fileWith(0))]

    expect(replay(history).findings.of('doubled')).toHaveLength(1)
  })

  it('tells of a commit of a person that is gone', () => {
    const history = [FIRST, commit('s1', 'c0', contained('r1'), fileWith(0))]

    expect(replay(history, [RESET]).findings.of('lost')).toHaveLength(1)
  })

  it('tells of a commit of Saker that undoes what a person wrote', () => {
    const comment: PersonCommit = {
      ...RESET,
      change: { change: 'comment', path: PATH, workload: 'web', revision: 7 },
    }
    const history = [
      FIRST,
      commit('p1', 'c0', 'comment\n', fileWith(3, 7)),
      commit('s1', 'p1', contained('r1'), fileWith(0)),
    ]

    expect(replay(history, [comment]).findings.of('wrong')).toEqual([
      `fleet-0 s1: ${PATH} is not what it has to be, byte for byte`,
    ])
  })

  it('tells of a commit that nobody answers for', () => {
    expect(replay([FIRST, commit('x', 'c0', 'surprise\n', fileWith(0))]).findings.of('wrong')[0]).toContain(
      'is neither',
    )
  })
})

const ACCEPTED: TakenAlert = {
  marker: 'marker-1',
  target: { lane: LANE, workload: WEB },
  sentAt: 100_000,
  answeredAt: 100_010,
  result: 'accepted',
  tries: 1,
}

function job(outcome: Outcome | undefined, about = 'completed'): EndedJob {
  return { id: 'r1', marker: 'marker-1', receivedAt: 100_005, outcome, about }
}

function check(jobs: readonly EndedJob[], taken: readonly TakenAlert[]): Findings {
  const findings = new Findings()
  const history: ReplayedHistory = {
    ours: 1,
    commitsOf: new Map(jobs.length === 0 ? [] : [['r1', ['s1']]]),
    containedAt: new Map([
      ['c0', new Set<string>()],
      ['s1', new Set(['web'])],
    ]),
  }
  checkOutcomes({ lane: LANE, jobs, history, taken }, findings)
  return findings
}

describe('checkOutcomes', () => {
  it('finds nothing where the outcome names the commit that names the response', () => {
    expect(check([job({ outcome: 'committed', sha: 's1' })], [ACCEPTED]).total).toBe(0)
  })

  it('tells of an accepted alert without a job', () => {
    expect(check([], [ACCEPTED]).of('lost')).toHaveLength(1)
  })

  it('tells of a job without an outcome', () => {
    expect(check([job(undefined, 'waiting')], [ACCEPTED]).of('lost')).toHaveLength(1)
  })

  it('tells of an outcome that names another commit than the history', () => {
    expect(check([job({ outcome: 'committed', sha: 'c0' })], [ACCEPTED]).of('wrong')).toHaveLength(1)
  })

  it('tells of a response that ended unchanged and is in the history all the same', () => {
    expect(check([job({ outcome: 'unchanged', sha: 's1' })], [ACCEPTED]).of('wrong')).toHaveLength(1)
  })

  it('takes a duplicate for covered by a job of its workload from just before, and by none from long ago', () => {
    const duplicate: TakenAlert = { ...ACCEPTED, marker: 'marker-2', result: 'duplicate' }
    const late: TakenAlert = { ...duplicate, marker: 'marker-3', sentAt: 200_000, answeredAt: 200_010 }

    const findings = check([job({ outcome: 'committed', sha: 's1' })], [ACCEPTED, duplicate, late])

    expect(findings.of('lost')).toHaveLength(1)
    expect(findings.of('lost')[0]).toContain('marker-3')
  })
})
