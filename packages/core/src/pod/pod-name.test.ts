import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canBePodOf, podStemOf } from './pod-name.ts'
import '../../../../test/support/fixed-seed.ts'

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** `SimpleNameGenerator` of k8s.io/apiserver: the base cut at 58 characters, then five of the alphabet. */
function generateName(base: string, suffix = 'x7k2p'): string {
  return base.slice(0, 58) + suffix
}

/** `SafeEncodeString(fmt.Sprint(hash))` of k8s.io/apimachinery, as the Deployment controller calls it. */
function templateHash(hash: number): string {
  return Array.from(String(hash), (digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join('')
}

/** `podGenerateNameWithIndex` of the Job controller. */
function indexedPod(job: string, index: number): string {
  const appendIndex = `-${index}-`
  return generateName(job.slice(0, 58 - appendIndex.length) + appendIndex)
}

const HASH = templateHash(4294967295)
const MINUTES = 29_345_678
const long = (length: number): string => `${'payments-reconciliation-worker-'.repeat(9).slice(0, length - 1)}x`

describe('canBePodOf', () => {
  it.each([
    ['Deployment', 'web', 'web-77789455d6-m7flp'],
    ['Deployment', 'poolmgr-go-default-516098', 'poolmgr-go-default-516098-5bdbf8c8f5-g8gvc'],
    ['Deployment', 'web', generateName(`web-${templateHash(1_234_567)}-`)],
    ['Deployment', 'web', 'web-6d4f8b9c-2xk4z'],
    ['Deployment', 'web.v1', `web.v1-${HASH}-x7k2p`],
    ['Rollout', 'web', 'web-77789455d6-m7flp'],
    ['ReplicaSet', 'web', 'web-m7flp'],
    ['ReplicationController', 'web', 'web-m7flp'],
    ['ReplicaSet', 'web-77789455d6', 'web-77789455d6-m7flp'],
    ['DaemonSet', 'falco', 'falco-74htl'],
    ['StatefulSet', 'db', 'db-0'],
    ['StatefulSet', 'db', 'db-117'],
    ['StatefulSet', 'db-1', 'db-1-0'],
    ['Job', 'migrate', 'migrate-x7k2p'],
    ['Job', 'migrate', 'migrate-0-x7k2p'],
    ['Job', 'migrate', 'migrate-1200-x7k2p'],
    ['CronJob', 'backup', 'backup-29345678-x7k2p'],
    ['CronJob', 'backup', 'backup-1620201600-x7k2p'],
    ['CronJob', 'backup', 'backup-29345678-3-x7k2p'],
    ['Pod', 'kubecon', 'kubecon'],
  ])('%s %s can have the pod %s', (kind, workload, podName) => {
    expect(canBePodOf(kind, workload, podName)).toBe(true)
  })

  it.each([
    ['the suffix holds a vowel', 'Deployment', 'web', 'web-77789455d6-m7fla'],
    ['the suffix holds a digit that the alphabet lacks', 'Deployment', 'web', 'web-77789455d6-m7fl1'],
    ['the suffix is too short', 'Deployment', 'web', 'web-77789455d6-m7fl'],
    ['the suffix is too long', 'DaemonSet', 'web', 'web-m7flpq'],
    ['the hash holds a vowel', 'Deployment', 'web', 'web-7778945ad6-m7flp'],
    ['the hash is too long', 'Deployment', 'web', 'web-77789455d6d-m7flp'],
    ['there is no hash', 'Deployment', 'web', 'web-m7flp'],
    ['a number of another workload stands for the hash', 'Deployment', 'web', 'web-4-m7flp'],
    ['a word of another workload stands for the hash', 'Deployment', 'web', 'web-bdd-m7flp'],
    ['the pod is of a longer name', 'Deployment', 'web', 'web-api-77789455d6-m7flp'],
    ['the pod is of a shorter name', 'Deployment', 'web-api', 'web-77789455d6-m7flp'],
    ['the name only ends alike', 'Deployment', 'web', 'my-web-77789455d6-m7flp'],
    ['case differs', 'Deployment', 'Web', 'web-77789455d6-m7flp'],
    ['the name is a pattern', 'Deployment', '.*', 'web-77789455d6-m7flp'],
    ['a short name looks cut', 'Deployment', 'webserver', 'web-x7k2p'],
    ['a hash stands between', 'ReplicaSet', 'web', 'web-77789455d6-m7flp'],
    ['a hash stands between', 'DaemonSet', 'web', 'web-77789455d6-m7flp'],
    ['the ordinal has a leading zero', 'StatefulSet', 'db', 'db-01'],
    ['the ordinal is missing', 'StatefulSet', 'db', 'db-'],
    ['the ordinal is a suffix', 'StatefulSet', 'db', 'db-m7flp'],
    ['another ordinal follows', 'StatefulSet', 'db', 'db-1-0'],
    ['the index has a leading zero', 'Job', 'migrate', 'migrate-01-x7k2p'],
    ['the pod is of a CronJob’s other Job', 'CronJob', 'backup', 'backup-manual-x7k2p'],
    ['the time is too short', 'CronJob', 'backup', 'backup-2934567-x7k2p'],
    ['the time is too long', 'CronJob', 'backup', 'backup-16202016000-x7k2p'],
    ['the pod only begins alike', 'Pod', 'kubecon', 'kubecon-1'],
    ['the kind names its pods in an unknown way', 'HelmRelease', 'web', 'web-77789455d6-m7flp'],
    ['the kind is no kind', 'constructor', 'web', 'web'],
    ['the pod has no name', 'Deployment', 'web', ''],
  ])('says no when %s', (_, kind, workload, podName) => {
    expect(canBePodOf(kind, workload, podName)).toBe(false)
  })

  describe('with a name that Kubernetes cuts at 58 characters', () => {
    const lengths = [44, 45, 46, 47, 48, 49, 50, 55, 57, 58, 59, 63, 100, 253]

    it.each(lengths)('finds the pods of a Deployment with a name of %d characters', (length) => {
      const podName = generateName(`${long(length)}-${HASH}-`)

      expect(canBePodOf('Deployment', long(length), podName)).toBe(true)
      expect(podName.length).toBeLessThanOrEqual(63)
    })

    it.each(lengths)('finds the pods of a DaemonSet with a name of %d characters', (length) => {
      expect(canBePodOf('DaemonSet', long(length), generateName(`${long(length)}-`))).toBe(true)
    })

    it.each([52, 54, 55, 56, 57, 58, 63])('finds the pods of an Indexed Job with a name of %d characters', (length) => {
      for (const index of [0, 9, 10, 99_999]) {
        expect(canBePodOf('Job', long(length), indexedPod(long(length), index))).toBe(true)
      }
    })

    it.each([40, 44, 45, 46, 47, 48, 49, 50, 51, 52])(
      'finds the pods of a CronJob with a name of %d characters',
      (length) => {
        const job = `${long(length)}-${MINUTES}`

        expect(canBePodOf('CronJob', long(length), generateName(`${job}-`))).toBe(true)
        for (const index of [0, 42, 9999, 99_999]) {
          expect(canBePodOf('CronJob', long(length), indexedPod(job, index))).toBe(true)
        }
      },
    )

    it.each([
      ['the name differs before the cut', long(80).replace('worker', 'Worker'), generateName(`${long(80)}-${HASH}-`)],
      ['the pod’s name is too long to be one', long(58), `${long(58)}-${HASH}-x7k2p`],
      ['the base ends one short of the cut', long(80), `${long(80).slice(0, 57)}x7k2p`],
      ['the base goes one over the cut', long(80), `${long(80).slice(0, 59)}x7k2p`],
      ['letters that no hash has follow', long(50), `${long(50)}-aeiou01x7k2p`],
    ])('says no when %s', (_, workload, podName) => {
      expect(canBePodOf('Deployment', workload, podName)).toBe(false)
    })

    it('says no for an Indexed Job whose name was cut at another place', () => {
      expect(canBePodOf('Job', long(60), `${long(60).slice(0, 54)}-0-x7k2p`)).toBe(false)
    })
  })
})

const label = fc
  .stringMatching(/^[a-z](?:[a-z0-9-]{0,70}[a-z0-9])?$/u)
  .filter((name) => name.length <= 63 && !name.includes('--'))
const suffix = fc.string({ unit: fc.constantFrom(...ALPHABET.split('')), minLength: 5, maxLength: 5 })
// smaller ones, two in a million, are refused on purpose
const uint32 = fc.integer({ min: 10_000, max: 2 ** 32 - 1 })

describe('canBePodOf and podStemOf together', () => {
  it('recognise whatever Kubernetes names the pods of a Deployment', () => {
    fc.assert(
      fc.property(label, uint32, suffix, (name, hash, random) => {
        const podName = generateName(`${name}-${templateHash(hash)}-`, random)

        expect(canBePodOf('Deployment', name, podName)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('recognise whatever Kubernetes names the pods of a DaemonSet, StatefulSet, Job or CronJob', () => {
    fc.assert(
      fc.property(label, suffix, fc.nat({ max: 100_000 }), (name, random, number) => {
        const cron = name.slice(0, 52)

        expect(canBePodOf('DaemonSet', name, generateName(`${name}-`, random))).toBe(true)
        expect(canBePodOf('StatefulSet', name, `${name}-${number}`)).toBe(true)
        expect(canBePodOf('Job', name, indexedPod(name, number))).toBe(true)
        expect(canBePodOf('CronJob', cron, generateName(`${cron}-${MINUTES + number}-`, random))).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('never take a pod for one of a Deployment whose name differs and fits', () => {
    fc.assert(
      fc.property(label, label, uint32, (name, other, hash) => {
        fc.pre(name !== other && Math.max(name.length, other.length) <= 46)
        const encoded = templateHash(hash)

        expect(canBePodOf('Deployment', other, generateName(`${name}-${encoded}-`))).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })

  it('give the pods of one ReplicaSet one stem', () => {
    fc.assert(
      fc.property(label, uint32, suffix, suffix, (name, hash, one, two) => {
        const base = `${name}-${templateHash(hash)}-`

        expect(podStemOf(generateName(base, one))).toEqual(podStemOf(generateName(base, two)))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('podStemOf', () => {
  it.each([
    ['web-77789455d6-m7flp', 'web', 'hashed'],
    ['web-0', 'web', 'ordinal'],
    ['web-m7flp', 'web-', 'generated'],
    ['backup-29345678-x7k2p', 'backup', 'scheduled'],
    ['backup-29345678-3-x7k2p', 'backup', 'scheduled'],
    ['kubecon', 'kubecon', 'plain'],
    ['web-01', 'web-01', 'plain'],
  ])('%s has the stem %s and is %s', (podName, stem, shape) => {
    expect(podStemOf(podName)).toEqual({ stem, shape })
  })

  it('joins the pods of a Deployment across its rollouts', () => {
    const before = podStemOf(`web-${templateHash(3_967_000_000)}-m7flp`)
    const after = podStemOf(`web-${templateHash(2_789_666_777)}-x7k2p`)

    expect(after).toEqual(before)
  })

  it.each([
    ['Jobs named after a day', 'migrate-20240101-bcdfg', 'migrate-20240102-bcdfh'],
    ['Jobs named after a number', 'import-48596-bcdfg', 'import-55849-bcdfh'],
  ])('tells two %s apart', (_title, one, other) => {
    expect(podStemOf(one)).not.toEqual(podStemOf(other))
  })

  it('tells a Deployment, a StatefulSet and a DaemonSet of one name apart', () => {
    const stems = ['web-77789455d6-m7flp', 'web-0', 'web-m7flp'].map((podName) => JSON.stringify(podStemOf(podName)))

    expect(new Set(stems).size).toBe(3)
  })

  it('joins pods whose names were cut', () => {
    const base = `${long(80)}-${HASH}-`

    expect(podStemOf(generateName(base, 'bcdfg'))).toEqual(podStemOf(generateName(base, '99999')))
  })
})
