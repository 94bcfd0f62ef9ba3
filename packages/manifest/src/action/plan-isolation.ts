import { posix } from 'node:path'
import { ResponseError, type IsolationPolicy } from '@saker/core'
import { fieldAt, sameJson, textAt, type JsonObject } from '../layout/json-value.ts'
import type { BuiltObject, Layout } from '../layout/layout-model.ts'
import { openManifest, type OpenManifest } from '../yaml/open-manifest.ts'
import { writeManifest } from '../yaml/write-manifest.ts'
import type { Candidate } from './candidate.ts'
import type { FileChanges } from './file-changes.ts'
import { bystandersOf } from './isolation-doubts.ts'
import { isolationNameOf, isolationPolicyOf, policySelectorOf } from './isolation-policy.ts'
import { podLabelsOf, podSelectorOf, selectorMatches } from './pod-selector.ts'
import { rootOverlayOf } from './overlay-edits.ts'
import { provenStep, tryCandidate, type Progress } from './progress.ts'
import { clustersOf, differencesOf, listed, newProblems, titleOf, type Difference } from './proof.ts'

/** A workload that is to be cut off from the network. */
export interface IsolationGoal {
  readonly cluster: string
  readonly object: BuiltObject
  readonly policy: IsolationPolicy
  /** All that the cluster gets. */
  readonly all: readonly BuiltObject[]
  /** Objects that may share the workload's pods. */
  readonly kin: readonly BuiltObject[]
}

/**
 * Adds a policy for the workload's own pods beside it, where what applies the workload also applies and prunes the policy.
 * What is proven is the policy as the cluster gets it: the overlay's transformers write into it.
 *
 * Ends in `LAYER_SHARED` when others get that folder too, and in `ISOLATION_UNCERTAIN` when there is none, or the pods cannot
 * be told from those of other workloads by their labels.
 */
export function planIsolation(progress: Progress, goal: IsolationGoal): Progress {
  const { object } = goal
  const value = object.value()
  const selector = selectorFor(goal, value)
  if (goal.all.some((other) => isPolicyInPlace(other, goal, selector))) return progress
  const candidate = candidateFor(progress.layout, goal, selector)
  const title = titleOf(object.identity)
  if (candidate === undefined) {
    throw uncertain(goal, `no folder is certain to be applied together with ${title}`)
  }
  const tried = tryCandidate(progress, candidate)
  const states = { before: progress.layout, after: tried.layout, files: tried.files }
  const fault = newProblems(states) ?? faultOf(differencesOf(states), progress.layout, goal)
  if (fault instanceof ResponseError) throw fault
  if (fault !== undefined) throw uncertain(goal, `a policy for ${title} in ${candidate.path} would not do: ${fault}`)
  return provenStep(progress, tried)
}

function uncertain({ object }: IsolationGoal, message: string): ResponseError {
  return new ResponseError('ISOLATION_UNCERTAIN', message, {
    details: { path: object.root.path, kind: object.identity.kind, name: object.identity.name },
  })
}

function selectorFor({ object, all, kin }: IsolationGoal, value: JsonObject): JsonObject {
  const own = podSelectorOf(value)
  const labels = podLabelsOf(value)
  const candidates = [own, Object.keys(labels).length > 0 ? { matchLabels: labels } : undefined]
  let bystanders: readonly BuiltObject[] = []
  for (const selector of candidates) {
    if (selector === undefined || !selectorMatches(selector, labels)) continue
    bystanders = bystandersOf(all, object, selector).filter((one) => !kin.includes(one))
    if (bystanders.length === 0) return selector
  }
  const title = titleOf(object.identity)
  const what =
    bystanders.length === 0
      ? 'does not say by which labels its pods can be told'
      : `has the labels of ${bystanders.map(({ identity }) => titleOf(identity)).join(', ')} too`
  throw new ResponseError('ISOLATION_UNCERTAIN', `${title} ${what}`, { details: { name: object.identity.name } })
}

