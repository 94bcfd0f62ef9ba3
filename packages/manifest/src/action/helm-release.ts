import { ResponseError, type Action, type Workload } from '@saker/core'
import { fieldAt, textAt, type JsonObject, type JsonValue } from '../layout/json-value.ts'
import type { ObjectIdentity } from '../layout/layout-model.ts'
import { actionsWanted, type WantedContext } from './actions-wanted.ts'
import { objectsAt } from './json-list.ts'
import { deletionEntryOf, patchEntryOf, targetOf, type PatchEntry } from './kustomize-patch.ts'
import { patchText } from './patch-text.ts'
import type { Wanted } from './wanted.ts'
import { apiVersionOf, groupOf } from './workload-kind.ts'

/**
 * The patches that do what actions want of a workload whose manifest a chart makes. They name what is to be, not what is: the
 * rest of the manifest is unknown.
 *
 * Ends in `ISOLATION_UNCERTAIN` for `isolate`, as nothing tells the labels of the pods, and in `WORKLOAD_KIND_UNSUPPORTED`.
 */
export function patchesForReleased(
  workload: Pick<Workload, 'kind' | 'name'>,
  actions: readonly Action[],
  context: WantedContext,
): readonly PatchEntry[] {
  const { kind, name } = workload
  if (actions.some(({ action }) => action === 'isolate')) {
    const message = `the labels of the pods of ${kind} ${name} are not written in the repository`
    throw new ResponseError('ISOLATION_UNCERTAIN', message, { details: { kind, name } })
  }
  const apiVersion = apiVersionOf(kind)
  if (apiVersion === undefined) {
    const message = `the ${kind} ${name} is made by a chart, and of a kind that is not known`
    throw new ResponseError('WORKLOAD_KIND_UNSUPPORTED', message, { details: { kind, name } })
  }
  const target = { group: groupOf(apiVersion), kind, name }
  const operations = actions.flatMap((action) => (action.action === 'patch' ? (action.json6902 ?? []) : []))
  const others = actions.filter((action) => action.action !== 'patch' || action.json6902 === undefined)
  const object = skeletonOf({ apiVersion, kind, name }, others)
  const wanted = actionsWanted(object, others, context)
  if (wanted.desired === null) return [deletionEntryOf(target, { apiVersion, kind, name })]
  const own: readonly PatchEntry[] =
    operations.length === 0 ? [] : [{ target: targetOf(target), patch: patchText(operations) }]
  if (wanted.changes.length === 0) return own
  const entry = patchEntryOf(target, wanted.changes, object)
  return entry === undefined ? own : [...own, entry]
}

/** As much of the manifest as is certain: who it is, that it has a spec, and the containers that actions name. */
function skeletonOf({ apiVersion, kind, name }: ObjectIdentity, actions: readonly Action[]): JsonObject {
  const containers = actions.flatMap((action) => (action.action === 'image' ? [{ name: action.container }] : []))
  const template = containers.length === 0 ? {} : { template: { spec: { containers } } }
  return { apiVersion, kind, metadata: { name }, spec: { selector: {}, ...template } }
}

/** What is wanted of a HelmRelease for its rendered workload to be patched. Nothing when it is patched so already. */
export function postRendererWanted(release: JsonObject, patches: readonly PatchEntry[]): readonly Wanted[] {
  const there = objectsAt(release, ['spec', 'postRenderers']).flatMap((one) => objectsAt(one, ['kustomize', 'patches']))
  const missing = patches.filter((patch) => !there.some((one) => isSamePatch(one, patch)))
  if (missing.length === 0) return []
  const value: JsonValue = { kustomize: { patches: missing } }
  return [{ op: 'append', at: ['spec', 'postRenderers'], value }]
}

function isSamePatch(one: JsonObject, other: PatchEntry): boolean {
  const sameTarget = ['kind', 'name'].every((key) => textAt(one, ['target', key]) === textAt(other.target, [key]))
  return sameTarget && textAt(one, ['patch'])?.trim() === other.patch.trim()
}

/**
 * Whether Helm may take the edit back by itself: tests that fail because the workload is stopped make the release fail, and
 * failed upgrades are rolled back.
 */
export function isRolledBack(release: JsonObject): boolean {
  const spec = fieldAt(release, ['spec'])
  if (fieldAt(spec, ['test', 'enable']) !== true || fieldAt(spec, ['test', 'ignoreFailures']) === true) return false
  if (textAt(spec, ['upgrade', 'strategy', 'name']) === 'RetryOnFailure') return false
  const remediation = fieldAt(spec, ['upgrade', 'remediation'])
  if (fieldAt(remediation, ['ignoreTestFailures']) === true) return false
  const retries = fieldAt(remediation, ['retries'])
  return (typeof retries === 'number' && retries !== 0) || fieldAt(remediation, ['remediateLastFailure']) === true
}
