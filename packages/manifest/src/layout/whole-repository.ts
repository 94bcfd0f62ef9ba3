import type { RootPlan } from './build-root.ts'
import { discoverRoots, isApplier, leadsIn } from './discover-roots.ts'
import type { Discovered, LayoutAccess } from './discovery.ts'
import { factsOf } from './file-facts.ts'
import { KUSTOMIZATION_NAMES, kustomizationInText, type KustomizationFile } from './kustomize/kustomization-file.ts'
import type { LayoutProblem } from './layout-model.ts'
import { folderOf, pathIn, resolvePath, type RepositoryFiles } from './repository-files.ts'
import { rootAt } from './root-at.ts'

/** What a whole repository declares. */
export interface WholeRepository extends Discovered {
  /** Kustomizations that nobody is known to apply: no cluster gets them, but what they share with others is shared. */
  readonly unapplied: readonly RootPlan[]
}

/**
 * What a repository declares when nobody says where to start: what its Flux and Argo CD objects lead to, and what those
 * objects lie in; where none leads to a configured repository, every kustomization that no other one uses, and the
 * manifests beside them.
 */
export function discoverWhole(access: LayoutAccess, repository: string): WholeRepository {
  const files = access.filesOf(repository)
  const tops = topKustomizations(files).flatMap((folder): readonly RootPlan[] => {
    const root = rootAt(files, { repository, path: folder, by: '' })
    return root === undefined ? [] : [{ root }]
  })
  const builds = tops.map((plan) => access.build(plan).built)
  const loose = loosePlan(repository, looseFiles(files, new Set(builds.flatMap((built) => [...built.files]))))
  const looseBuilt = access.build(loose).built
  const leading = tops.filter((_, index) => builds[index] !== undefined && leadsIn(builds[index]).some(isApplier))
  const looseLeads = leadsIn(looseBuilt).filter(isApplier)
  if (leading.length === 0 && looseLeads.length === 0)
    return { ...discoverRoots(access, [...tops, loose]), unapplied: [] }
  const beside = loosePlan(
    repository,
    besideLeads(
      loose.loose ?? [],
      looseLeads.map(({ origin }) => origin.path),
    ),
  )
  const seeds = [...leading, ...(looseLeads.length > 0 ? [beside] : [])]
  const first = discoverRoots(access, seeds)
  // examples and copies of other people's objects lead on to nothing here, and so tell nothing about what is applied
  if (!leadsAnywhere(first)) return { ...discoverRoots(access, [...tops, loose]), unapplied: [] }
  const starts = startsOf(access, first, { repository, seeds })
  const discovered = discoverRoots(access, starts)
  const read = readFiles(access, discovered, starts)
  const isCovered = (plan: RootPlan): boolean => kustomizationPaths(plan).some((path) => read.has(path))
  const reached = new Set(seeds.map(({ root }) => root.id))
  return {
    ...withoutCovered(discovered, starts, read),
    unapplied: tops.filter((plan) => !reached.has(plan.root.id) && !isCovered(plan)),
  }
}

function leadsAnywhere({ plans }: Discovered): boolean {
  return plans.some(({ root }) => root.applier !== undefined && root.kind !== 'remote')
}

/** Folders of kustomizations that no other kustomization of the repository uses. */
function topKustomizations(files: RepositoryFiles): readonly string[] {
  const found = new Map<string, KustomizationFile>()
  for (const path of files.paths) {
    if (!isKustomizationPath(path)) continue
    const file = kustomizationAt(files, path)
    if (file !== undefined) found.set(folderOf(path), file)
  }
  const used = new Set<string>()
  for (const [folder, file] of found) {
    for (const other of [...file.resources, ...file.components]) {
      const path = resolvePath(folder, other)
      if (path !== undefined) used.add(path)
    }
  }
  return [...found]
    .filter(([folder, file]) => file.kind === 'Kustomization' && !used.has(folder))
    .map(([folder]) => folder)
}

/** Whether a path is that of a kustomization file. */
export function isKustomizationPath(path: string): boolean {
  return (KUSTOMIZATION_NAMES as readonly string[]).includes(path.slice(path.lastIndexOf('/') + 1))
}

function kustomizationAt(files: RepositoryFiles, path: string): KustomizationFile | undefined {
  try {
    return kustomizationInText(files.textOf(path) ?? '', path)
  } catch {
    return undefined
  }
}

