/**
 * How Kubernetes names the pods of a workload, forward: from a declared workload to the names its pods can have.
 *
 * Names are never cut backwards into an owner: `api-v2-x7k2p` could come from a DaemonSet `api-v2` or a ReplicaSet
 * `api-v2`, and only what the repository declares tells which. Sources: `k8s.io/apiserver/pkg/storage/names/generate.go`
 * (suffix, cut at 58), `k8s.io/apimachinery/pkg/util/rand` (alphabet), the controllers' own naming code.
 */

/** Kubernetes' random alphabet: no vowels and no 0, 1, 3, so that no word appears by accident. */
const SUFFIX = '[bcdfghjklmnpqrstvwxz2456789]{5}'

/**
 * The pod-template hash of a ReplicaSet's name: a 32-bit number whose ten decimal digits are mapped to ten letters of
 * the alphabet. The wide form takes any letter of it at full length, which other builders of that hash have used.
 *
 * Shorter than five it is not taken for one: a hash is that small twice in a million, while Jobs, DaemonSets and bare
 * ReplicaSets called `web-4` are common, and their pods must not pass for those of a Deployment `web`.
 */
const TEMPLATE_HASH = '(?:[bcdf456789]{5,10}|[bcdfghjklmnpqrstvwxz2456789]{8,10})'

/** A generated name keeps this many characters of its base; five random ones follow. */
const MAX_BASE_LENGTH = 58

/** Of a workload's name so many characters at least stand in its pods', whatever is cut for indices and suffixes. */
const KEPT_LENGTH = 30

/** How a controller builds the base of a generated pod name: a fixed part, then one that varies. */
interface GeneratedBase {
  readonly fixed: string
  /** The variable part, whole. */
  readonly variable: RegExp
  /** What may be left of the variable part when the base was cut inside it. */
  readonly cut: RegExp
}

/** A base that fits is written out whole; a longer one is cut at 58 characters, inside its fixed or its variable part. */
function generatedFrom(podName: string, { fixed, variable, cut }: GeneratedBase): boolean {
  const suffix = new RegExp(`${SUFFIX}$`, 'u').exec(podName)
  if (suffix === null || suffix.index > MAX_BASE_LENGTH) return false
  const base = podName.slice(0, suffix.index)
  const wasCut = base.length === MAX_BASE_LENGTH
  if (wasCut && fixed.startsWith(base)) return true
  if (!base.startsWith(fixed)) return false
  const rest = base.slice(fixed.length)
  return variable.test(rest) || (wasCut && cut.test(rest))
}

/** Kinds whose pods' names follow a known pattern. */
export type PodOwnerKind =
  | 'Deployment'
  | 'Rollout'
  | 'ReplicaSet'
  | 'ReplicationController'
  | 'StatefulSet'
  | 'DaemonSet'
  | 'Job'
  | 'CronJob'
  | 'Pod'

const NAMING: Readonly<Record<PodOwnerKind, (workload: string, podName: string) => boolean>> = {
  Deployment: ownedThroughReplicaSet,
  Rollout: ownedThroughReplicaSet,
  ReplicaSet: generatedDirectly,
  ReplicationController: generatedDirectly,
  DaemonSet: generatedDirectly,
  StatefulSet: (workload, podName) =>
    podName.startsWith(`${workload}-`) && /^(?:0|[1-9][0-9]*)$/u.test(podName.slice(workload.length + 1)),
  Job: ofJob,
  CronJob: ofCronJob,
  Pod: (workload, podName) => workload === podName,
}

function ownedThroughReplicaSet(workload: string, podName: string): boolean {
  const variable = new RegExp(`^${TEMPLATE_HASH}-$`, 'u')
  return generatedFrom(podName, { fixed: `${workload}-`, variable, cut: /^[bcdfghjklmnpqrstvwxz2456789]{0,10}$/u })
}

function generatedDirectly(workload: string, podName: string): boolean {
  return generatedFrom(podName, { fixed: `${workload}-`, variable: /^$/u, cut: /^$/u })
}

/** A Job's pods; an Indexed Job puts the completion index before the suffix and cuts the name, not the index. */
function ofJob(workload: string, podName: string): boolean {
  if (generatedDirectly(workload, podName)) return true
  const indexed = indexedJobOf(podName)
  return indexed !== undefined && (indexed.job === workload || (indexed.wasCut && workload.startsWith(indexed.job)))
}

