import type { IsolationPolicy } from '@saker/core'
import { fieldAt, isObject, listAt, textAt, type JsonObject } from '../layout/json-value.ts'
import type { BuiltObject } from '../layout/layout-model.ts'
import { policySelectorOf } from './isolation-policy.ts'
import { objectsAt } from './json-list.ts'
import { podLabelsOf, selectorMatches } from './pod-selector.ts'
import { titleOf } from './proof.ts'
import { groupOf, podTemplateOf } from './workload-kind.ts'

/** Which kind of policy a cluster understands best, by what its repositories declare: Cilium's where anything of Cilium's is there. */
export function policyFor(all: readonly BuiltObject[]): IsolationPolicy {
  return all.some((object) => isOfCilium(object)) ? 'cilium' : 'kubernetes'
}

function isOfCilium(object: BuiltObject): boolean {
  const { apiVersion, kind, name } = object.identity
  if (groupOf(apiVersion) === 'cilium.io') return true
  if (kind === 'CustomResourceDefinition') return name === 'ciliumnetworkpolicies.cilium.io'
  return kind === 'HelmRelease' && textAt(object.value(), ['spec', 'chart', 'spec', 'chart']) === 'cilium'
}

/** What keeps a policy from cutting the workload off, as far as the repositories tell. */
export function isolationDoubts(
  all: readonly BuiltObject[],
  workload: BuiltObject,
  policy: IsolationPolicy,
): readonly string[] {
  const value = workload.value()
  const doubts: string[] = []
  if (fieldAt(podTemplateOf(value), ['spec', 'hostNetwork']) === true) {
    doubts.push('its pods use the network of their node, which no policy of pods reaches')
  }
  if (policy === 'cilium') return doubts
  const allowing = all.filter((object) => isAllowing(object, workload, value))
  if (allowing.length > 0) {
    const titles = allowing.map(({ identity }) => titleOf(identity)).toSorted()
    doubts.push(`a NetworkPolicy forbids nothing that another policy allows, and these do: ${titles.join(', ')}`)
  }
  if (
    !all.some(({ identity }) =>
      /^(?:networking\.k8s\.io\/.*NetworkPolicy|.*projectcalico\.org\/)/u.test(
        `${identity.apiVersion} ${identity.kind}`,
      ),
    )
  ) {
    doubts.push('nothing in the repository shows that the network of the cluster enforces a NetworkPolicy')
  }
  return doubts
}

const POLICIES = new Set([
  'networking.k8s.io/NetworkPolicy',
  'cilium.io/CiliumNetworkPolicy',
  'cilium.io/CiliumClusterwideNetworkPolicy',
])

function isAllowing(object: BuiltObject, workload: BuiltObject, pods: JsonObject): boolean {
  const { identity } = object
  if (!POLICIES.has(`${groupOf(identity.apiVersion)}/${identity.kind}`)) return false
  const isClusterwide = identity.kind === 'CiliumClusterwideNetworkPolicy'
  if (!isClusterwide && identity.namespace !== workload.identity.namespace) return false
  const policy = object.value()
  const specs = [fieldAt(policy, ['spec']), ...listAt(policy, ['specs'])]
  return specs.some(
    (spec) =>
      isObject(spec) &&
      selectorMatches(policySelectorOf({ spec }), podLabelsOf(pods)) &&
      (objectsAt(spec, ['ingress']).length > 0 || objectsAt(spec, ['egress']).length > 0),
  )
}

/** Without pods, nobody is cut off. */
function isIdle(object: JsonObject): boolean {
  return fieldAt(object, ['spec', 'replicas']) === 0 || fieldAt(object, ['spec', 'suspend']) === true
}

const podLabels = new WeakMap<BuiltObject, JsonObject>()

/** Objects are looked at for every plan, and never change. */
function knownPodLabels(object: BuiltObject): JsonObject {
  const labels = podLabels.get(object) ?? podLabelsOf(object.value())
  podLabels.set(object, labels)
  return labels
}

/** Other workloads of the namespace whose pods a selector picks too. */
export function bystandersOf(
  all: readonly BuiltObject[],
  workload: BuiltObject,
  selector: JsonObject,
): readonly BuiltObject[] {
  return all.filter((object) => {
    if (object.identity.namespace !== workload.identity.namespace) return false
    if (object.identity.kind === workload.identity.kind && object.identity.name === workload.identity.name) return false
    if (
      !/^(?:Deployment|StatefulSet|ReplicaSet|Rollout|ReplicationController|DaemonSet|CronJob|Job|Pod)$/u.test(
        object.identity.kind,
      )
    )
      return false
    return selectorMatches(selector, knownPodLabels(object)) && !isIdle(object.value())
  })
}
