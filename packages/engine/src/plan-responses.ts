import {
  asResponseError,
  fieldOf,
  parseAlert,
  repositoriesOfCluster,
  ResponseError,
  type ChangedPlace,
  type CommittedResponse,
  type Config,
  type Outcome,
  type Response,
  type ResponseJob,
  type Tree,
  type Workload,
} from '@saker/core'
import {
  findWorkload,
  planTogether,
  type BurstAnswer,
  type BurstRequest,
  type EditedLayer,
  type FileEdit,
  type Layout,
  type PreviousImage,
} from '@saker/manifest'
import type { Edit } from './repository-host.ts'

/** One response that a commit would carry out. */
export interface PlannedResponse {
  readonly id: string
  readonly cluster: string
  readonly committed: CommittedResponse
  /** The file that is edited first and foremost. */
  readonly path: string
  readonly layer: EditedLayer
  readonly warnings: readonly string[]
  /** What it would change if it were alone; several planned responses may share a file, and `Plan.edits` holds the sum. */
  readonly ownEdits: () => readonly Edit[]
}

/** What is to be done for some jobs on one tree. A pure function of the jobs, the config and the layout. */
export interface Plan {
  /** Endings that need no write, by response id: already in the desired state, refused. */
  readonly settled: ReadonlyMap<string, Outcome>
  /** Responses whose edit belongs into another repository, by id, with that repository's name. */
  readonly elsewhere: ReadonlyMap<string, string>
  /** What one commit does for all others; empty when nothing is to be written. */
  readonly planned: readonly PlannedResponse[]
  readonly edits: readonly Edit[]
}

/** What planning depends on beside the jobs. */
export interface PlanContext {
  /** Tree of the repository that is edited. */
  readonly tree: Tree
  /** Of that repository, and of all others that declare something of the same clusters. */
  readonly layout: Layout
  readonly config: Config
  /** Name of the repository that the tree is of. */
  readonly repository: string
  /** By job id, the images before, for responses that roll one back. */
  readonly previousImages?: ReadonlyMap<string, PreviousImage>
  /** By job id, how many alerts a job stands for; 1 where nothing is said. */
  readonly counts?: ReadonlyMap<string, number> | undefined
}

/** A job that found its workload. */
interface Sought {
  readonly job: ResponseJob
  readonly response: Response
  readonly request: BurstRequest
}

/**
 * Plans one coherent change for all jobs of a batch: each finds its workload and the layer to edit, and all edits are made
 * together. A job that cannot be served is settled as `failed` alone; it never takes its mates with it.
 */
export function planResponses(jobs: readonly ResponseJob[], context: PlanContext): Plan {
  const settled = new Map<string, Outcome>()
  const elsewhere = new Map<string, string>()
  const sought = jobs.flatMap((job) => {
    try {
      return [seek(job, context)]
    } catch (thrown) {
      settled.set(job.id, failedOutcome(thrown))
      return []
    }
  })
  const burst = planTogether(
    context.layout,
    context.repository,
    sought.map(({ request }) => request),
  )
  const planned = sought.flatMap((one) => {
    const answer = burst.answers.get(one.job.id)
    if (answer?.kind === 'edits') return [plannedResponse(one, answer, context)]
    if (answer?.kind === 'elsewhere') elsewhere.set(one.job.id, answer.repository)
    else if (answer !== undefined) settled.set(one.job.id, settledOutcome(one, answer, context))
    return []
  })
  return { settled, elsewhere, planned: countTogether(planned), edits: editsOn(context.tree, burst.edits) }
}

function seek(job: ResponseJob, { layout, config, repository, previousImages }: PlanContext): Sought {
  const response = currentResponse(job, { config, repository })
  const found = findWorkload(layout, job.cluster, job.sighting)
  const previousImage = previousImages?.get(job.id)
  const request = { id: job.id, found, actions: response.actions }
  return { job, response, request: previousImage === undefined ? request : { ...request, previousImage } }
}

