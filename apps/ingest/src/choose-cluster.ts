import { clusterNames, ResponseError, type Config } from '@saker/core'
import type { Sender } from './authenticate.ts'

/**
 * The cluster that a request speaks for: the one its path names, else the only one of its token, else the only one there
 * is. A token that is bound to clusters learns nothing about others: for it, forbidden comes before unknown.
 *
 * Ends in `CLUSTER_FORBIDDEN`, `CLUSTER_UNKNOWN` or `CLUSTER_UNSPECIFIED`.
 */
export function chooseCluster(config: Config, sender: Sender, named: string | undefined): string {
  const configured = clusterNames(config)
  const cluster = named ?? onlyOne(sender.clusters) ?? onlyOne(configured)
  if (cluster === undefined)
    throw new ResponseError('CLUSTER_UNSPECIFIED', 'more than one cluster is possible: send to /clusters/<name>')
  if (sender.clusters !== undefined && !sender.clusters.includes(cluster))
    throw new ResponseError('CLUSTER_FORBIDDEN', 'the token may not speak for this cluster')
  if (!configured.includes(cluster)) throw new ResponseError('CLUSTER_UNKNOWN', 'no cluster of this name is configured')
  return cluster
}

function onlyOne(names: readonly string[] | undefined): string | undefined {
  return names?.length === 1 ? names[0] : undefined
}
