import { isBranchName } from '../lane/branch-name.ts'
import { laneOf } from '../lane/lane.ts'
import { normalisePath, normaliseRepository } from './normalise-config.ts'
import type { ConfigFault } from './config-fault.ts'
import { WrittenIngestToken, WrittenRepository, WrittenResponse } from './written-config.ts'

/** The parts of a config whose form is right by themselves, each with its place. */
export interface WellFormedParts {
  readonly repositories: readonly { readonly name: string; readonly written: WrittenRepository }[]
  /** Whether `repositories` holds all that the config has; if not, nobody can say which clusters there are. */
  readonly complete: boolean
  readonly responses: readonly { readonly index: number; readonly written: WrittenResponse }[]
  readonly ingestTokens: readonly { readonly index: number; readonly written: WrittenIngestToken }[]
}

/** Picks what can be checked for sense out of a config that may be wrong elsewhere. Total: takes anything. */
export function wellFormedParts(config: unknown): WellFormedParts {
  const all = Object.entries(recordAt(config, 'repositories'))
  const repositories = all.flatMap(([name, value]) => {
    const parsed = WrittenRepository.safeParse(value)
    return parsed.success ? [{ name, written: parsed.data }] : []
  })
  return {
    repositories,
    complete: repositories.length === all.length,
    responses: wellFormedItems(listAt(config, 'responses'), WrittenResponse),
    ingestTokens: wellFormedItems(listAt(recordAt(config, 'ingest'), 'tokens'), WrittenIngestToken),
  }
}

/** A schema, as far as it is needed here. */
interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false }
}

function wellFormedItems<T>(items: readonly unknown[], schema: Schema<T>): { index: number; written: T }[] {
  return items.flatMap((item, index) => {
    const parsed = schema.safeParse(item)
    return parsed.success ? [{ index, written: parsed.data }] : []
  })
}

function recordAt(value: unknown, key: string): Readonly<Record<string, unknown>> {
  const found = valueAt(value, key)
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? { ...found } : {}
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const found = valueAt(value, key)
  return Array.isArray(found) ? found : []
}

function valueAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

/** Everything in the well-formed parts that no schema can see: what contradicts itself, or another part. */
export function senseFaults(parts: WellFormedParts): readonly ConfigFault[] {
  const clusters = new Map<string, string>()
  const repositories = repositoryFaults(parts, clusters)
  const unknownCluster = (path: ConfigFault['path'], names: readonly string[] = []): ConfigFault[] =>
    names.flatMap((name, at) =>
      parts.complete && !clusters.has(name)
        ? [{ path: [...path, 'clusters', at], message: 'is a cluster that no repository declares' }]
        : [],
    )
  return [
    ...repositories,
    ...sameNameFaults(parts),
    ...parts.responses.flatMap(({ index, written }) =>
      unknownCluster(['responses', index, 'match'], written.match.clusters),
    ),
    ...parts.ingestTokens.flatMap(({ index, written }) =>
      unknownCluster(['ingest', 'tokens', index], written.clusters),
    ),
  ]
}

function sameNameFaults({ responses }: WellFormedParts): ConfigFault[] {
  const names = new Set<string>()
  return responses.flatMap(({ index, written: { name } }) => {
    if (names.has(name))
      return [{ path: ['responses', index, 'name'], message: 'is the name of an earlier response too' }]
    names.add(name)
    return []
  })
}

/** Fills `clusters` with the repository that declares each. */
function repositoryFaults({ repositories }: WellFormedParts, clusters: Map<string, string>): ConfigFault[] {
  const lanes = new Map<string, string>()
  return repositories.flatMap(({ name, written }) => {
    const path = ['repositories', name]
    if ((written.github === undefined) === (written.git === undefined)) {
      return [{ path, message: 'must have exactly one of github and git' }]
    }
    const normal = normaliseRepository(name, written)
    const { key } = laneOf(normal, 'commit')
    const twin = lanes.get(key)
    if (twin === undefined) lanes.set(key, name)
    return [
      ...authFaults(written, [...path, 'auth']),
      ...placeFaults(written, path),
      ...(twin === undefined
        ? []
        : [{ path, message: `is the same repository and branch as ${twin}; list its clusters there` }]),
      ...normal.clusters.flatMap((cluster) => {
        const other = clusters.get(cluster.name)
        if (other === undefined) clusters.set(cluster.name, name)
        return other === undefined
          ? []
          : [{ path, message: `declares cluster ${cluster.name}, which ${other} declares too` }]
      }),
    ]
  })
}

function placeFaults(written: WrittenRepository, path: string[]): ConfigFault[] {
  const faults: ConfigFault[] = []
  if (!isBranchName(written.branch) || written.branch.startsWith('refs/')) {
    faults.push({ path: [...path, 'branch'], message: 'is not the name of a branch, such as main' })
  }
  if (written.clusters !== undefined && (written.paths ?? written.file ?? written.notify) !== undefined) {
    const message = 'has both clusters and paths, file or notify; the latter are short for clusters.default'
    faults.push({ path, message })
  }
  const files = [
    { file: written.file, at: path },
    ...Object.entries(written.clusters ?? {}).map(([name, { file }]) => ({ file, at: [...path, 'clusters', name] })),
  ]
  for (const { file, at } of files) {
    if (file !== undefined && normalisePath(file) === '')
      faults.push({ path: [...at, 'file'], message: 'must name a file' })
  }
  return faults
}

function authFaults(repository: WrittenRepository, path: string[]): ConfigFault[] {
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