function candidateFor(layout: Layout, { object, policy }: IsolationGoal, selector: JsonObject): Candidate | undefined {
  const { namespace } = object.identity
  const name = isolationNameOf(object.identity)
  const folder = folderFor(object)
  if (folder === undefined) return undefined
  const manifest = isolationPolicyOf(policy, { name, selector, ...(namespace === undefined ? {} : { namespace }) })
  const { repository } = object.root
  const text = writeManifest(manifest, { ...likeOrigin(layout, object) })
  const path = [name, `${name}-${namespace ?? 'default'}`]
    .map((file) => posix.join(folder, `${file}.yaml`))
    .find((one) => (layout.textOf({ repository, path: one }) ?? text) === text)
  if (path === undefined) return undefined
  const overlay = rootOverlayOf(object)
  const edits: readonly FileChanges[] = [
    ...(layout.textOf({ repository, path }) === undefined ? [{ repository, path, create: text }] : []),
    ...(overlay === undefined ? [] : [listing(overlay, posix.basename(path))]),
  ]
  return { layer: 'new-file', path, edits }
}

/** Written like the workload's own file, where that can be read. */
function likeOrigin(layout: Layout, { origin }: BuiltObject): { readonly like?: OpenManifest } {
  const text = 'remote' in origin ? undefined : layout.textOf(origin)
  if (text === undefined || !/\.ya?ml$/u.test(origin.path)) return {}
  try {
    return { like: openManifest(text, origin.path) }
  } catch (thrown) {
    if (thrown instanceof ResponseError) return {}
    throw thrown
  }
}

function listing({ repository, path }: { repository: string; path: string }, file: string): FileChanges {
  const at = { documentIndex: 0, steps: ['resources'] }
  return { repository, path, changes: [{ op: 'append', at, value: file }] }
}

/** The folder whose manifests are applied together with an object. A single file that stands alone has none. */
function folderFor(anchor: BuiltObject): string | undefined {
  const overlay = rootOverlayOf(anchor)
  if (overlay !== undefined) return posix.dirname(overlay.path)
  if (!/^(?:generated|argo-directory|loose)$/u.test(anchor.root.kind)) return undefined
  const isDirect = anchor.layers.length === 0 && !('remote' in anchor.origin)
  return isDirect ? posix.dirname(anchor.origin.path) : anchor.root.path
}

function faultOf(
  differences: readonly Difference[],
  layout: Layout,
  goal: IsolationGoal,
): ResponseError | string | undefined {
  const [policy] = differences.filter(({ root }) => root.id === goal.object.root.id)
  const others = differences.filter((one) => one !== policy)
  if (policy?.after === undefined) return 'it would not be applied'
  if (others.length > 0 || policy.before !== undefined) return shared(`it would change ${listed(others)} too`)
  const foreign = clustersOf(layout, policy.root).filter((name) => name !== goal.cluster)
  if (foreign.length > 0) return shared(`the cluster ${foreign.join(', ')} would get it too`)
  if (policy.identity.namespace !== goal.object.identity.namespace) return 'the policy would be in another namespace'
  const selector = policySelectorOf(policy.after)
  const value = goal.object.value()
  if (Object.keys(selector).length === 0 || !selectorMatches(selector, podLabelsOf(value))) {
    return 'the policy would not be for these pods'
  }
  const bystanders = bystandersOf(goal.all, goal.object, selector).filter((one) => !goal.kin.includes(one))
  return bystanders.length === 0 ? undefined : 'the policy would be for other pods too'
}

function shared(why: string): ResponseError {
  return new ResponseError('LAYER_SHARED', `a policy beside the workload would not be for it alone: ${why}`)
}

/** Whether the policy is there already, whatever the overlays made of its name and selector. */
function isPolicyInPlace(object: BuiltObject, goal: IsolationGoal, selector: JsonObject): boolean {
  const { identity } = object
  const name = isolationNameOf(goal.object.identity)
  if (!identity.name.includes(name) || identity.namespace !== goal.object.identity.namespace) return false
  const wanted = isolationPolicyOf(goal.policy, { name, selector })
  const there = object.value()
  if (textAt(there, ['kind']) !== wanted['kind']) return false
  const without = (policy: JsonObject): JsonObject => {
    const { podSelector: _pods, endpointSelector: _endpoints, ...rest } = fieldAt(policy, ['spec']) as JsonObject
    return rest
  }
  return (
    sameJson(without(there), without(wanted)) &&
    selectorMatches(policySelectorOf(there), podLabelsOf(goal.object.value()))
  )
}