/** A CronJob names its Jobs after the scheduled time: minutes since 1970 (8 digits), seconds before Kubernetes 1.21. */
function ofCronJob(workload: string, podName: string): boolean {
  const fixed = `${workload}-`
  if (generatedFrom(podName, { fixed, variable: /^[0-9]{8,10}-$/u, cut: /^[0-9]{0,10}$/u })) return true
  const indexed = indexedJobOf(podName)
  if (indexed === undefined) return false
  const { job, wasCut } = indexed
  if (wasCut && fixed.startsWith(job)) return true
  return job.startsWith(fixed) && (wasCut ? /^[0-9]{0,10}$/u : /^[0-9]{8,10}$/u).test(job.slice(fixed.length))
}

/** What the name of an Indexed Job's pod holds of the Job's name: the index is written out whole, the name before it is cut. */
function indexedJobOf(podName: string): { readonly job: string; readonly wasCut: boolean } | undefined {
  const [, job, index] = new RegExp(`^(.*?)(-(?:0|[1-9][0-9]*)-)${SUFFIX}$`, 'u').exec(podName) ?? []
  if (job === undefined || index === undefined || job.length + index.length > MAX_BASE_LENGTH) return undefined
  return { job, wasCut: job.length + index.length === MAX_BASE_LENGTH }
}

/** Whether Kubernetes could have given `podName` to a pod of this workload. False for kinds whose naming is unknown. */
export function canBePodOf(kind: string, workload: string, podName: string): boolean {
  // Every name that is built keeps this much of the workload's; most workloads of a cluster are told apart by that.
  if (!podName.startsWith(workload.slice(0, KEPT_LENGTH))) return false
  return Object.hasOwn(NAMING, kind) && NAMING[kind as PodOwnerKind](workload, podName)
}

/**
 * Minutes from 2019 to 2084, or seconds from 2014 to 2039, since 1970. Eight digits may as well be the date in the name of
 * a Job, `migrate-20240101`, and two such Jobs are two workloads.
 */
const SCHEDULED_TIME = '(?:(?:2[6-9]|[3-5][0-9])[0-9]{6}|(?:1[4-9]|2[01])[0-9]{8})'

/** What stays the same in the names of one workload's pods, and the shape of the part that changes. */
export interface PodStem {
  readonly stem: string
  readonly shape: 'hashed' | 'generated' | 'ordinal' | 'scheduled' | 'plain'
}

/**
 * Groups pod names for deduplication: pods of one workload share a stem, and a Deployment and a StatefulSet of one name
 * differ in shape. Where it is not certain which part varies, nothing is left out: two alerts of one workload then count as
 * two, which the lane makes one again, while two workloads taken for one would leave the second running. So a hash of
 * digits alone, which may be the number of a Job, stays in the stem, and so does the base of a name that was cut (63
 * characters).
 */
export function podStemOf(podName: string): PodStem {
  if (podName.length < MAX_BASE_LENGTH + 5) {
    const [, hashed, hash = ''] = new RegExp(`^(.+)-(${TEMPLATE_HASH})-${SUFFIX}$`, 'u').exec(podName) ?? []
    if (hashed !== undefined && /[a-z]/u.test(hash)) return { stem: hashed, shape: 'hashed' }
  }
  const scheduled = new RegExp(`^(.+)-${SCHEDULED_TIME}(?:-[0-9]+)?-${SUFFIX}$`, 'u').exec(podName)?.[1]
  if (scheduled !== undefined) return { stem: scheduled, shape: 'scheduled' }
  const generated = new RegExp(`^(.+)${SUFFIX}$`, 'u').exec(podName)?.[1]
  if (generated !== undefined && (generated.endsWith('-') || generated.length === MAX_BASE_LENGTH)) {
    return { stem: generated, shape: 'generated' }
  }
  const ordinal = /^(.+)-(?:0|[1-9][0-9]*)$/u.exec(podName)?.[1]
  if (ordinal !== undefined) return { stem: ordinal, shape: 'ordinal' }
  return { stem: podName, shape: 'plain' }
}
