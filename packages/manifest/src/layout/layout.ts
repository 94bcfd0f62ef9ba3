import { isManifestPath } from '@saker/core'
import { buildRoot, keyOfPlan, type RootBuild, type RootPlan } from './build-root.ts'
import { discoverRoots, leadsIn, withoutDoubles } from './discover-roots.ts'
import type { Discovered, LayoutAccess } from './discovery.ts'
import { factsOf } from './file-facts.ts'
import { sameJson } from './json-value.ts'
import { kustomizationInText } from './kustomize/kustomization-file.ts'
import type {
  BuiltRoot,
  FileEdit,
  Layout,
  LayoutCluster,
  LayoutPlace,
  LayoutProblem,
  LayoutSource,
  Root,
} from './layout-model.ts'
import { RepositoryFiles, type FileContent } from './repository-files.ts'
import { rootAt } from './root-at.ts'
import { discoverWhole, isKustomizationPath, kustomizationPaths, type WholeRepository } from './whole-repository.ts'

/**
 * The layout of some repositories. Nothing is read before it is asked for, and what was built of the trees before them is
 * kept where none of its files differ.
 */
export function layoutOf(sources: readonly LayoutSource[]): Layout {
  const key = JSON.stringify(sources.map(({ repository, url, branch }) => [repository, url, branch]))
  const files = new Map(sources.map(({ repository, tree }) => [repository, RepositoryFiles.of(tree)]))
  const layout = new LazyLayout(sources, files, latest.get(key)?.buildsFor(files) ?? [])
  latest.delete(key)
  latest.set(key, layout)
  for (const oldest of latest.keys()) {
    if (latest.size <= MAX_LATEST) break
    latest.delete(oldest)
  }
  return layout
}

/** By what they are of, the last layouts that were asked for. */
const latest = new Map<string, LazyLayout>()
const MAX_LATEST = 4

type Edited = ReadonlyMap<string, ReadonlyMap<string, string | null>>

class LazyLayout implements Layout, LayoutAccess {
  readonly sources: readonly LayoutSource[]
  readonly #files: ReadonlyMap<string, RepositoryFiles>
  readonly #builds: Map<string, RootBuild>
  readonly #wholes = new Map<string, WholeRepository>()
  readonly #clusters = new Map<string, Discovered>()
  #all: readonly RootPlan[] | undefined
  #byId: ReadonlyMap<string, RootPlan> | undefined

  constructor(
    sources: readonly LayoutSource[],
    files: ReadonlyMap<string, RepositoryFiles>,
    builds: Iterable<readonly [string, RootBuild]>,
  ) {
    this.sources = sources
    this.#files = files
    this.#builds = new Map(builds)
  }

  get roots(): readonly Root[] {
    return this.#plans().map(({ root }) => root)
  }

  rootsOf(cluster: string): readonly Root[] {
    return this.#ofCluster(cluster).plans.map(({ root }) => root)
  }

