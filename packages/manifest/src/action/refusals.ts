import { ResponseError } from '@saker/core'
import { fieldAt, type JsonValue } from '../layout/json-value.ts'
import type { BuiltObject, Layout } from '../layout/layout-model.ts'
import { writtenValue } from './edit-in-place.ts'
import { isPruned } from './plan-warnings.ts'
import { titleOf } from './proof.ts'
import type { Wanted } from './wanted.ts'

/** The annotation that keeps Saker's hands off a manifest. */
const OPT_OUT = ['metadata', 'annotations', 'saker.dev/response'] as const

/** Throws `OPTED_OUT` when the manifest says, as written or as the cluster gets it, that no response may change it. */
export function refuseOptedOut(layout: Layout, object: BuiltObject): void {
  const written = 'remote' in object.origin ? undefined : writtenValue(layout, object.origin)
  if (![object.value(), written].some((value) => isOptedOut(value))) return
  throw refusal('OPTED_OUT', object, 'carries saker.dev/response: disabled')
}

function isOptedOut(value: JsonValue | undefined): boolean {
  return fieldAt(value, OPT_OUT) === 'disabled'
}

/**
 * Throws `MANIFEST_ENCRYPTED` for an object that SOPS keeps a code over: any edit breaks that, also one by an overlay, as the
 * object is decrypted after it is built.
 */
export function refuseEncrypted(layout: Layout, object: BuiltObject): void {
  const written = 'remote' in object.origin ? undefined : writtenValue(layout, object.origin)
  if (![object.value(), written].some((value) => fieldAt(value, ['sops']) !== undefined)) return
  throw refusal('MANIFEST_ENCRYPTED', object, 'is encrypted with SOPS')
}

/** Throws `EVIDENCE_AT_RISK` when fewer replicas would make the cluster delete the volumes of a StatefulSet. */
export function refuseRisk(object: BuiltObject, changes: readonly Wanted[]): void {
  if (object.identity.kind !== 'StatefulSet') return
  const value = object.value()
  if (fieldAt(value, ['spec', 'persistentVolumeClaimRetentionPolicy', 'whenScaled']) !== 'Delete') return
  const before = fieldAt(value, ['spec', 'replicas']) ?? 1
  const shrinks = changes.some(
    (one) =>
      one.op === 'set' &&
      one.at.length === 2 &&
      one.at[0] === 'spec' &&
      one.at[1] === 'replicas' &&
      (typeof before !== 'number' || typeof one.value !== 'number' || one.value < before),
  )
  if (!shrinks) return
  throw refusal('EVIDENCE_AT_RISK', object, 'deletes its volumes when it is scaled down (whenScaled: Delete)')
}

/** Throws `REMOVAL_NOT_PRUNED` when leaving Git would not take the object out of the cluster. */
export function refuseUnpruned(object: BuiltObject): void {
  if (isPruned(object) !== false) return
  throw refusal('REMOVAL_NOT_PRUNED', object, 'would stay in the cluster: what applies it does not prune')
}

function refusal(
  code: 'OPTED_OUT' | 'MANIFEST_ENCRYPTED' | 'EVIDENCE_AT_RISK' | 'REMOVAL_NOT_PRUNED',
  { identity }: BuiltObject,
  what: string,
): ResponseError {
  return new ResponseError(code, `${titleOf(identity)} ${what}`, {
    details: { kind: identity.kind, name: identity.name },
  })
}
