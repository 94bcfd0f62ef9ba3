import {
  asResponseError,
  fieldOf,
  parseAlert,
  repositoriesOfCluster,
  ResponseError,
  type Alert,
  type ChangedPlace,
  type CommittedResponse,
  type Config,
  type Outcome,
  type Response,
  type ResponseJob,
  type Tree,
  type Workload,
} from '@saker/core'
import { declaredWorkloads, findManifest, planContain, type Change } from '@saker/manifest'
import { EditedFiles } from './edited-files.ts'
import type { Edit } from './repository-host.ts'

/** One response that a commit would carry out. */
export interface PlannedResponse {
  readonly id: string
  readonly cluster: string
  readonly committed: CommittedResponse
  readonly path: string
  readonly warnings: readonly string[]
  /** What it wants of the file. */
  readonly change: Change
  /** What it would change if it were alone; several planned responses may share a file, and `Plan.edits` holds the sum. */
  readonly ownEdit: () => Edit
}

/** What is to be done for some jobs on one tree. A pure function of the jobs, the config and the tree. */
export interface Plan {
  /** Endings that need no write, by response id: already in the desired state, refused. */
  readonly settled: ReadonlyMap<string, Outcome>
  /** What one commit does for all others; empty when nothing is to be written. */
  readonly planned: readonly PlannedResponse[]
  readonly edits: readonly Edit[]
}

/** What planning depends on beside the jobs. */
export interface PlanContext {
  readonly tree: Tree
  readonly config: Config
  /** Name of the repository that the tree is of. */
  readonly repository: string
  /** By job id, how many alerts a job stands for; 1 where nothing is said. */
  readonly counts?: ReadonlyMap<string, number> | undefined
}

/**
 * Plans one coherent change for all jobs of a batch: each finds its workload and manifest, and the changes of one file are
 * made together. A job that cannot be served is settled as `failed` alone; it never takes its mates with it.
 */
export function planResponses(jobs: readonly ResponseJob[], context: PlanContext): Plan {
  const settled = new Map<string, Outcome>()
  const planned: PlannedResponse[] = []
  const files = new EditedFiles(context.tree)
  for (const job of jobs) {
    try {
      const result = planOne(job, context, files)
      if ('outcome' in result) settled.set(job.id, result)
      else planned.push(result)
    } catch (thrown) {
      settled.set(job.id, failedOutcome(thrown))
    }
  }
  return { settled, ...provenTogether(planned, files, settled) }
}

/**
 * The edits of all files, each proven. Where the sum of a file's changes is not safe, those that are not safe alone are
 * refused, and the rest is tried once more; a response is never refused for what its mate wants of another file.
 */
function provenTogether(
  planned: readonly PlannedResponse[],
  files: EditedFiles,
  settled: Map<string, Outcome>,
): Pick<Plan, 'planned' | 'edits'> {
  const edits: Edit[] = []
  const refuse = (one: PlannedResponse, thrown: unknown): void => {
    settled.set(one.id, failedOutcome(thrown))
  }
  for (const path of files.changed()) {
    try {
      edits.push(files.edit(path))
      continue
    } catch {
      // found out below, one by one
    }
    const here = planned.filter((one) => one.path === path)
    for (const one of here) refuseUnlessSafeAlone(one, files, refuse)
    try {
      if (files.changed().includes(path)) edits.push(files.edit(path))
    } catch (thrown) {
      for (const one of here) refuse(one, thrown)
    }
  }
  return { planned: countTogether(planned.filter(({ id }) => !settled.has(id))), edits }
}

function refuseUnlessSafeAlone(
  one: PlannedResponse,
  files: EditedFiles,
  refuse: (one: PlannedResponse, thrown: unknown) => void,
): void {
  try {
    one.ownEdit()
  } catch (thrown) {
    files.drop(one.path, one.change)
    refuse(one, thrown)
  }
}

/** The ending of a response that cannot be carried out, with the candidates among which a person has to decide. */
export function failedOutcome(thrown: unknown): Extract<Outcome, { outcome: 'failed' }> {
  const { code, message, details } = asResponseError(thrown)
  const candidates = details['candidates']
  return { outcome: 'failed', code, message, ...(Array.isArray(candidates) ? { candidates } : {}) }
}

function planOne(job: ResponseJob, context: PlanContext, files: EditedFiles): PlannedResponse | Outcome {
  const { tree } = context
  const { response, place: clusterPlace } = currentPlace(job, context)
  const alert = parseAlert(job.alert)
  refuseUnknownActions(response)
  const { workload, manifest } = findManifest(declaredWorkloads(tree, clusterPlace), job.cluster, job.sighting)
  const { path } = manifest
  const { place, change } = planContain(files.open(path), manifest)
  if (change === undefined) return { outcome: 'unchanged', sha: tree.sha, workload, path }
  files.add(path, change)
  return {
    id: job.id,
    cluster: job.cluster,
    committed: describeCommitted({ job, alert, response, workload, places: [place], context }),
    path,
    warnings: warningsFor(workload),
    change,
    ownEdit: () => files.editWith(path, [change]),
  }
}

/** A response is carried out whole or not at all. */
function refuseUnknownActions({ name, actions }: Response): void {
  const unknown = actions.find(({ action }) => action !== 'contain')
  if (unknown === undefined) return
  const message = `response ${name}: action ${unknown.action} cannot be carried out yet`
  throw new ResponseError('WORKLOAD_KIND_UNSUPPORTED', message)
}

/** Whether the config has the response of a job, and leads from its cluster to the repository. */
export function knows(config: Config, repository: string, job: ResponseJob): boolean {
  return (
    config.responses.some(({ name }) => name === job.response) &&
    repositoriesOfCluster(config, job.cluster).some((one) => one.repository.name === repository)
  )
}

/** The response and the cluster as the config has them now; both can have changed since the alert was taken in. */
function currentPlace(
  job: ResponseJob,
  { config, repository }: PlanContext,
): { response: Response; place: { paths: readonly string[]; file?: string } } {
  const response = config.responses.find(({ name }) => name === job.response)
  if (response === undefined)
    throw new ResponseError('RESPONSE_REMOVED', `response ${job.response} is no longer in the config`)
  const found = repositoriesOfCluster(config, job.cluster).find((one) => one.repository.name === repository)
  if (found === undefined) {
    throw new ResponseError('RESPONSE_REMOVED', `repository ${repository} no longer declares cluster ${job.cluster}`)
  }
  return { response, place: found.place }
}

function describeCommitted(about: {
  job: ResponseJob
  alert: Alert
  response: Response
  workload: Workload
  places: readonly ChangedPlace[]
  context: PlanContext
}): CommittedResponse {
  const { job, alert, response, workload, places, context } = about
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

/** What containing a workload does not stop by itself; a person has to know. */
function warningsFor(workload: Workload): readonly string[] {
  return workload.kind === 'CronJob' ? ['a Job that this CronJob has already started keeps running'] : []
}

/** Each response tells how many alerts wanted the same of the same workload, over all jobs of the batch. */
function countTogether(planned: readonly PlannedResponse[]): readonly PlannedResponse[] {
  const keyOf = ({ committed: { response, workload } }: PlannedResponse): string =>
    [response, workload.cluster, workload.namespace, workload.kind, workload.name].join('/')
  const counts = new Map<string, number>()
  for (const one of planned) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + one.committed.count)
  return planned.map((one) => ({ ...one, committed: { ...one.committed, count: counts.get(keyOf(one)) ?? 1 } }))
}
