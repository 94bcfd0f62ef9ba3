import type { PodOwnerKind, Workload } from '@saker/core'
import { groupOf } from '../discovery.ts'
import { describePlace } from './describe.ts'
import type { BuiltObject } from '../layout-model.ts'

/** What makes a workload that has no manifest of its own. */
export type Maker =
  /** The HelmRelease `object` makes it; a post-renderer of it can reach it. */
  | { readonly kind: 'helm-release' }
  /** The custom resource `object` makes it; it declares its own path of replicas. */
  | { readonly kind: 'custom-resource' }

/** A workload of a cluster, and the object to change for it. */
export interface FoundWorkload {
  readonly workload: Workload
  /** The workload's own object, or what makes it. */
  readonly object: BuiltObject
  readonly via?: Maker
}

/** Something that may be the workload that is looked for. */
export interface Candidate {
  readonly kind: string
  readonly name: string
  /** Absent: whatever applies it decides. */
  readonly namespace?: string
  readonly object: BuiltObject
  readonly via?: Maker
}

/** API group of every kind that can own pods; the core group is empty. Any version of the group counts. */
const GROUPS: Readonly<Record<PodOwnerKind, string>> = {
  Deployment: 'apps',
  StatefulSet: 'apps',
  DaemonSet: 'apps',
  ReplicaSet: 'apps',
  ReplicationController: '',
  Job: 'batch',
  CronJob: 'batch',
  Rollout: 'argoproj.io',
  Pod: '',
}

/** Whether pods of the kind follow a known pattern of names. */
export function isPodOwner(apiVersion: string, kind: string): boolean {
  return Object.hasOwn(GROUPS, kind) && GROUPS[kind as PodOwnerKind] === groupOf(apiVersion)
}

/** `namespace/Kind/name in path (document n)`, as candidates are listed; documents count from 1 for people. */
export function describeCandidate({ kind, name, namespace, object, via }: Candidate): string {
  const maker = via === undefined ? '' : `, made by ${object.identity.kind} ${object.identity.name},`
  return `${namespace ?? '(no namespace)'}/${kind}/${name}${maker} in ${describePlace(object)}`
}
