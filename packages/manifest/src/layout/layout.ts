import { isManifestPath } from '@saker/core'
import { buildRoot, keyOfPlan, type RootBuild, type RootPlan } from './build-root.ts'
import { discoverRoots, withoutDoubles } from './discover-roots.ts'
import type { Discovered, LayoutAccess } from './discovery.ts'
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
import { discoverWhole, type WholeRepository } from './whole-repository.ts'

/** The layout of some repositories. Nothing is read before it is asked for. */
export function layoutOf(sources: readonly LayoutSource[]): Layout {
  return new LazyLayout(sources, new Map(sources.map(({ repository, tree }) => [repository, RepositoryFiles.of(tree)])))
}

type Edited = ReadonlyMap<string, ReadonlyMap<string, string | null>>

class LazyLayout implements Layout, LayoutAccess {
  readonly sources: readonly LayoutSource[]
  readonly #files: ReadonlyMap<string, RepositoryFiles>
  /** The layout that this one is an edit of, and what differs. */
  readonly #base: { readonly layout: LazyLayout; readonly edited: Edited } | undefined
  readonly #builds = new Map<string, RootBuild>()
  readonly #wholes = new Map<string, WholeRepository>()
  readonly #clusters = new Map<string, Discovered>()
  #all: readonly RootPlan[] | undefined

  constructor(
    sources: readonly LayoutSource[],
    files: ReadonlyMap<string, RepositoryFiles>,
    base?: { readonly layout: LazyLayout; readonly edited: Edited },
  ) {
    this.sources = sources
    this.#files = files
    this.#base = base
  }

  get roots(): readonly Root[] {
    return this.#plans().map(({ root }) => root)
  }

  rootsOf(cluster: string): readonly Root[] {
    return this.#ofCluster(cluster).plans.map(({ root }) => root)
  }

  objectsOf(root: Root): BuiltRoot {
    const plan = this.#plans().find((one) => one.root.id === root.id)
    return this.build(plan ?? { root }).built
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
    return new LazyLayout(this.sources, files, { layout: this, edited })
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
    const discovered = [...this.#discoveries()].flatMap(({ problems }) => problems)
    const ofRoots = this.#plans().flatMap((plan) => this.build(plan).built.problems)
    return [...new Map([...discovered, ...ofRoots].map((one) => [JSON.stringify(one), one])).values()]
  }

  filesOf(repository: string): RepositoryFiles {
    return this.#files.get(repository) ?? RepositoryFiles.of({ sha: '', files: new Map() })
  }

  build(plan: RootPlan): RootBuild {
    const key = keyOfPlan(plan)
    const known = this.#builds.get(key) ?? this.#unchanged(key, plan.root.repository)
    const build = known ?? buildRoot(plan, this.filesOf(plan.root.repository))
    this.#builds.set(key, build)
    return build
  }

  /** A build of the layout before, where it depended on nothing that was edited. */
  #unchanged(key: string, repository: string): RootBuild | undefined {
    if (this.#base === undefined) return undefined
    const { layout, edited } = this.#base
    const build = layout.#builds.get(key) ?? layout.#unchanged(key, repository)
    const paths = [...(edited.get(repository)?.keys() ?? [])]
    return build === undefined || paths.some((path) => build.reads.dependsOn(path)) ? undefined : build
  }

  #plans(): readonly RootPlan[] {
    if (this.#all !== undefined) return this.#all
    const plans = [...this.#discoveries()].flatMap((discovered) => discovered.plans)
    // what is a root of nobody in its own repository may be applied from another one
    this.#all = withoutDoubles([...new Map(plans.map((plan) => [plan.root.id, plan])).values()])
    return this.#all
  }

  /** Of every configured cluster, and of what no cluster of the config reaches. */
  *#discoveries(): Generator<Discovered> {
    for (const { repository } of this.sources) {
      const { plans, problems, unapplied } = this.#whole(repository)
      yield { plans: [...plans, ...unapplied], problems }
    }
    const names = new Set(this.sources.flatMap(({ clusters }) => clusters.map(({ name }) => name)))
    for (const name of names) yield this.#ofCluster(name)
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
