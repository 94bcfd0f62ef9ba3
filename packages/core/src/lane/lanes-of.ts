import { repositoriesOfCluster, type Config, type Repository } from '../config/config.ts'
import type { Delivery, Response } from '../response/response.ts'
import { laneOf, type Lane } from './lane.ts'

/** How a response is delivered to a repository; a dry run turns every delivery into `observe`. */
export function deliveryOf(repository: Repository, response: Response, dryRun: boolean): Delivery {
  return dryRun ? 'observe' : (response.delivery ?? repository.delivery)
}

/**
 * Every lane that a response of the config can lead to, each once. Beside one that commits there is always one that proposes:
 * there goes on what a protected branch refuses, and what exceeds the guard's cap.
 */
export function lanesOf(config: Config, dryRun: boolean): readonly Lane[] {
  return config.repositories.flatMap((repository) => {
    const deliveries = new Set(config.responses.map((response) => deliveryOf(repository, response, dryRun)))
    if (deliveries.has('commit')) deliveries.add('pull-request')
    return Array.from(deliveries, (delivery) => laneOf(repository, delivery))
  })
}

/**
 * The lane that takes a response for a cluster in: that of the first repository that declares the cluster, from which it
 * goes on where another one turns out to declare the workload. Undefined when none declares the cluster.
 */
export function entryLaneOf(
  { cluster, response }: { readonly cluster: string; readonly response: Response },
  config: Config,
  dryRun: boolean,
): Lane | undefined {
  const [serving] = repositoriesOfCluster(config, cluster)
  return serving === undefined
    ? undefined
    : laneOf(serving.repository, deliveryOf(serving.repository, response, dryRun))
}
