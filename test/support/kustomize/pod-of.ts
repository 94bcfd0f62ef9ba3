import type { PodSighting } from '@saker/core'

/** What Kubernetes puts behind a workload's name to call a pod of it, by kind. */
const SUFFIXES: Readonly<Record<string, string>> = {
  Deployment: '-6d4cf56db6-x7k2p',
  Rollout: '-6d4cf56db6-x7k2p',
  StatefulSet: '-0',
  DaemonSet: '-x7k2p',
  ReplicaSet: '-x7k2p',
  ReplicationController: '-x7k2p',
  Job: '-x7k2p',
  CronJob: '-28912345-x7k2p',
  Pod: '',
}

/** Whether pods of a kind can be told from the name of their workload. */
export function hasPods(kind: string): boolean {
  return Object.hasOwn(SUFFIXES, kind)
}

/** An alert's view of a pod: of the workload `namespace/Kind/name`, or of the pod `namespace/name`, maybe with `Kind/name` as its owner. */
export function sightingOf(seen: {
  readonly workload?: string
  readonly pod?: string
  readonly owner?: string
}): PodSighting {
  const [namespace = '', kind = '', ...rest] = (seen.workload ?? '').split('/')
  const [podNamespace, podName] = seen.pod?.split('/') ?? [namespace, `${rest.join('/')}${SUFFIXES[kind] ?? ''}`]
  const [ownerKind, ownerName] = seen.owner?.split('/') ?? []
  return {
    ...(podNamespace === undefined || podNamespace === '-' ? {} : { namespace: podNamespace }),
    ...(podName === undefined ? {} : { podName }),
    ...(ownerKind === undefined || ownerName === undefined ? {} : { owner: { kind: ownerKind, name: ownerName } }),
  }
}
