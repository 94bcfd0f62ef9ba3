import { posix } from 'node:path'
import { argoBuild, fileBuild, fluxBuild, helmBuild, plainBuild } from './applied-build.ts'
import { closureOf } from './file-closure.ts'
import { textAt, titleOf, type JsonObject } from './json-object.ts'
import type { Build } from './kustomize.ts'
import { ledTo, type KnownRoots } from './led-to.ts'
import { foldersOf, isKustomizationFile, kustomizationIn, textOf } from './repository-files.ts'
import type { World, WorldRepository, WorldRoot } from './world.ts'

/** What one root came to: its objects by `namespace/Kind/name`, or why it does not build. */
export interface RenderedRoot {
  readonly id: string
  readonly error?: string
  readonly objects: ReadonlyMap<string, JsonObject>
}

/**
 * Builds everything that anybody could apply from the repositories: the roots that the config names, whatever Flux, Argo
 * CD and Helm objects in them lead to, and every kustomization that no other one uses, whoever's it is. Where the config
 * takes the whole repository, also loose manifests.
 *
 * A root is called by its path, and `path (namespace/name)` where an object applies it; where that fits two, ` of` and the
 * path at which the object was found is added.
 */
export async function renderWorld(world: World): Promise<ReadonlyMap<string, RenderedRoot>> {
  const renderer = new WorldRenderer(world)
  for (const repository of world.repositories) await renderer.addExplicit(repository)
  for (const repository of world.repositories) await renderer.addUnclaimed(repository)
  return renderer.rendered()
}

interface Built {
  root: WorldRoot
  build: Build
}

class WorldRenderer implements KnownRoots {
  readonly #world: World
  readonly #built = new Map<string, Built>()

  constructor(world: World) {
    this.#world = world
  }

  async addExplicit(repository: WorldRepository): Promise<void> {
    for (const path of repository.paths.filter((one) => one !== '')) {
      const kind = repository.files.has(path) ? 'file' : 'folder'
      await this.#add({ repository, path, kind, isExplicit: true })
    }
    await this.#follow()
  }

