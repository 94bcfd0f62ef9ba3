import { fieldOf, type Alert } from '../alert/alert.ts'
import { podStemOf } from './pod-name.ts'

/** What an alert tells of the pod it happened in. At least one of `podName` and `owner` is there. */
export interface PodSighting {
  /** Absent when the alert names none; Saker then refuses rather than search every namespace. */
  readonly namespace?: string
  readonly podName?: string
  /** The owning workload, where the alert itself names it (k8smeta plugin, audit log). */
  readonly owner?: { readonly kind: string; readonly name: string }
}

/** RFC 1123 subdomain: what the API server admits as a name. Anything else in an alert is no name, whatever it says. */
const KUBERNETES_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u

function nameIn(alert: Alert, fields: readonly string[]): string | undefined {
  return fields
    .map((field) => fieldOf(alert, field))
    .find((value) => value !== undefined && KUBERNETES_NAME.test(value))
}

const NAMESPACE_FIELDS = ['k8smeta.ns.name', 'k8s.ns.name']

const OWNER_FIELDS: readonly (readonly [field: string, kind: string])[] = [
  ['k8smeta.deployment.name', 'Deployment'],
  ['k8s.deployment.name', 'Deployment'],
]

/** Audit-log resources that are workloads: an alert on `pods/exec` names the pod, one on `deployments` the workload. */
const AUDITED_KINDS: Readonly<Record<string, string>> = {
  deployments: 'Deployment',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
  replicasets: 'ReplicaSet',
  replicationcontrollers: 'ReplicationController',
  jobs: 'Job',
  cronjobs: 'CronJob',
}

/** dockershim and cri-dockerd name containers `k8s_<container>_<pod>_<namespace>_<pod uid>_<attempt>`. */
function fromContainerName(alert: Alert): PodSighting | undefined {
  const [, podName, namespace] =
    /^k8s_[^_]+_([^_]+)_([^_]+)_[^_]+_[0-9]+$/u.exec(fieldOf(alert, 'container.name') ?? '') ?? []
  if (podName === undefined || namespace === undefined) return undefined
  return KUBERNETES_NAME.test(podName) && KUBERNETES_NAME.test(namespace) ? { namespace, podName } : undefined
}

function fromAudit(alert: Alert): PodSighting | undefined {
  const resource = fieldOf(alert, 'ka.target.resource')
  if (resource === undefined) return undefined
  const namespace = nameIn(alert, ['ka.target.namespace'])
  const name = nameIn(alert, ['ka.target.pod.name', 'ka.target.name', 'ka.resp.name'])
  if (name === undefined) return undefined
  const where = namespace === undefined ? {} : { namespace }
  if (resource === 'pods') return { ...where, podName: name }
  const kind = Object.hasOwn(AUDITED_KINDS, resource) ? AUDITED_KINDS[resource] : undefined
  return kind === undefined ? undefined : { ...where, owner: { kind, name } }
}

/**
 * Reads from an alert which pod it is about: the k8smeta plugin's fields first, then Falco's own, then the container's
 * dockershim-style name, then the target of an audit event. Undefined when nothing in it names a pod or a workload
 * (host processes, containers without metadata).
 */
export function podSightingOf(alert: Alert): PodSighting | undefined {
  const byContainer = fromContainerName(alert)
  const podName = nameIn(alert, ['k8smeta.pod.name', 'k8s.pod.name']) ?? byContainer?.podName
  const namespace = nameIn(alert, NAMESPACE_FIELDS) ?? byContainer?.namespace
  const owner = OWNER_FIELDS.map(([field, kind]) => ({ kind, name: nameIn(alert, [field]) })).find(
    (candidate): candidate is { kind: string; name: string } => candidate.name !== undefined,
  )
  if (podName === undefined && owner === undefined) return fromAudit(alert)
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(podName === undefined ? {} : { podName }),
    ...(owner === undefined ? {} : { owner }),
  }
}

/**
 * The namespace that responses are matched by: that of the sighting. Where the alert names no pod, since an audit event may
 * be about anything, it is the namespace that it names all the same.
 */
export function namespaceOf(alert: Alert, sighting: PodSighting | undefined): string | undefined {
  return sighting === undefined ? nameIn(alert, [...NAMESPACE_FIELDS, 'ka.target.namespace']) : sighting.namespace
}

/** The part of a sighting that deduplication compares: stem and shape of the pod's name, or the owner that the alert names. */
export function sightingKeyOf(sighting: PodSighting): string {
  if (sighting.owner !== undefined) return `owner/${sighting.owner.kind}/${sighting.owner.name}`
  const { stem, shape } = podStemOf(sighting.podName ?? '')
  return `${shape}/${stem}`
}

/** How a person is told which pod is meant: `default/web-0`, or `Deployment web in an unnamed namespace`. */
export function describeSighting(sighting: PodSighting): string {
  const where = sighting.namespace ?? '(no namespace)'
  if (sighting.podName !== undefined) return `pod ${where}/${sighting.podName}`
  return `${sighting.owner?.kind ?? 'workload'} ${where}/${sighting.owner?.name ?? ''}`
}
