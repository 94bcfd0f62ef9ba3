import type { BuildReads } from '../build-reads.ts'
import { KUSTOMIZATION_NAMES, kustomizationOf, type KustomizationFile } from '../kustomize/kustomization-file.ts'
import { BuildFault } from '../kustomize/build-fault.ts'
import { folderOf } from '../repository-files.ts'
import type { IgnoreRule } from './source-ignore.ts'

/** How a folder without a kustomization file is read. */
export interface Generation {
  readonly folder: string
  readonly isIgnored: IgnoreRule
  /**
   * Flux takes only YAML, and refuses the folder for a file that is no manifest. Where it is not known who applies it,
   * JSON counts too, and what is no manifest is passed over.
   */
  readonly isFlux: boolean
}

/**
 * The kustomization that Flux makes up for a folder without one: all manifests below it; a folder with a kustomization
 * file is taken as a whole and not gone into. Source: `scanManifests` in fluxcd/pkg/kustomize.
 */
export function generatedKustomization(reads: BuildReads, generation: Generation): KustomizationFile {
  const resources: string[] = []
  const { folder } = generation
  const prefix = folder === '' ? '' : `${folder}/`
  const closed = closedFolders(reads.list(folder), generation)
  for (const [within, isChart] of closed) {
    if (isChart) reads.report('LAYOUT_UNSUPPORTED', within, 'is a Helm chart')
    else resources.push(`./${within.slice(prefix.length)}`)
  }
  for (const path of reads.list(folder)) {
    if (isInside(path, closed, folder) || generation.isIgnored(path)) continue
    if (isManifest(reads, path, generation)) resources.push(`./${path.slice(prefix.length)}`)
  }
  const file = kustomizationOf({ resources })
  if (file === undefined) throw new BuildFault(folder, 'cannot be made a kustomization of')
  return file
}

/** Outermost folders below one that are taken as a whole, with whether that is because of a chart. */
function closedFolders(paths: readonly string[], { folder, isFlux }: Generation): ReadonlyMap<string, boolean> {
  const closed = new Map<string, boolean>()
  for (const path of paths) {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const within = folderOf(path)
    if (within === folder) continue
    if ((KUSTOMIZATION_NAMES as readonly string[]).includes(name)) closed.set(within, false)
    else if (name === 'Chart.yaml' && !isFlux && !closed.has(within)) closed.set(within, true)
  }
  for (const within of closed.keys()) if (isInside(within, closed, folder)) closed.delete(within)
  return closed
}

/** Whether a closed folder lies above a path. */
function isInside(path: string, closed: ReadonlyMap<string, boolean>, folder: string): boolean {
  for (let above = folderOf(path); above.length > folder.length; above = folderOf(above)) {
    if (closed.has(above)) return true
  }
  return false
}

function isManifest(reads: BuildReads, path: string, { isFlux }: Generation): boolean {
  if (!(isFlux ? /\.ya?ml$/u : /\.(?:ya?ml|json)$/u).test(path)) return false
  const facts = reads.facts(path)
  if (facts === undefined) return false
  if (isFlux) return true
  return facts.fault !== undefined || !facts.stray
}
