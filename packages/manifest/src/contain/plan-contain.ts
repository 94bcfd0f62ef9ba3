import { ResponseError, type ChangedPlace, type PodOwnerKind } from '@saker/core'
import { workloadsInFile } from '../workload/workloads-in-file.ts'
import { describeDeclared, type DeclaredWorkload } from '../workload/declared-workload.ts'
import { isChange } from '../yaml/apply-changes.ts'
import { assertField } from '../yaml/assert-field.ts'
import type { Change } from '../yaml/change.ts'
import type { OpenManifest } from '../yaml/open-manifest.ts'

/** What an action wants of a manifest: a change, or nothing because it already is as wanted. */
export interface ManifestChange {
  readonly place: ChangedPlace
  /** Absent when the manifest already is in the desired state. */
  readonly change?: Change
}

/** The field of each kind that stops its pods, and the value that does. */
const STOPPED: Readonly<Partial<Record<PodOwnerKind, { readonly field: string; readonly value: number | boolean }>>> = {
  Deployment: { field: 'replicas', value: 0 },
  StatefulSet: { field: 'replicas', value: 0 },
  ReplicaSet: { field: 'replicas', value: 0 },
  Rollout: { field: 'replicas', value: 0 },
  Job: { field: 'suspend', value: true },
  CronJob: { field: 'suspend', value: true },
}

/**
 * How a workload is stopped in its manifest: `spec.replicas: 0`, or `spec.suspend: true` for a Job or CronJob.
 *
 * Ends in `WORKLOAD_KIND_UNSUPPORTED` for a DaemonSet or a bare Pod, in `MANIFEST_EDIT_UNSAFE` also when the file does not
 * declare this workload there, or has no `spec` to write to, and otherwise as `applyChanges` does.
 */
export function planContain(file: OpenManifest, manifest: DeclaredWorkload): ManifestChange {
  const { apiVersion, kind, name, namespace = '', path, documentIndex } = manifest
  const stopped = STOPPED[kind]
  if (stopped === undefined) {
    throw new ResponseError(
      'WORKLOAD_KIND_UNSUPPORTED',
      `the ${kind} ${name} in ${path} is of a kind that cannot be contained yet`,
      { details: { path, kind, name } },
    )
  }
  if (manifest.inList === true) {
    const message = `the ${kind} ${name} in ${path} is an item of a List, which cannot be edited yet`
    throw new ResponseError('WORKLOAD_KIND_UNSUPPORTED', message, { details: { path, kind, name } })
  }
  assertDeclares(file, manifest)
  const place = { path, document: { apiVersion, kind, namespace, name }, pointer: `/spec/${stopped.field}` }
  const change: Change = {
    op: 'set',
    at: { documentIndex, steps: ['spec', stopped.field] },
    value: stopped.value,
  }
  assertField(file, change.at)
  return isChange(file, change) ? { place, change } : { place }
}

/** A manifest that was found in another version of the file must not lead to whatever stands at its index now. */
function assertDeclares({ documents }: OpenManifest, manifest: DeclaredWorkload): void {
  const { path, documentIndex } = manifest
  const document = documents[documentIndex]
  const [there] = document === undefined ? [] : workloadsInFile([document]).workloads
  if (there !== undefined && describeDeclared({ ...there, path, documentIndex }) === describeDeclared(manifest)) return
  throw new ResponseError('MANIFEST_EDIT_UNSAFE', `${path} does not declare ${describeDeclared(manifest)}`, {
    details: { path },
  })
}