  objectsOf(root: Root): BuiltRoot {
    this.#byId ??= new Map(this.#plans().map((plan) => [plan.root.id, plan]))
    return this.build(this.#byId.get(root.id) ?? { root }).built
  }

  with(edits: readonly FileEdit[]): Layout {
    const edited = new Map<string, Map<string, string | null>>()
    for (const { repository, path, text } of edits) {
      const ofRepository = edited.get(repository) ?? new Map<string, string | null>()
      edited.set(repository, ofRepository.set(path, text))
    }
    const files = new Map(
      [...this.#files].map(([repository, before]) => {
        const changed = edited.get(repository)
        return [repository, changed === undefined ? before : before.with(changed)]
      }),
    )
    // all of it is built now, so that both layouts have the very same builds of what the edits do not touch
    for (const plan of this.#plans()) this.build(plan)
    const after = new LazyLayout(this.sources, files, this.#buildsWithout(edited))
    if (this.#leadsNowhereElse(after, edited)) after.#follow(this)
    return after
  }

  /** Builds that hold for other files as well. */
  buildsFor(files: ReadonlyMap<string, RepositoryFiles>): Iterable<readonly [string, RootBuild]> {
    const edited = new Map([...this.#files].map(([name, before]) => [name, before.differencesFrom(files.get(name))]))
    return this.#buildsWithout(edited)
  }

  *#buildsWithout(edited: Edited): Iterable<readonly [string, RootBuild]> {
    for (const [key, build] of this.#builds) {
      const paths = [...(edited.get(build.reads.repository)?.keys() ?? [])]
      if (!paths.some((path) => build.reads.dependsOn(path))) yield [key, build]
    }
  }

  /**
   * Whether edits leave everything as it is that leads from one root to another: no file comes or goes, kustomizations
   * use the same folders and files, and what is built anew held and holds no object that leads on.
   */
  #leadsNowhereElse(after: LazyLayout, edited: Edited): boolean {
    if (this.#all === undefined) return false
    for (const [repository, changes] of edited) {
      const [before, now] = [this.filesOf(repository), after.filesOf(repository)]
      for (const path of changes.keys()) if (!isHarmless(path, before.textOf(path), now.textOf(path))) return false
    }
    return this.#all.every((plan) => {
      const before = this.build(plan)
      if (after.#builds.get(before.key) === before) return true
      return leadsIn(before.built).length === 0 && leadsIn(after.build(plan).built).length === 0
    })
  }

  #follow(before: LazyLayout): void {
    for (const [repository, whole] of before.#wholes) this.#wholes.set(repository, whole)
    for (const [cluster, discovered] of before.#clusters) this.#clusters.set(cluster, discovered)
    this.#all = before.#all
    this.#byId = before.#byId
  }

  rootsReading({ repository, path }: LayoutPlace): readonly Root[] {
    return this.#plans()
      .filter((plan) => plan.root.repository === repository && this.build(plan).built.files.has(path))
      .map(({ root }) => root)
  }

  textOf({ repository, path }: LayoutPlace): string | undefined {
    return this.#files.get(repository)?.textOf(path)
  }

  read({ repository, path }: LayoutPlace): FileContent | undefined {
    return this.#files.get(repository)?.read(path)
  }

  manifestsOf(repository: string): readonly string[] {
    return this.filesOf(repository).paths.filter((path) => isManifestPath(path))
  }

  problemsOf(cluster: string): readonly LayoutProblem[] {
    return this.#ofCluster(cluster).problems
  }

  get problems(): readonly LayoutProblem[] {
    const wholes = this.sources.map(({ repository }) => this.#whole(repository))
    const discovered = [...wholes, ...this.#reached()].flatMap(({ problems }) => problems)
    const ofRoots = this.#plans().flatMap((plan) => this.build(plan).built.problems)
    return [...new Map([...discovered, ...ofRoots].map((one) => [JSON.stringify(one), one])).values()]
  }

  filesOf(repository: string): RepositoryFiles {
    return this.#files.get(repository) ?? RepositoryFiles.of({ sha: '', files: new Map() })
  }

  build(plan: RootPlan): RootBuild {
    const key = keyOfPlan(plan)
    const build = this.#builds.get(key) ?? buildRoot(plan, this.filesOf(plan.root.repository))
    this.#builds.set(key, build)
    return build
  }

  #plans(): readonly RootPlan[] {
    if (this.#all !== undefined) return this.#all
    const reached = [...this.#reached()].flatMap(({ plans }) => plans)
    const others = this.#rest(reached)
    // what is a root of nobody in its own repository may be applied from another one
    this.#all = withoutDoubles([...new Map([...others, ...reached].map((plan) => [plan.root.id, plan])).values()])
    return this.#all
  }

  /** What the configured clusters get. */
  *#reached(): Generator<Discovered> {
    for (const name of new Set(this.sources.flatMap(({ clusters }) => clusters.map((cluster) => cluster.name)))) {
      yield this.#ofCluster(name)
    }
  }

  /** What no cluster of the config reaches; what a cluster's root holds as a part of it is none of that. */
  #rest(reached: readonly RootPlan[]): readonly RootPlan[] {
    const ids = new Set(reached.map(({ root }) => root.id))
    const read = new Set(
      reached.flatMap((plan) => [...this.build(plan).built.files].map((path) => `${plan.root.repository}:${path}`)),
    )
    return this.sources.flatMap(({ repository }) => {
      const { plans, unapplied } = this.#whole(repository)
      return [...plans, ...unapplied].flatMap((plan) => (ids.has(plan.root.id) ? [] : partNotIn(plan, read)))
    })
  }

  #whole(repository: string): WholeRepository {
    const whole = this.#wholes.get(repository) ?? discoverWhole(this, repository)
    this.#wholes.set(repository, whole)
    return whole
  }

  #ofCluster(name: string): Discovered {
    const known = this.#clusters.get(name)
    if (known !== undefined) return known
    const places = this.sources.flatMap(({ repository, clusters }) =>
      clusters.filter((cluster) => cluster.name === name).map((cluster) => ({ repository, cluster })),
    )
    const parts = places.map(({ repository, cluster }) => this.#seeds(repository, cluster))
    const seeds = parts.flatMap(({ plans }) => plans)
    const found = discoverRoots(this, seeds)
    const discovered = {
      plans: found.plans,
      problems: [...parts.flatMap(({ problems }) => problems), ...found.problems],
    }
    this.#clusters.set(name, discovered)
    return discovered
  }

  /** The roots that a cluster's paths name. A single file is looked for in all that the repository builds of it. */
  #seeds(repository: string, { paths, file }: LayoutCluster): Discovered {
    const files = this.filesOf(repository)
    if (file !== undefined) return this.#seedsOfFile(repository, file)
    if (paths.includes('')) return this.#whole(repository)
    const roots = paths.map((path) => ({ path, root: rootAt(files, { repository, path, by: '' }) }))
    return {
      plans: roots.flatMap(({ root }) => (root === undefined ? [] : [{ root }])),
      problems: roots
        .filter(({ root }) => root === undefined)
        .map(({ path }) => ({
          code: 'MANIFEST_MISSING',
          where: { repository, path },
          message: 'is not in the repository',
        })),
    }
  }

  /** A file that nothing builds is taken as it is. */
  #seedsOfFile(repository: string, file: string): Discovered {
    const { plans, problems } = this.#whole(repository)
    const isBuilt = plans.some((plan) => plan.root.repository === repository && this.build(plan).built.files.has(file))
    const root = isBuilt ? undefined : rootAt(this.filesOf(repository), { repository, path: file, by: '' })
    return { plans: root === undefined ? plans : [...plans, { root }], problems }
  }
}

/** Without what was read for others, as `repository:path`; nothing at all where that is the whole of it. */
function partNotIn(plan: RootPlan, read: ReadonlySet<string>): readonly RootPlan[] {
  const { root, loose } = plan
  if (root.applier !== undefined) return [plan]
  if (loose === undefined) return kustomizationPaths(plan).some((path) => read.has(path)) ? [] : [plan]
  const left = loose.filter((path) => !read.has(`${root.repository}:${path}`))
  return left.length === 0 ? [] : [{ root, loose: left }]
}

/** A change of content that changes nothing of what a file is to others. */
function isHarmless(path: string, before: string | undefined, after: string | undefined): boolean {
  if (before === undefined || after === undefined || path.endsWith('.sourceignore')) return false
  const [was, is] = [factsOf(before), factsOf(after)]
  if (was.fault !== undefined || is.fault !== undefined) return false
  if (!isKustomizationPath(path)) return was.objects.length > 0 && is.objects.length > 0
  const [one, other] = [kustomizationInText(before, path), kustomizationInText(after, path)]
  return (
    one !== undefined &&
    one.kind === other?.kind &&
    sameJson(one.resources, other.resources) &&
    sameJson(one.components, other.components)
  )
}
