import { normalisedUrl, repositoriesOfCluster, type Config, type Repository, type Tree } from '@saker/core'
import type { LayoutSource } from '@saker/manifest'

/**
 * The other repositories that declare something of a cluster that this one declares, in the order of the config: a workload
 * of such a cluster may be declared in any of them.
 */
export function neighboursOf(config: Config, repository: string): readonly Repository[] {
  const own = config.repositories.find(({ name }) => name === repository)
  const clusters = own?.clusters.map(({ name }) => name) ?? []
  const all = clusters.flatMap((cluster) => repositoriesOfCluster(config, cluster).map((one) => one.repository))
  return config.repositories.filter((one) => one.name !== repository && all.includes(one))
}

/** What a layout is made of: the repositories whose trees are given, each with what it declares for its clusters. */
export function layoutSourcesOf(config: Config, trees: ReadonlyMap<string, Tree>): readonly LayoutSource[] {
  return config.repositories.flatMap(({ name, location, branch, clusters }) => {
    const tree = trees.get(name)
    return tree === undefined ? [] : [{ repository: name, url: normalisedUrl(location), branch, tree, clusters }]
  })
}
