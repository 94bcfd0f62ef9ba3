import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseAlert, type Alert } from '../alert/alert.ts'
import { parseConfig } from '../config/parse-config.ts'
import { namespaceOf, podSightingOf } from '../pod/pod-sighting.ts'
import { matchesResponse, responsesFor } from './match-response.ts'
import type { Response } from './response.ts'

/** Alerts of real installations; the table below was made by reading them, line by line. */
const ALERTS: readonly Alert[] = readFileSync(
  new URL('../../../../test/corpus/alerts/real-alerts.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map(parseAlert)

/** A match as a config writes it, and the lines of the alerts that it matches. */
const TABLE: readonly (readonly [name: string, match: object, lines: readonly number[]])[] = [
  ['one rule by name', { alertRules: ['Terminal shell in container'] }, [1, 2, 12, 16, 19, 24]],
  [
    'rules by glob, upper and lower case told apart',
    { alertRules: ['*container', '*Pod', 'drop*'] },
    [1, 2, 6, 7, 12, 13, 16, 17, 19, 22, 24, 27],
  ],
  ['a priority and above', { priority: '>=Error' }, [1, 9, 11, 15, 17, 18, 23, 25, 27]],
  ['a priority below', { priority: '<Notice' }, [5, 8, 10, 21, 22, 26, 29]],
  ['a priority alone', { priority: 'Warning' }, [13, 14, 20, 28]],
  ['sources, where the alert names one', { sources: ['k8s_audit', 'gcp_auditlog'] }, [5, 6, 7, 9, 23]],
  ['any of some tags', { tags: { any: ['mitre_persistence', 'secrets', 'k8s'] } }, [5, 6, 7, 17, 23, 25, 27]],
  ['all of some tags but none of others', { tags: { all: ['container', 'host'], none: ['filesystem'] } }, [15, 18]],
  [
    'no tag of some, also where there are none',
    { tags: { none: ['container', 'k8s', 'shell'] } },
    [2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 22, 24, 29],
  ],
  [
    'namespaces by glob',
    { namespaces: { in: ['default', 'f*-*', 'pay*'], notIn: ['*-generator'] } },
    [1, 2, 4, 5, 6, 12, 16, 25],
  ],
  [
    'any namespace, where there is one',
    { namespaces: { in: ['*'] } },
    [1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 16, 20, 21, 23, 25],
  ],
  [
    'no namespace of some, also where there is none',
    { namespaces: { notIn: ['*a*', 'openfaas-fn'] }, priority: '>=Warning' },
    [9, 11, 14, 15, 17, 18, 23, 27, 28],
  ],
  ['a field by its value', { fields: { 'proc.name': { in: ['sh', 'kubectl', 'curl'] } } }, [1, 2, 21, 25, 27]],
  [
    'a field that is not some value, also where it is absent',
    {
      fields: { 'k8s.pod.name': { exists: false }, 'container.id': { notEquals: 'ba197754b7bc' } },
      priority: '>=Warning',
    },
    [9, 11, 13, 14, 15, 17, 18, 23, 25, 28],
  ],
  [
    'fields by glob and expression',
    { fields: { 'proc.cmdline': { regex: '(?:^|/)(?:ba)?sh\\b' }, 'proc.pname': { glob: '*runc*' } } },
    [1, 2, 12, 16],
  ],
  ['whole numbers', { fields: { 'user.uid': { equals: 0 }, 'proc.tty': { notIn: [0] } } }, [16, 18, 19, 20]],
  [
    'numbers that a double cannot tell apart',
    { fields: { 'evt.time': { greaterThan: '1763747554999999999', lessThan: '1790361052738392400' } } },
    [25, 28],
  ],
  [
    'a number beyond 2^63',
    { fields: { 'proc.exe_ino.ctime_duration_proc_start': { greaterThan: '18446744073670260078' } } },
    [17],
  ],
  [
    'a number in text',
    { fields: { 'ka.response.code': { greaterThan: 200, lessThan: 300 }, n_drops: { exists: false } } },
    [5],
  ],
  [
    'text that stands for nothing',
    { fields: { 'proc.aname[2]': { exists: false }, 'proc.exepath': { exists: true } } },
    [15, 16, 19, 20, 28],
  ],
  ['keys with brackets', { fields: { 'ka.uri.param[command]': { notIn: ['cat'], exists: true } } }, [6]],
  ['everything', {}, Array.from({ length: 29 }, (_, at) => at + 1)],
]

/** The responses of a config, checked as Saker checks them. */
function responsesOf(written: readonly object[]): readonly Response[] {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'https://git.example.com/fleet' }, delivery: 'commit' } },
    responses: written.map((one, at) => ({ name: `r${at}`, actions: [{ contain: {} }], ...one })),
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config.responses
}

/** Where an alert happened, as ingest sees it. */
function placeOf(alert: Alert): { readonly cluster: string; readonly namespace?: string } {
  const namespace = namespaceOf(alert, podSightingOf(alert))
  return { cluster: 'default', ...(namespace === undefined ? {} : { namespace }) }
}

describe('the alerts of real installations', () => {
  it('are twenty-nine', () => {
    expect(ALERTS).toHaveLength(29)
  })

  it.each(TABLE)('match %s in the lines that a person finds', (_, match, lines) => {
    const [response] = responsesOf([{ match }])
    const matching = ALERTS.flatMap((alert, at) =>
      matchesResponse(alert, placeOf(alert), response?.match ?? {}) ? [at + 1] : [],
    )

    expect(matching).toEqual(lines)
  })

  it('are answered by the first response that matches, and by later ones where it says so', () => {
    const responses = responsesOf([
      { name: 'watch', match: { priority: '>=Critical' }, continue: true },
      { name: 'shells', match: { fields: { 'proc.name': { glob: '*sh' } } } },
      { name: 'rest', match: { sources: ['syscall'] } },
    ])
    const answers = ALERTS.map((alert) =>
      responsesFor(alert, placeOf(alert), responses)
        .map(({ name }) => name)
        .join('+'),
    )

    expect(
      Object.fromEntries(answers.map((answer, at) => [at + 1, answer]).filter(([, answer]) => answer !== '')),
    ).toEqual({
      1: 'watch+shells',
      2: 'shells',
      9: 'watch',
      12: 'shells',
      15: 'watch+rest',
      16: 'shells',
      17: 'watch+rest',
      18: 'watch+rest',
      19: 'shells',
      20: 'rest',
      21: 'shells',
      22: 'rest',
      23: 'watch',
      24: 'shells',
      25: 'watch+rest',
      26: 'rest',
      27: 'watch+rest',
      28: 'rest',
    })
  })
})
