import {
  answersTo,
  deliveryFingerprintOf,
  entryLaneOf,
  fingerprintOf,
  newResponseId,
  ResponseError,
  type Alert,
  type Config,
  type IgnoredReason,
  type PodSighting,
  type Response,
} from '@saker/core'
import type { AcknowledgedFingerprints } from './acknowledged-fingerprints.ts'
import type { AlertSink } from './alert-sink.ts'

/** How long the very same alert counts as delivered again where the config merges nothing, in milliseconds. */
const REDELIVERY_MS = 60_000

/** Where an alert came from, under the config that was in force when it did. */
export interface AlertOrigin {
  readonly config: Config
  /** A cluster that the config declares. */
  readonly cluster: string
}

/** What storing needs. */
export interface EnqueueDependencies {
  readonly sink: AlertSink
  readonly acknowledged: AcknowledgedFingerprints
  readonly now: () => number
  /** Every delivery becomes `observe`. */
  readonly dryRun: boolean
  /** How long the sink may take for one job, in milliseconds, before the sender is told to come again. */
  readonly sinkTimeoutMs: number
}

/** How an alert that was understood ended: stored (with the ids of its new responses), merged, or nothing to do. */
export type Enqueued =
  | { readonly result: 'accepted'; readonly responseIds: readonly string[] }
  | { readonly result: 'duplicate' }
  | { readonly result: 'ignored'; readonly reason: IgnoredReason }

/**
 * Stores one job for each response that answers an alert, in the lane of the cluster's repository. Resolves only when all
 * of them are stored or merged. Ends in `QUEUE_UNAVAILABLE`, or whatever else the sink throws; some may be stored then,
 * and storing them again is harmless.
 */
export async function enqueueAlert(alert: Alert, origin: AlertOrigin, deps: EnqueueDependencies): Promise<Enqueued> {
  const answers = answersTo(alert, origin.config, origin.cluster)
  if ('ignored' in answers) return { result: 'ignored', reason: answers.ignored }
  const { sighting, responses } = answers
  const responseIds: string[] = []
  for (const response of responses) {
    // One after the other: a sink that fails on the first is not asked for the rest.
    const id = await enqueueResponse({ alert, sighting, response }, origin, deps)
    if (id !== undefined) responseIds.push(id)
  }
  return responseIds.length > 0 ? { result: 'accepted', responseIds } : { result: 'duplicate' }
}

interface Answering {
  readonly alert: Alert
  readonly sighting: PodSighting
  readonly response: Response
}

/** The id of the new response, or undefined when it was merged into an earlier one. */
async function enqueueResponse(
  { alert, sighting, response }: Answering,
  { config, cluster }: AlertOrigin,
  deps: EnqueueDependencies,
): Promise<string | undefined> {
  const lane = entryLaneOf({ cluster, response }, config, deps.dryRun)
  if (lane === undefined) throw new ResponseError('CLUSTER_UNKNOWN', 'no repository declares this cluster')
  const { fingerprint, windowMs } = mergingOf({ alert, sighting, response }, { config, cluster })
  const key = `${lane.key}\0${fingerprint}`
  const known = deps.acknowledged.jobOf(key)
  if (known !== undefined) {
    deps.sink.merged(lane, known)
    return undefined
  }
  const receivedAt = deps.now()
  const job = {
    version: 1 as const,
    id: newResponseId(receivedAt),
    response: response.name,
    cluster,
    sighting,
    alert: alert.raw,
    receivedAt,
    fingerprint,
  }
  try {
    const offered = deps.sink.offer(lane, job, { windowMs })
    const { result, id } = await inTime(offered, deps.sinkTimeoutMs)
    deps.acknowledged.add(key, id, windowMs)
    return result === 'accepted' ? id : undefined
  } catch (thrown) {
    deps.acknowledged.clear()
    throw thrown
  }
}

/**
 * What an alert is merged by, and for how long. Even where the config merges nothing, an alert that arrives twice (over two
 * outputs of Falcosidekick, or because its sender got no answer) is one.
 */
function mergingOf(
  { alert, sighting, response }: Answering,
  { config, cluster }: AlertOrigin,
): { readonly fingerprint: string; readonly windowMs: number } {
  const { windowMs } = config.dedupe
  return windowMs > 0
    ? { fingerprint: fingerprintOf(cluster, sighting, response), windowMs }
    : { fingerprint: deliveryFingerprintOf(cluster, response, alert.raw), windowMs: REDELIVERY_MS }
}

/** Falcosidekick waits for an answer without end and sends nothing else meanwhile, so a sink that hangs must not hang it. */
async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new ResponseError('QUEUE_UNAVAILABLE', `the queue did not answer within ${timeoutMs} ms`)),
    timeoutMs,
  )
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
