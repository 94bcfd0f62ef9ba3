import { describe, expect, it } from 'vitest'
import { anAlert } from '../../../../test/support/an-alert.ts'
import { matchesResponse, responsesFor } from './match-response.ts'
import type { Response, ResponseMatch } from './response.ts'

const PLACE = { cluster: 'prod', namespace: 'shop' }

function aResponse(name: string, overrides: Partial<Response> = {}): Response {
  return { name, match: {}, actions: [{ action: 'contain' }], continue: false, ...overrides }
}

describe('matchesResponse', () => {
  it.each<[string, ResponseMatch, boolean]>([
    ['no condition', {}, true],
    ['the exact rule', { alertRules: ['Terminal shell in container'] }, true],
    ['one rule of several', { alertRules: ['Other', 'Terminal*'] }, true],
    ['another rule', { alertRules: ['Terminal shell'] }, false],
    ['a rule in another case', { alertRules: ['terminal shell in container'] }, false],
    ['an empty list of rules', { alertRules: [] }, false],
    ['a priority that is reached', { priority: { operator: '>=', priority: 'Notice' } }, true],
    ['a priority that is not reached', { priority: { operator: '>', priority: 'Notice' } }, false],
    ['the source', { sources: ['k8s_audit', 'syscall'] }, true],
    ['another source', { sources: ['k8s_audit'] }, false],
    ['the cluster', { clusters: ['prod'] }, true],
    ['another cluster', { clusters: ['staging'] }, false],
    ['the namespace', { namespaces: { in: ['shop'] } }, true],
    ['a glob over the namespace', { namespaces: { in: ['sh*'] } }, true],
    ['another namespace', { namespaces: { in: ['bank'] } }, false],
    ['an excluded namespace', { namespaces: { notIn: ['sh*'] } }, false],
    ['an excluded namespace that is included too', { namespaces: { in: ['*'], notIn: ['shop'] } }, false],
    [
      'all at once',
      {
        alertRules: ['*'],
        priority: { operator: '=', priority: 'Notice' },
        sources: ['syscall'],
        clusters: ['prod'],
        namespaces: { in: ['*'], notIn: ['bank'] },
      },
      true,
    ],
    ['all but one', { alertRules: ['*'], sources: ['syscall'], clusters: ['staging'] }, false],
  ])('with %s: %j is %j', (_, match, expected) => {
    expect(matchesResponse(anAlert(), PLACE, match)).toBe(expected)
  })

  it('lets an alert without a namespace satisfy no list of namespaces, not even *', () => {
    expect(matchesResponse(anAlert(), { cluster: 'prod' }, { namespaces: { in: ['*'] } })).toBe(false)
  })

  it('lets an alert without a namespace pass an exclusion', () => {
    expect(matchesResponse(anAlert(), { cluster: 'prod' }, { namespaces: { notIn: ['shop'] } })).toBe(true)
  })

  it('lets an alert without a source satisfy no list of sources', () => {
    expect(matchesResponse(anAlert({ source: null }), PLACE, { sources: ['syscall'] })).toBe(false)
  })
})

describe('responsesFor', () => {
  const never: ResponseMatch = { alertRules: ['Never'] }

  it('gives the first that matches', () => {
    const responses = [aResponse('a', { match: never }), aResponse('b'), aResponse('c')]

    expect(responsesFor(anAlert(), PLACE, responses).map(({ name }) => name)).toEqual(['b'])
  })

  it('goes on after one that says so, up to the next that does not', () => {
    const responses = [
      aResponse('a', { continue: true }),
      aResponse('b', { match: never, continue: false }),
      aResponse('c', { continue: true }),
      aResponse('d'),
      aResponse('e'),
    ]

    expect(responsesFor(anAlert(), PLACE, responses).map(({ name }) => name)).toEqual(['a', 'c', 'd'])
  })

  it('gives none when none matches', () => {
    expect(responsesFor(anAlert(), PLACE, [aResponse('a', { match: never })])).toEqual([])
  })
})
