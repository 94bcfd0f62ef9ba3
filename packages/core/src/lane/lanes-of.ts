import type { Config, Repository } from '../config/config.ts'
import type { Delivery, Response } from '../response/response.ts'
import { laneOf, type Lane } from './lane.ts'

/** How a response is delivered to a repository; a dry run turns every delivery into `observe`. */
export function deliveryOf(repository: Repository, response: Response, dryRun: boolean): Delivery {
  return dryRun ? 'observe' : (response.delivery ?? repository.delivery)
}

/** Every lane that a response of the config can lead to, each once. */
export function lanesOf(config: Config, dryRun: boolean): readonly Lane[] {
  return config.repositories.flatMap((repository) => {
    const deliveries = new Set(config.responses.map((response) => deliveryOf(repository, response, dryRun)))
    return Array.from(deliveries, (delivery) => laneOf(repository, delivery))
  })
}
