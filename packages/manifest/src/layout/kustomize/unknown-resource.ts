import type { LayoutPlace } from '../layout-model.ts'
import { Resource } from './resource.ts'

/** What a patch says of the object that it is for. */
interface Named {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

/** The version that a kind has had longest, where a target leaves it out. */
const VERSIONS: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  ReplicaSet: 'apps/v1',
  CronJob: 'batch/v1',
  Job: 'batch/v1',
  Pod: 'v1',
  Rollout: 'argoproj.io/v1alpha1',
}

/**
 * An object that only a patch tells of, because its text lies in a remote base, a chart or a source that is not Git.
 * Undefined where the target leaves open which object it is.
 */
export function unknownResource(
  { group, version, kind, name, namespace }: Named,
  place: LayoutPlace,
): Resource | undefined {
  if (!/^[A-Za-z]+$/u.test(kind) || !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/u.test(name)) return undefined
  const known = group === '' ? VERSIONS[kind] : undefined
  const apiVersion =
    version === '' || known?.endsWith(`/${version}`) ? known : `${group === '' ? '' : `${group}/`}${version}`
  if (apiVersion === undefined) return undefined
  const where = namespace !== undefined && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/u.test(namespace) ? { namespace } : {}
  const identity = { apiVersion, kind, name, ...where }
  return new Resource({
    identity,
    origin: { ...place, remote: 'a source outside of this repository' },
    read: () => ({ apiVersion, kind, metadata: { name, ...where } }),
  })
}