type Answer<K extends BurstAnswer['kind']> = Extract<BurstAnswer, { kind: K }>

function settledOutcome(
  { request: { found } }: Sought,
  answer: Answer<'unchanged' | 'refused'>,
  { tree }: PlanContext,
): Outcome {
  const { workload, object } = found
  const target = { workload, path: object.origin.path }
  if (answer.kind === 'refused') return { ...failedOutcome(answer.error), ...target }
  return { outcome: 'unchanged', sha: tree.sha, ...target }
}

function plannedResponse(
  { job, response, request }: Sought,
  answer: Answer<'edits'>,
  context: PlanContext,
): PlannedResponse {
  const { places, warnings, layer, own } = answer
  const { workload } = request.found
  return {
    id: job.id,
    cluster: job.cluster,
    committed: describeCommitted({ job, response, workload, places, context }),
    path: layer.path,
    layer,
    warnings,
    ownEdits: () => editsOn(context.tree, own()),
  }
}

function editsOn(tree: Tree, edits: readonly FileEdit[]): readonly Edit[] {
  return edits.map(({ path, text }) => {
    const file = tree.files.get(path)
    return { path, before: file?.text ?? null, after: text, mode: file?.mode ?? '100644' }
  })
}

/** The ending of a response that cannot be carried out, with the candidates among which a person has to decide. */
export function failedOutcome(thrown: unknown): Extract<Outcome, { outcome: 'failed' }> {
  const { code, message, details } = asResponseError(thrown)
  const candidates = details['candidates']
  return { outcome: 'failed', code, message, ...(Array.isArray(candidates) ? { candidates } : {}) }
}

/** Whether the config has the response of a job, and leads from its cluster to the repository. */
export function knows(config: Config, repository: string, job: ResponseJob): boolean {
  return (
    config.responses.some(({ name }) => name === job.response) &&
    repositoriesOfCluster(config, job.cluster).some((one) => one.repository.name === repository)
  )
}

/** The response as the config has it now; it can have changed since the alert was taken in, and so can the clusters. */
function currentResponse(
  job: ResponseJob,
  { config, repository }: Pick<PlanContext, 'config' | 'repository'>,
): Response {
  const response = config.responses.find(({ name }) => name === job.response)
  if (response === undefined)
    throw new ResponseError('RESPONSE_REMOVED', `response ${job.response} is no longer in the config`)
  if (!repositoriesOfCluster(config, job.cluster).some((one) => one.repository.name === repository)) {
    throw new ResponseError('RESPONSE_REMOVED', `repository ${repository} no longer declares cluster ${job.cluster}`)
  }
  return response
}

function describeCommitted(about: {
  job: ResponseJob
  response: Response
  workload: Workload
  places: readonly ChangedPlace[]
  context: PlanContext
}): CommittedResponse {
  const { job, response, workload, places, context } = about
  const alert = parseAlert(job.alert)
  const fields = context.config.commit.includeFields.flatMap((name) => {
    const value = fieldOf(alert, name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    id: job.id,
    response: response.name,
    workload,
    actions: response.actions.map(({ action }) => action),
    places,
    alertRule: alert.alertRule,
    priority: alert.priority,
    time: alert.time,
    count: context.counts?.get(job.id) ?? 1,
    fields,
  }
}

/** Each response tells how many alerts wanted the same of the same workload, over all jobs of the batch. */
function countTogether(planned: readonly PlannedResponse[]): readonly PlannedResponse[] {
  const keyOf = ({ committed: { response, workload } }: PlannedResponse): string =>
    [response, workload.cluster, workload.namespace, workload.kind, workload.name].join('/')
  const counts = new Map<string, number>()
  for (const one of planned) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + one.committed.count)
  return planned.map((one) => ({ ...one, committed: { ...one.committed, count: counts.get(keyOf(one)) ?? 1 } }))
}
