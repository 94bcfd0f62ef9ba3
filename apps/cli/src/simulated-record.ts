import type { Alert, Delivery, Outcome, OutcomeName, Workload } from '@saker/core'
import type { SimulatedAlert, SimulatedResponse } from '@saker/engine'
import type { InputPlace } from './alert-inputs.ts'

/** What an alert would come to, for one of its responses: an item of the array that `saker simulate --json` prints. */
export interface SimulatedRecord extends InputPlace {
  /** Which alert, counted from 0 over all inputs. Several responses to one alert have the same. */
  readonly alert: number
  readonly alertRule: string
  readonly priority: string
  readonly cluster: string
  /** Absent where no response would run. */
  readonly response?: string
  /** The repository that would be written to, and how. */
  readonly repository?: string
  readonly delivery?: Delivery
  readonly outcome: OutcomeName | 'ignored'
  /** Why it is ignored, skipped or held. */
  readonly reason?: string
  /** Why it would fail. */
  readonly code?: string
  readonly message?: string
  readonly candidates?: readonly string[]
  readonly workload?: Workload
  /** The file that would be edited first and foremost, or, where none would be, the one that declares the workload. */
  readonly path?: string
  /** Which layer that file is, and how many builds read it. */
  readonly layer?: string
  readonly consumers?: number
  readonly diff?: string
  readonly warnings?: readonly string[]
}

/** Where an alert came from. */
export interface AlertSource {
  readonly alert: Alert
  readonly index: number
  readonly place: InputPlace
  readonly cluster: string
}

/** One record for each response to an alert, or one that says why there is none. */
export function recordsOf({ alert, index, place, cluster }: AlertSource, simulated: SimulatedAlert): SimulatedRecord[] {
  const { file, line, item } = place
  const { alertRule, priority } = alert
  const about = { alert: index, file, line, ...(item === undefined ? {} : { item }), alertRule, priority, cluster }
  if ('ignored' in simulated) return [{ ...about, outcome: 'ignored', reason: simulated.ignored }]
  return simulated.responses.map((response) => ({ ...about, ...responseFields(response) }))
}

function responseFields({ response, repository, delivery, outcome, layer }: SimulatedResponse): ResponseFields {
  const built = layer === undefined ? {} : { layer: layer.kind, consumers: layer.consumers }
  return { response, repository, delivery, ...outcomeFields(outcome), ...built }
}

type ResponseFields = Omit<SimulatedRecord, keyof InputPlace | 'alert' | 'alertRule' | 'priority' | 'cluster'>

/** Without what only a real ending has: there is no commit. */
function outcomeFields(outcome: Outcome): Pick<ResponseFields, 'outcome'> & Partial<ResponseFields> {
  const { workload, path } = outcome
  const target = { ...(workload === undefined ? {} : { workload }), ...(path === undefined ? {} : { path }) }
  if (outcome.outcome === 'observed') {
    const warnings = outcome.warnings === undefined ? {} : { warnings: outcome.warnings }
    return { outcome: 'observed', ...target, diff: outcome.diff, ...warnings }
  }
  if (outcome.outcome === 'failed') {
    const { code, message, candidates } = outcome
    return { outcome: 'failed', code, message, ...(candidates === undefined ? {} : { candidates }), ...target }
  }
  const reason = 'reason' in outcome ? { reason: outcome.reason } : {}
  return { outcome: outcome.outcome, ...reason, ...target }
}
