import { ResponseError } from '@saker/core'
import { fieldAt, textAt } from '../layout/json-value.ts'
import type { Applier, BuiltObject, Root } from '../layout/layout-model.ts'
import { titleOf } from './proof.ts'

/**
 * Why a commit to the files of an object's root does not reach the cluster: what applies it follows something else than the
 * branch, or is told to stand still. Undefined when nothing speaks against it.
 */
export function refuseUnreachable({ root }: BuiltObject): ResponseError | undefined {
  const { applier } = root
  if (applier === undefined) return undefined
  const title = titleOf(applier.object.identity)
  if (applier.pinned !== undefined) {
    return new ResponseError('SOURCE_PINNED', `${title} applies ${applier.pinned}, not what is committed`, {
      details: { path: root.path, pinned: applier.pinned },
    })
  }
  const asleep = [applier.object, applier.source].find((one) => one !== undefined && isSuspended(one))
  return asleep === undefined ? undefined : suspended(asleep)
}

/** Whether an object of Flux or Argo CD is told to stand still. */
export function isSuspended(object: BuiltObject): boolean {
  const value = object.value()
  if (object.identity.kind === 'Application') {
    return textAt(value, ['metadata', 'annotations', 'argocd.argoproj.io/skip-reconcile']) === 'true'
  }
  return fieldAt(value, ['spec', 'suspend']) === true
}

/** What applies a root, what applies that, and so on. */
export function appliersOf(root: Root): readonly Applier[] {
  const found: Applier[] = []
  for (let applier = root.applier; applier !== undefined; applier = applier.object.root.applier) {
    // A Flux Kustomization can lie in the very folder that it applies.
    if (found.some(({ object }) => sameObject(object, applier.object))) break
    found.push(applier)
  }
  return found
}

function sameObject(a: BuiltObject, b: BuiltObject): boolean {
  const { kind, namespace, name } = a.identity
  return kind === b.identity.kind && namespace === b.identity.namespace && name === b.identity.name
}

/** The refusal for an object that stands still. */
export function suspended({ identity }: BuiltObject): ResponseError {
  return new ResponseError('SOURCE_SUSPENDED', `${titleOf(identity)} is suspended, so nothing would be applied`, {
    details: { kind: identity.kind, name: identity.name },
  })
}
