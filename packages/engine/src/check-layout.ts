import type { Config, Finding, Repository, RepositoryCluster, Tree } from '@saker/core'
import { layoutOf, type Applier, type BuiltObject, type JsonObject, type Layout } from '@saker/manifest'
import { layoutSourcesOf } from './layout-sources.ts'

/** What is looked at. */
export interface LayoutToCheck {
  readonly config: Config
  /** Whose places are looked for. */
  readonly repository: Repository
  /** Of that repository, and of those of its clusters' other repositories that could be read. */
  readonly trees: ReadonlyMap<string, Tree>
}

/** So many problems of one cluster are told; the rest is counted. */
const MAX_PROBLEMS = 5

/**
 * Looks in the trees for what keeps a commit from working: places of the config that are not there, manifests that cannot be
 * followed, and what applies them: pinned, suspended, or bound to signatures that Saker's commits do not carry.
 */
export function checkLayout({ config, repository, trees }: LayoutToCheck): readonly Finding[] {
  const tree = trees.get(repository.name)
  if (tree === undefined) return []
  const layout = layoutOf(layoutSourcesOf(config, trees))
  return repository.clusters.flatMap((place) => [
    ...placeFindings(place, tree),
    ...problemFindings(place.name, layout),
    ...applierFindings(place.name, layout),
  ])
}

function placeFindings({ name, paths, file, pins }: RepositoryCluster, tree: Tree): readonly Finding[] {
  const isThere = (path: string): boolean =>
    path === '' || tree.files.has(path) || [...tree.files.keys()].some((one) => one.startsWith(`${path}/`))
  const named = [
    ...paths.map((path) => ({ what: 'path', path })),
    ...(file === undefined ? [] : [{ what: 'file', path: file }]),
    ...pins.map((pin) => ({ what: 'pinned file', path: pin.file })),
  ]
  const missing = named.filter(({ path }) => !isThere(path))
  if (missing.length === 0)
    return [{ verdict: 'ok', what: 'places', message: `everything that the config names for cluster ${name} is there` }]
  return missing.map(({ what, path }) => ({
    verdict: 'fail',
    what: 'places',
    message: `${what} ${path} of cluster ${name} is not in the repository`,
    remedy: 'correct it in the config, or commit what it names',
  }))
}

function problemFindings(cluster: string, layout: Layout): readonly Finding[] {
  const built = layout.rootsOf(cluster).flatMap((root) => layout.objectsOf(root).problems)
  const problems = [...layout.problemsOf(cluster), ...built]
  const told = problems.slice(0, MAX_PROBLEMS).map(({ code, where, message }): Finding => ({
    verdict: 'warn',
    what: 'manifests',
    message: `${where.path}: ${message} (${code})`,
    remedy: 'what it declares is unknown to Saker: mend it, or pin the workloads that matter',
  }))
  const rest = problems.length - told.length
  if (rest <= 0) return told
  const message = `${rest} more of the kind in cluster ${cluster}`
  return [...told, { verdict: 'warn', what: 'manifests', message, remedy: 'mend those above first' }]
}

function applierFindings(cluster: string, layout: Layout): readonly Finding[] {
  const appliers = layout.rootsOf(cluster).flatMap(({ applier }) => (applier === undefined ? [] : [applier]))
  const sources = new Map(appliers.flatMap(({ source }) => (source === undefined ? [] : [[titleOf(source), source]])))
  return [...appliers.flatMap(ofApplier), ...Array.from(sources, ([title, source]) => ofSource(title, source)).flat()]
}

function ofApplier({ object, pinned }: Applier): readonly Finding[] {
  const title = titleOf(object)
  const findings: Finding[] = []
  if (pinned !== undefined)
    findings.push({
      verdict: 'warn',
      what: 'pinned',
      message: `${title} is pinned to ${pinned}: what is committed to the branch does not reach its cluster`,
      remedy: 'have it follow the branch; until then responses to its workloads fail as SOURCE_PINNED',
    })
  if (specOf(object)['suspend'] === true) findings.push(suspended(title))
  return findings
}

function ofSource(title: string, source: BuiltObject): readonly Finding[] {
  const { suspend, verify } = specOf(source)
  const findings: Finding[] = suspend === true ? [suspended(title)] : []
  const mode = isObject(verify) ? (verify['mode'] ?? 'HEAD') : 'Tag'
  if (mode !== 'Tag')
    findings.push({
      verdict: 'fail',
      what: 'signatures',
      message: `${title} takes only commits signed by keys it knows: a commit of Saker's would stop everything it brings`,
      remedy: 'deliver by pull-request and sign the merge, or add the key with which the host signs to its secret',
    })
  return findings
}

function suspended(title: string): Finding {
  const message = `${title} is suspended: nothing is applied until it is resumed`
  return { verdict: 'warn', what: 'suspended', message, remedy: `resume it (flux resume), or expect no effect` }
}

function specOf(object: BuiltObject): JsonObject {
  const { spec } = object.value()
  return isObject(spec) ? spec : {}
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function titleOf({ identity: { kind, namespace, name } }: BuiltObject): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}
