import type { Tree } from '@saker/core'
import type { Layout } from '@saker/manifest'
import { neighboursOf } from './layout-sources.ts'
import type { RespondDependencies } from './respond-batch.ts'

/**
 * The layout of the lane's repository at a tree, with the other repositories that declare its clusters as they were read
 * last. One that cannot be read now ends in its error: what it declares is unknown, not absent.
 */
export async function layoutOn(tree: Tree, signal: AbortSignal, deps: RespondDependencies): Promise<Layout> {
  const { config, repository, readNeighbour } = deps
  const neighbours = neighboursOf(config, repository)
  const trees = await Promise.all(neighbours.map(async (one) => [one.name, await readNeighbour(one, signal)] as const))
  return deps.layouts.at(config, new Map([[repository, tree], ...trees]))
}
