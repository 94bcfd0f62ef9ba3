import {
  answersTo,
  deliveryOf,
  newResponseId,
  repositoriesOfCluster,
  ResponseError,
  type Alert,
  type Config,
  type Delivery,
  type IgnoredReason,
  type Outcome,
  type PodSighting,
  type Repository,
  type Response,
  type ResponseJob,
  type Tree,
} from '@saker/core'
import { layoutOf, type EditedLayer, type Layout } from '@saker/manifest'
import { guardedOutcome } from './guard.ts'
import { layoutSourcesOf, neighboursOf } from './layout-sources.ts'
import { failedOutcome, planResponses } from './plan-responses.ts'
import { observedOutcome } from './deliver-plan.ts'

/** What a response to an alert would come to. */
export interface SimulatedResponse {
  readonly response: string
  /** The repository of the config that would be written to. */
  readonly repository: string
  /** How the change would reach the branch. */
  readonly delivery: Delivery
  /** `observed` where something would be written; never `committed`. */
  readonly outcome: Outcome
  /** The layer that would be edited, where something would be. */
  readonly layer?: EditedLayer
}

/** What an alert would come to. */
export type SimulatedAlert = { readonly ignored: IgnoredReason } | { readonly responses: readonly SimulatedResponse[] }

/** What a simulation works with. */
export interface SimulationDependencies {
  readonly config: Config
  /** A cluster that the config declares; all alerts are of it. */
  readonly cluster: string
  /** Reads a repository; called once for each that matters. Ends as `RepositoryHost.read` does. */
  readonly read: (repository: Repository) => Promise<Tree>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

interface Site {
  readonly tree: Tree
  readonly layout: Layout
}

interface Wanted {
  readonly response: Response
  readonly job: ResponseJob
  /** Whether it has come from another repository. */
  readonly isForwarded?: boolean
}

/** How many different answers are remembered; alerts come in floods of the same. */
const MAX_REMEMBERED = 10_000

/**
 * Plans what alerts of one cluster would lead to, each by itself on the repositories as they were first read, and writes
 * nothing. Namespaces are guarded; caps, mutes, age and merging depend on what else happens and are not looked at.
 *
 * A repository that cannot be read fails the responses that need it, with the code of that failure.
 */
export class Simulation {
  readonly #deps: SimulationDependencies
  readonly #trees = new Map<string, Promise<Tree>>()
  readonly #sites = new Map<string, Promise<Site>>()
  readonly #answers = new Map<string, SimulatedResponse>()

  constructor(deps: SimulationDependencies) {
    this.#deps = deps
  }

  /** What an alert would come to. Ends in `CLUSTER_UNKNOWN` when no repository declares the cluster. */
  async answer(alert: Alert): Promise<SimulatedAlert> {
    const { config, cluster } = this.#deps
    const answers = answersTo(alert, config, cluster)
    if ('ignored' in answers) return answers
    const responses: SimulatedResponse[] = []
    for (const response of answers.responses) responses.push(await this.#respond(response, answers.sighting, alert))
    return { responses }
  }

  async #respond(response: Response, sighting: PodSighting, alert: Alert): Promise<SimulatedResponse> {
    const key = JSON.stringify([response.name, sighting])
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const answer = await this.#plan(response, this.#jobOf(response, sighting, alert))
    const [oldest] = this.#answers.keys()
    if (oldest !== undefined && this.#answers.size >= MAX_REMEMBERED) this.#answers.delete(oldest)
    this.#answers.set(key, answer)
    return answer
  }

  #jobOf(response: Response, sighting: PodSighting, alert: Alert): ResponseJob {
    const receivedAt = this.#deps.now()
    const { cluster } = this.#deps
    const id = newResponseId(receivedAt)
    return { version: 1, id, response: response.name, cluster, sighting, alert: alert.raw, receivedAt, fingerprint: id }
  }

  async #plan(response: Response, job: ResponseJob): Promise<SimulatedResponse> {
    const { config, cluster } = this.#deps
    const [serving] = repositoriesOfCluster(config, cluster)
    if (serving === undefined) throw new ResponseError('CLUSTER_UNKNOWN', 'no repository declares this cluster')
    const guarded = guardedOutcome(job, config.guard)
    if (guarded !== undefined) return { ...placeOf(response, serving.repository), outcome: guarded }
    return this.#planIn(serving.repository, { response, job })
  }

  /** Where the layer to edit lies in another repository, the response goes on there; from there it goes nowhere else. */
  async #planIn(repository: Repository, wanted: Wanted): Promise<SimulatedResponse> {
    const { response, job, isForwarded = false } = wanted
    const { config } = this.#deps
    const place = placeOf(response, repository)
    const site = await this.#siteOf(repository).catch(failedOutcome)
    if ('outcome' in site) return { ...place, outcome: site }
    const plan = planResponses([job], { ...site, config, repository: repository.name })
    const [planned] = plan.planned
    if (planned !== undefined) return { ...place, outcome: observedOutcome(planned), layer: planned.layer }
    const settled = plan.settled.get(job.id)
    if (settled !== undefined) return { ...place, outcome: settled }
    const name = plan.elsewhere.get(job.id) ?? ''
    const other = config.repositories.find((one) => one.name === name)
    if (other !== undefined && !isForwarded) return this.#planIn(other, { ...wanted, isForwarded: true })
    const message = `the layer to edit lies in repository ${name}, and was sent on before`
    return { ...place, outcome: { outcome: 'failed', code: 'INTERNAL', message } }
  }

  async #siteOf(repository: Repository): Promise<Site> {
    const known = this.#sites.get(repository.name)
    if (known !== undefined) return known
    const site = this.#makeSite(repository)
    this.#sites.set(repository.name, site)
    return site
  }

  async #makeSite(repository: Repository): Promise<Site> {
    const { config } = this.#deps
    const all = [repository, ...neighboursOf(config, repository.name)]
    const trees = await Promise.all(all.map(async (one) => [one.name, await this.#treeOf(one)] as const))
    const layout = layoutOf(layoutSourcesOf(config, new Map(trees)))
    return { tree: await this.#treeOf(repository), layout }
  }

  async #treeOf(repository: Repository): Promise<Tree> {
    const tree = this.#trees.get(repository.name) ?? this.#deps.read(repository)
    this.#trees.set(repository.name, tree)
    return tree
  }
}

function placeOf(response: Response, repository: Repository): Omit<SimulatedResponse, 'outcome'> {
  return { response: response.name, repository: repository.name, delivery: deliveryOf(repository, response, false) }
}
