import type { JsonObject } from '../layout/json-value.ts'
import { fieldAt, textAt } from '../layout/json-value.ts'

/** How a kind is stopped, and where its pods are described. */
export interface WorkloadKind {
  /** `replicas`: none of them; `suspend`: not run; `nodes`: a node that does not exist; `remove`: out of Git. */
  readonly stoppedBy: 'replicas' | 'suspend' | 'nodes' | 'remove'
  /** Where the pod template stands; empty when the object is the pod. */
  readonly template: readonly string[]
}

const TEMPLATE = ['spec', 'template'] as const

const KINDS: Readonly<Record<string, WorkloadKind>> = {
  'apps/Deployment': { stoppedBy: 'replicas', template: TEMPLATE },
  'apps/StatefulSet': { stoppedBy: 'replicas', template: TEMPLATE },
  'apps/ReplicaSet': { stoppedBy: 'replicas', template: TEMPLATE },
  'argoproj.io/Rollout': { stoppedBy: 'replicas', template: TEMPLATE },
  '/ReplicationController': { stoppedBy: 'replicas', template: TEMPLATE },
  'apps/DaemonSet': { stoppedBy: 'nodes', template: TEMPLATE },
  'batch/CronJob': { stoppedBy: 'suspend', template: ['spec', 'jobTemplate', 'spec', 'template'] },
  'batch/Job': { stoppedBy: 'suspend', template: TEMPLATE },
  '/Pod': { stoppedBy: 'remove', template: [] },
}

/** The group of an API version: `apps` of `apps/v1`, nothing of `v1`. `extensions` was the first home of what `apps` holds. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  const group = slash === -1 ? '' : apiVersion.slice(0, slash)
  return group === 'extensions' ? 'apps' : group
}

const VERSIONS: Readonly<Record<string, string>> = {
  apps: 'apps/v1',
  batch: 'batch/v1',
  'argoproj.io': 'argoproj.io/v1alpha1',
  '': 'v1',
}

/** The API version of a kind of workload, where only its name is known. Undefined for kinds that are no workloads. */
export function apiVersionOf(kind: string): string | undefined {
  const key = Object.keys(KINDS).find((one) => one.endsWith(`/${kind}`))
  return key === undefined ? undefined : VERSIONS[key.slice(0, key.indexOf('/'))]
}

/** What is known of a kind. Undefined for custom resources, which only their definition explains. */
export function workloadKindOf(apiVersion: string, kind: string): WorkloadKind | undefined {
  const key = `${groupOf(apiVersion)}/${kind}`
  return Object.hasOwn(KINDS, key) ? KINDS[key] : undefined
}

/** The pods' metadata and spec, as the workload describes them. Undefined when it does not. */
export function podTemplateOf(object: JsonObject): JsonObject | undefined {
  const kind = workloadKindOf(textAt(object, ['apiVersion']) ?? '', textAt(object, ['kind']) ?? '')
  const template = kind?.template.length === 0 ? object : fieldAt(object, kind?.template ?? TEMPLATE)
  return typeof template === 'object' && template !== null && !Array.isArray(template)
    ? (template as JsonObject)
    : undefined
}
