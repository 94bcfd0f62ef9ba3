import type { Alert, Log, ResponseError } from '@saker/core'
import type { AlertFormat } from './alert-format.ts'
import type { Enqueued } from './enqueue.ts'
import type { AlertObservation, AnswerResult, IngestObserver } from './ingest-observer.ts'
import type { Problem } from './problem.ts'

/** Alert text in a log line is for orientation; rule names are shorter than this. */
const MAX_LOGGED_RULE_LENGTH = 200

/** From the best to the least that can be said of a batch. */
const RESULTS = ['accepted', 'duplicate', 'ignored'] as const

/**
 * One request and its answer, as metrics and the log tell of it: one count per alert, one log line per request. What is
 * not known yet when a request is refused stays empty.
 */
export class Exchange {
  cluster = ''
  sender = ''
  format: AlertFormat | '' = ''
  readonly #startedAt: number
  readonly #answered: { readonly alert: Alert; readonly enqueued: Enqueued }[] = []
  readonly #deps: ExchangeDependencies
  #waiting = 0

  constructor(deps: ExchangeDependencies) {
    this.#deps = deps
    this.#startedAt = deps.now()
  }

  /** Says how many alerts the request holds, so that those never reached by a failing store are counted too. */
  expect(alerts: number): void {
    this.#waiting = alerts
  }

  /** Counts one alert that is stored, merged or ignored. */
  settle(alert: Alert, enqueued: Enqueued): void {
    this.#waiting -= 1
    this.#answered.push({ alert, enqueued })
    this.#count(enqueued.result, enqueued.result === 'ignored' ? enqueued.reason : '')
  }

  /** The result that speaks for all alerts of the request; without any there was nothing to do. Logs the request. */
  conclude(): Enqueued['result'] {
    const result = RESULTS.find((candidate) => this.#answered.some(({ enqueued }) => enqueued.result === candidate))
    const speaking = this.#answered.find(({ enqueued }) => enqueued.result === result)
    const responseIds = this.#answered.flatMap(({ enqueued }) =>
      enqueued.result === 'accepted' ? enqueued.responseIds : [],
    )
    const fields = {
      ...this.#facts(),
      result: result ?? 'ignored',
      ...(speaking?.enqueued.result === 'ignored' ? { reason: speaking.enqueued.reason } : {}),
      ...(responseIds.length === 0 ? {} : { responseIds }),
      ...(speaking === undefined
        ? {}
        : { alert: { alertRule: speaking.alert.alertRule.slice(0, MAX_LOGGED_RULE_LENGTH) } }),
    }
    if (result === 'accepted') this.#deps.log.info(fields, 'request answered')
    else this.#deps.log.debug(fields, 'request answered')
    return result ?? 'ignored'
  }

  /**
   * Counts and logs a request that ends in an error, and the problem it is answered with. Causes are logged only for our
   * own failures: a parser's message quotes the alert.
   */
  fail(error: ResponseError, { status, code }: Problem): void {
    const result = status < 500 ? 'refused' : 'unavailable'
    for (let count = 0; count < Math.max(1, this.#waiting); count += 1) this.#count(result, code)
    const fields = { ...this.#facts(), result, status, code }
    if (status < 500) this.#deps.log.info(fields, 'request refused')
    else this.#deps.log.error({ ...fields, err: error }, 'request failed')
  }

  #count(result: AnswerResult, reason: AlertObservation['reason']): void {
    this.#deps.observe.alert({ cluster: this.cluster, format: this.format, result, reason })
  }

  #facts(): object {
    const { cluster, sender, format } = this
    const durationMs = this.#deps.now() - this.#startedAt
    return { cluster, sender, format, alerts: this.#answered.length, durationMs }
  }
}

/** Where an exchange is told of. */
export interface ExchangeDependencies {
  readonly observe: IngestObserver
  readonly log: Log
  readonly now: () => number
}
