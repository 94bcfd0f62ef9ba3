import type { Applier, Root } from './layout-model.ts'
import { KUSTOMIZATION_NAMES } from './kustomize/kustomization-file.ts'
import { pathIn, type RepositoryFiles } from './repository-files.ts'

/** A place that something applies. */
export interface RootPlace {
  readonly repository: string
  readonly path: string
  readonly applier?: Applier
  /** Names the applier in the root's id; empty where it is not known. */
  readonly by: string
}

/**
 * The root at a path as its controller finds it: a folder with a kustomization file, one without, or a file. Undefined
 * where nothing lies there.
 */
export function rootAt(files: RepositoryFiles, place: RootPlace): Root | undefined {
  const { repository, path, applier, by } = place
  const root = {
    id: by === '' ? `${repository}:${path}` : `${repository}:${path} <- ${by}`,
    repository,
    path,
    ...(applier === undefined ? {} : { applier }),
  }
  if (files.read(path) !== undefined && path !== '') return { ...root, kind: 'file' }
  if (!files.isFolder(path)) return undefined
  return { ...root, kind: hasKustomization(files, path) ? 'kustomization' : 'generated' }
}

/** Whether a folder holds a kustomization file. */
function hasKustomization(files: RepositoryFiles, folder: string): boolean {
  return KUSTOMIZATION_NAMES.some((name) => files.read(pathIn(folder, name)) !== undefined)
}