  /** Kustomizations that none uses and manifests in no build, one at a time: what one leads to may claim the next. */
  async addUnclaimed(repository: WorldRepository): Promise<void> {
    for (const path of topsOf(repository.files)) {
      const folder = posix.dirname(path) === '.' ? '' : posix.dirname(path)
      if (!this.#isClaimed(repository, path)) await this.#add({ repository, path: folder, kind: 'folder' })
      await this.#follow()
    }
    const isWhole = repository.paths.includes('')
    for (const path of looseIn(repository, isWhole)) {
      if (this.#isClaimed(repository, path) || isUsed(repository, path)) continue
      await this.#add({ repository, path, kind: 'file' })
      await this.#follow()
    }
  }

  rendered(): ReadonlyMap<string, RenderedRoot> {
    const kept = [...this.#built.values()].filter(({ root }) => this.#isKept(root))
    const short = kept.map((one) => nameOf(this.#world, one, false))
    return new Map(
      kept.map((one, index) => {
        const isAlone = short.filter((name) => name === short[index]).length === 1
        const id = isAlone ? (short[index] ?? '') : nameOf(this.#world, one, true)
        const objects = new Map((one.build.objects ?? []).map((object) => [titleOf(object), object] as const))
        return [id, { id, objects, ...(one.build.error === undefined ? {} : { error: one.build.error }) }] as const
      }),
    )
  }

  async #add(root: WorldRoot): Promise<void> {
    const key = keyOf(root)
    if (!this.#built.has(key)) this.#built.set(key, { root, build: await this.#buildOf(root) })
  }

  /** Follows until nothing new is found; a source may be declared in a root that comes later. */
  async #follow(): Promise<void> {
    for (let before = -1; before !== this.#built.size;) {
      before = this.#built.size
      const known = [...this.#built.values()]
      for (const built of known) {
        const objects = built.build.objects ?? []
        for (const next of objects.flatMap((object) => ledTo(this.#world, built.root, object, this))) {
          await this.#addLedTo(built, next)
        }
      }
    }
  }

  /** An object that applies the very root it stands in makes no other root: it says how that one is built. */
  async #addLedTo(built: Built, next: WorldRoot): Promise<void> {
    if (next.kind === 'flux' && next.path === built.root.path && next.repository === built.root.repository) {
      if (built.root.applier !== undefined) return
      built.root = { ...built.root, kind: 'flux', ...(next.applier === undefined ? {} : { applier: next.applier }) }
      built.build = await this.#buildOf(built.root)
    } else await this.#add(next)
  }

  #buildOf({ repository: { files }, path, kind, applier, source }: WorldRoot): Promise<Build> {
    if (kind === 'file') return fileBuild(files, path)
    if (kind === 'flux') return fluxBuild(files, path, applier)
    if (kind === 'argo') return argoBuild(files, source ?? {}, applier ?? {})
    if (kind === 'folder')
      return kustomizationIn(files, path) === undefined ? fluxBuild(files, path) : plainBuild(files, path)
    const chart = [...this.#world.charts.values()].find(({ label }) => label === path)
    return helmBuild(chart?.objects ?? [], applier ?? {})
  }

  objectsOf(root: WorldRoot): readonly JsonObject[] {
    return this.#built.get(keyOf(root))?.build.objects ?? []
  }

  findSource(from: WorldRoot, title: string): JsonObject | undefined {
    const all = [...this.#built.values()].map(({ root, build }) => ({
      root,
      object: build.objects?.find((object) => titleOf(object) === title),
    }))
    for (let root: WorldRoot | undefined = from; root !== undefined; root = root.parent) {
      const near = all.find((one) => one.root.path === root?.path && one.object !== undefined)?.object
      if (near !== undefined) return near
    }
    return all.find(({ object }) => object !== undefined)?.object
  }

  /** Whether some root other than an unclaimed one reads the file. */
  #isClaimed(repository: WorldRepository, path: string): boolean {
    return [...this.#built.values()].some(
      ({ root }) =>
        root.repository === repository &&
        (root.isExplicit === true || root.applier !== undefined) &&
        root.kind !== 'helm' &&
        (root.kind === 'file' ? root.path === path : readsOf(root).has(path)),
    )
  }

  #isKept(root: WorldRoot): boolean {
    if (this.#appliesItself(root)) return true
    if (root.parent !== undefined && !this.#isKept(this.#built.get(keyOf(root.parent))?.root ?? root.parent))
      return false
    if (root.isExplicit === true || root.applier !== undefined) return !this.#isAppliedElsewhere(root)
    const file = root.kind === 'file' ? root.path : kustomizationIn(root.repository.files, root.path)
    return file === undefined || !this.#isClaimed(root.repository, file)
  }

  /** Flux's own root stands on its own feet, wherever its object was found first. */
  #appliesItself(root: WorldRoot): boolean {
    const { applier, kind } = root
    const objects = this.#built.get(keyOf(root))?.build.objects ?? []
    return kind === 'flux' && applier !== undefined && objects.some((object) => titleOf(object) === titleOf(applier))
  }

  /** A folder that the config names and an object applies as well is one root: the applied one. */
  #isAppliedElsewhere(root: WorldRoot): boolean {
    if (root.applier !== undefined) return false
    return [...this.#built.values()].some(
      ({ root: other }) =>
        other.applier !== undefined &&
        other.repository === root.repository &&
        other.path === root.path &&
        other.kind !== 'helm',
    )
  }
}

function keyOf({ repository, path, applier, source, parent, kind }: WorldRoot): string {
  const isSelf = parent === undefined
  const by = applier === undefined || isSelf ? [] : [titleOf(applier), applier, source, keyOf(parent)]
  return JSON.stringify([repository.name, path, kind === 'file', ...by])
}

function readsOf({ repository, path }: WorldRoot): ReadonlySet<string> {
  return closureOf(repository.files, path)
}

const tops = new WeakMap<WorldRepository['files'], readonly string[]>()

/** Folders of kustomizations that no other kustomization uses. */
export function topFolders(files: WorldRepository['files']): readonly string[] {
  return topsOf(files).map((path) => (posix.dirname(path) === '.' ? '' : posix.dirname(path)))
}

function topsOf(files: WorldRepository['files']): readonly string[] {
  const known = tops.get(files)
  if (known !== undefined) return known
  const all = [...files.keys()].filter(isKustomizationFile)
  const used = new Set(
    all.flatMap((path) =>
      [...closureOf(files, posix.dirname(path) === '.' ? '' : posix.dirname(path))].filter((one) => one !== path),
    ),
  )
  const found = all.filter((path) => !used.has(path) && !/^kind: Component$/mu.test(textOf(files.get(path)) ?? ''))
  tops.set(files, found)
  return found
}

function isUsed(repository: WorldRepository, path: string): boolean {
  return topsOf(repository.files).some((top) =>
    closureOf(repository.files, posix.dirname(top) === '.' ? '' : posix.dirname(top)).has(path),
  )
}

/** Manifests: all of them, or only those that may lead on. */
function looseIn({ files }: WorldRepository, isWhole: boolean): readonly string[] {
  const kinds = isWhole ? String.raw`\w+` : 'Kustomization|FluxInstance|Application|ApplicationSet'
  const kind = new RegExp(String.raw`^\s*(?:\{.*)?"?kind"?:\s*"?(?:${kinds})\b`, 'mu')
  return [...files.keys()].filter((path) => {
    const text = /\.(?:ya?ml|json)$/u.test(path) && !isKustomizationFile(path) ? textOf(files.get(path)) : undefined
    return text !== undefined && /\bapiVersion\b/u.test(text) && kind.test(text) && foldersOf(files).size > 0
  })
}

function nameOf(world: World, { root, build }: Built, isLong: boolean): string {
  const place = `${world.repositories.length > 1 && root.kind !== 'helm' ? `${root.repository.name}:` : ''}${root.path === '' ? '.' : root.path}`
  const path = [...world.artifacts.values()].includes(root.repository)
    ? posix.join(root.repository.name, root.path)
    : place
  if (root.applier === undefined) return path
  const isSelf = build.objects?.some((object) => titleOf(object) === titleOf(root.applier ?? {})) === true
  if (isSelf && root.kind === 'flux') return path
  const name = `${textAt(root.applier, 'metadata', 'namespace') ?? '-'}/${textAt(root.applier, 'metadata', 'name') ?? '?'}`
  return `${path} (${name}${isLong ? ` of ${root.parent?.path ?? '?'}` : ''})`
}
