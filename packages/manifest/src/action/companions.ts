import { fieldAt, sameJson, textAt } from '../layout/json-value.ts'
import { isDefinition, replicasPathOf } from '../layout/find/scaled-kinds.ts'
import type { BuiltObject, Layout, ObjectIdentity } from '../layout/layout-model.ts'
import { valueAt, type Wanted } from './wanted.ts'
import { groupOf } from './workload-kind.ts'

/** All that a cluster gets. */
export function objectsOfCluster(layout: Layout, cluster: string): readonly BuiltObject[] {
  return layout.rootsOf(cluster).flatMap((root) => layout.objectsOf(root).objects)
}

/** Something beside a workload that would start it again, and what has to change for that not to happen. */
export interface Companion {
  readonly object: BuiltObject
  readonly wanted: readonly Wanted[]
}

const PAUSED_REPLICAS = 'autoscaling.keda.sh/paused-replicas'

/**
 * What has to stop together with a workload that is scaled to nothing: a KEDA ScaledObject that would scale it up again, and
 * the other half of an Argo Rollout and the Deployment that it takes its pods from.
 */
export function companionsOf(all: readonly BuiltObject[], workload: BuiltObject): readonly Companion[] {
  return all.flatMap((object): readonly Companion[] => {
    const wanted = wantedOfCompanion(object, workload)
    if (wanted === undefined) return []
    return [{ object, wanted: sameJson(valueAt(object.value(), wanted.at), wanted.value) ? [] : [wanted] }]
  })
}

type Setting = Extract<Wanted, { op: 'set' }>

function wantedOfCompanion(object: BuiltObject, workload: BuiltObject): Setting | undefined {
  if (!inSameNamespace(object, workload)) return undefined
  if (isKind(object.identity, 'keda.sh', 'ScaledObject')) {
    const isTarget = refersTo(fieldAt(object.value(), ['spec', 'scaleTargetRef']), workload.identity)
    return isTarget ? { op: 'set', at: ['metadata', 'annotations', PAUSED_REPLICAS], value: '0' } : undefined
  }
  const isRollout = isKind(object.identity, 'argoproj.io', 'Rollout')
  const isPair = isRollout
    ? refersTo(fieldAt(object.value(), ['spec', 'workloadRef']), workload.identity)
    : isKind(workload.identity, 'argoproj.io', 'Rollout') &&
      isKind(object.identity, 'apps', object.identity.kind) &&
      refersTo(fieldAt(workload.value(), ['spec', 'workloadRef']), object.identity)
  return isPair ? { op: 'set', at: ['spec', 'replicas'], value: 0 } : undefined
}

function inSameNamespace(a: BuiltObject, b: BuiltObject): boolean {
  return a.identity.namespace === b.identity.namespace
}

function isKind({ apiVersion, kind }: ObjectIdentity, group: string, name: string): boolean {
  return kind === name && groupOf(apiVersion) === group
}

/** Whether a reference means an object; kind and version left out mean a Deployment, as KEDA and Kubernetes have it. */
function refersTo(reference: ReturnType<typeof fieldAt>, identity: ObjectIdentity): boolean {
  const kind = textAt(reference, ['kind']) ?? 'Deployment'
  const apiVersion = textAt(reference, ['apiVersion'])
  return (
    textAt(reference, ['name']) === identity.name &&
    kind === identity.kind &&
    (apiVersion === undefined || groupOf(apiVersion) === groupOf(identity.apiVersion))
  )
}

/**
 * Whether a HorizontalPodAutoscaler can start the workload again. One with `minReplicas` above zero leaves a workload of
 * zero replicas alone (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#implicit-maintenance-mode-deactivation).
 */
export function autoscalersFromZero(all: readonly BuiltObject[], workload: BuiltObject): readonly BuiltObject[] {
  return all.filter(
    (object) =>
      isKind(object.identity, 'autoscaling', 'HorizontalPodAutoscaler') &&
      inSameNamespace(object, workload) &&
      refersTo(fieldAt(object.value(), ['spec', 'scaleTargetRef']), workload.identity) &&
      fieldAt(object.value(), ['spec', 'minReplicas']) === 0,
  )
}

/**
 * Where a custom resource keeps its number of replicas, by the scale subresource of its definition in the repository.
 * Undefined when there is none.
 */
export function scalePathOf(all: readonly BuiltObject[], resource: BuiltObject): readonly string[] | undefined {
  const path = replicasPathOf(all.filter(isDefinition), resource)
  return path !== undefined && /^(?:\.[A-Za-z0-9_-]+)+$/u.test(path) ? path.split('.').slice(1) : undefined
}
