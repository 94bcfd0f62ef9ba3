import { describe, expect, it } from 'vitest'
import { podLabelsOf, podSelectorOf, selectorMatches } from './pod-selector.ts'

describe('selectorMatches', () => {
  it.each([
    [{}, true],
    [{ matchLabels: { app: 'web' } }, true],
    [{ matchLabels: { app: 'web', tier: 'b' } }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
  ])('%j picks app=web: %s', (selector, picks) => {
    expect(selectorMatches(selector, { app: 'web' })).toBe(picks)
  })
})

describe('podSelectorOf', () => {
  const template = { metadata: { labels: { app: 'web' } } }

  it.each([
    [
      'a Deployment by its selector',
      'apps/v1',
      'Deployment',
      { selector: { matchLabels: { a: 'b' } } },
      { matchLabels: { a: 'b' } },
    ],
    [
      'a ReplicationController by its map',
      'v1',
      'ReplicationController',
      { selector: { a: 'b' } },
      { matchLabels: { a: 'b' } },
    ],
    [
      'a CronJob by its pods',
      'batch/v1',
      'CronJob',
      { jobTemplate: { spec: { template } } },
      { matchLabels: { app: 'web' } },
    ],
    ['a Job by its name', 'batch/v1', 'Job', { template }, { matchLabels: { 'batch.kubernetes.io/job-name': 'w' } }],
    ['nothing by nothing', 'batch/v1', 'CronJob', {}, undefined],
  ])('picks %s', (_, apiVersion, kind, spec, selector) => {
    expect(podSelectorOf({ apiVersion, kind, metadata: { name: 'w' }, spec })).toEqual(selector)
  })

  it('picks a Pod by its own labels', () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'w', labels: { app: 'web' } }, spec: {} }

    expect(podSelectorOf(pod)).toEqual({ matchLabels: { app: 'web' } })
    expect(podLabelsOf(pod)).toEqual({ app: 'web' })
  })
})