/** Manifests outside of every folder with a kustomization, and of every chart, that no kustomization reads. */
function looseFiles(files: RepositoryFiles, read: ReadonlySet<string>): readonly string[] {
  const closed = new Set<string>()
  for (const path of files.paths) {
    if (isKustomizationPath(path) || path === 'Chart.yaml' || path.endsWith('/Chart.yaml')) closed.add(folderOf(path))
  }
  return files.paths.filter((path) => {
    if (!/\.(?:ya?ml|json)$/u.test(path) || path.startsWith('.') || read.has(path) || isWithin(path, closed))
      return false
    const text = files.textOf(path)
    // a link or a file that is not text hides what it declares, and has to be told of
    if (text === undefined) return true
    if (!text.includes('kind')) return false
    const facts = factsOf(text)
    return facts.objects.length > 0 || facts.fault !== undefined
  })
}

function isWithin(path: string, folders: ReadonlySet<string>): boolean {
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    if (folders.has(folder)) return true
    if (folder === '') return false
  }
}

function loosePlan(repository: string, loose: readonly string[]): RootPlan {
  return { root: { id: `${repository}: loose`, repository, path: '', kind: 'loose' }, loose }
}

/** Loose manifests in the folders of those that lead on: who applies these most likely applies their neighbours. */
function besideLeads(loose: readonly string[], leads: readonly string[]): readonly string[] {
  const folders = new Set(leads.map(folderOf))
  return loose.filter((path) => folders.has(folderOf(path)))
}

/**
 * Where to start so that every object is met in the root that applies it. Flux's own objects mostly lie in a folder that
 * they apply themselves: then that folder is the start, and not the file that they were found in.
 */
function startsOf(
  access: LayoutAccess,
  found: Discovered,
  { repository, seeds }: { readonly repository: string; readonly seeds: readonly RootPlan[] },
): readonly RootPlan[] {
  const isSeed = new Set(seeds.map(({ root }) => root.id))
  const left = withoutCovered({ plans: seeds, problems: [] }, seeds, readFiles(access, found, seeds)).plans
  const gone = new Set(
    seeds.filter((seed) => !left.includes(seed)).flatMap((seed) => [...access.build(seed).built.files]),
  )
  const folders = found.plans
    .filter(({ root }) => !isSeed.has(root.id) && root.repository === repository && root.kind !== 'remote')
    .filter((plan) => [...access.build(plan).built.files].some((path) => gone.has(path)))
    .map(({ root }) => root.path)
  const applied = [...new Set(folders)].flatMap((path): readonly RootPlan[] => {
    const root = rootAt(access.filesOf(repository), { repository, path, by: '' })
    return root === undefined ? [] : [{ root }]
  })
  return [...left, ...applied]
}

/** All that was read for roots that something applies, as `repository:path`. */
function readFiles(access: LayoutAccess, { plans }: Discovered, seeds: readonly RootPlan[]): ReadonlySet<string> {
  const isSeed = new Set(seeds.map(({ root }) => root.id))
  const applied = plans.filter(({ root }) => !isSeed.has(root.id) && root.kind !== 'remote')
  return new Set(
    applied.flatMap((plan) => [...access.build(plan).built.files].map((path) => `${plan.root.repository}:${path}`)),
  )
}

/** Where a root's own kustomization file may lie, as `repository:path`. */
export function kustomizationPaths({ root }: RootPlan): readonly string[] {
  return KUSTOMIZATION_NAMES.map((name) => `${root.repository}:${pathIn(root.path, name)}`)
}

/** Seeds that something reached applies as a whole are not roots of their own. */
function withoutCovered(
  { plans, problems }: Discovered,
  seeds: readonly RootPlan[],
  read: ReadonlySet<string>,
): Discovered {
  const isSeed = new Set(seeds.map(({ root }) => root.id))
  const kept = plans.flatMap((plan): readonly RootPlan[] => {
    const { root, loose } = plan
    if (!isSeed.has(root.id)) return [plan]
    if (loose === undefined) return kustomizationPaths(plan).some((path) => read.has(path)) ? [] : [plan]
    const left = loose.filter((path) => !read.has(`${root.repository}:${path}`))
    return left.length === 0 ? [] : [{ root, loose: left }]
  })
  return { plans: kept, problems: unique(problems) }
}

function unique(problems: readonly LayoutProblem[]): readonly LayoutProblem[] {
  const seen = new Map(problems.map((problem) => [JSON.stringify(problem), problem]))
  return [...seen.values()]
}
