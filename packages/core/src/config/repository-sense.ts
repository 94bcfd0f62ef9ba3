import { isBranchName } from '../lane/branch-name.ts'
import { laneOf } from '../lane/lane.ts'
import type { ConfigFault } from './config-fault.ts'
import { normalisePath, normaliseRepository } from './normalise-config.ts'
import type { WrittenRepository } from './written-repository.ts'

type Path = ConfigFault['path']

/** A repository whose form is right, with its name. */
export interface NamedRepository {
  readonly name: string
  readonly written: WrittenRepository
}

/** What no schema sees in the repositories: what contradicts itself, and two that are one. */
export function repositoryFaults(repositories: readonly NamedRepository[]): readonly ConfigFault[] {
  const lanes = new Map<string, string>()
  return repositories.flatMap(({ name, written }) => {
    const path = ['repositories', name]
    if ((written.github === undefined) === (written.git === undefined)) {
      return [{ path, message: 'must have exactly one of github and git' }]
    }
    const { key } = laneOf(normaliseRepository(name, written), 'commit')
    const twin = lanes.get(key)
    if (twin === undefined) lanes.set(key, name)
    return [
      ...authFaults(written, [...path, 'auth']),
      ...branchFaults(written, path),
      ...placeFaults(written, path),
      ...(twin === undefined
        ? []
        : [{ path, message: `is the same repository and branch as ${twin}; list its clusters there` }]),
    ]
  })
}

function authFaults(repository: WrittenRepository, path: Path): readonly ConfigFault[] {
  const { tokenFrom, app, ssh, username } = repository.auth ?? {}
  const ways = [tokenFrom, app, ssh].filter((way) => way !== undefined)
  if (ways.length > 1) return [{ path, message: 'must have only one of tokenFrom, app and ssh' }]
  if (repository.github !== undefined && (ssh !== undefined || ways.length === 0)) {
    return [{ path, message: 'must have tokenFrom or app for a GitHub repository' }]
  }
  if (repository.git !== undefined && app !== undefined)
    return [{ path, message: 'app works only for a GitHub repository' }]
  const overSsh = repository.git?.url.startsWith('ssh:') === true
  if (repository.git !== undefined && overSsh !== (ssh !== undefined)) {
    return [{ path, message: 'must have ssh for an ssh:// URL, and only for one' }]
  }
  return username !== undefined && tokenFrom === undefined
    ? [{ path, message: 'username works only with tokenFrom' }]
    : []
}

function branchFaults({ branch, pullRequest }: WrittenRepository, path: Path): readonly ConfigFault[] {
  const faults: ConfigFault[] = []
  if (!isBranchName(branch) || branch.startsWith('refs/')) {
    faults.push({ path: [...path, 'branch'], message: 'is not the name of a branch, such as main' })
  }
  const { branchPrefix, draft, autoMerge } = pullRequest ?? {}
  if (branchPrefix !== undefined && (!isBranchName(`${branchPrefix}x`) || branchPrefix.startsWith('refs/'))) {
    faults.push({ path: [...path, 'pullRequest', 'branchPrefix'], message: 'is not what a branch can begin with' })
  }
  if (draft === true && typeof autoMerge === 'string') {
    const message = 'works only without draft: nobody merges a draft'
    faults.push({ path: [...path, 'pullRequest', 'autoMerge'], message })
  }
  return faults
}

function placeFaults(written: WrittenRepository, path: Path): readonly ConfigFault[] {
  const { paths, file, pins, notify, clusters } = written
  const both = clusters !== undefined && (paths ?? file ?? pins ?? notify) !== undefined
  const message = 'has both clusters and paths, file, pins or notify; the latter are short for clusters.default'
  const places = [
    { place: written, at: path },
    ...Object.entries(clusters ?? {}).map(([name, place]) => ({ place, at: [...path, 'clusters', name] })),
  ]
  return [
    ...(both ? [{ path, message }] : []),
    ...places.flatMap(({ place, at }) => [...fileFaults(place.file, at), ...pinFaults(place.pins ?? [], at)]),
  ]
}

function fileFaults(file: string | undefined, path: Path): readonly ConfigFault[] {
  return file !== undefined && normalisePath(file) === ''
    ? [{ path: [...path, 'file'], message: 'must name a file' }]
    : []
}

function pinFaults(pins: NonNullable<WrittenRepository['pins']>, path: Path): readonly ConfigFault[] {
  const pinned = new Set<string>()
  return pins.flatMap(({ namespace, kind, name, file }, index) => {
    const at = [...path, 'pins', index]
    const workload = [namespace, kind, name].join('/')
    const again = pinned.has(workload)
    pinned.add(workload)
    return [
      ...(again ? [{ path: at, message: 'pins a workload that is pinned already' }] : []),
      ...fileFaults(file, at),
    ]
  })
}
