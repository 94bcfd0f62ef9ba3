import { ERROR_CODES, type ErrorCode } from './error-codes.ts'

/** What a {@link ResponseError} may carry beside its code and message. */
export interface ResponseErrorOptions {
  /** What was caught; always kept, never shown to a client. */
  readonly cause?: unknown
  /** How long the other side asked us to wait, in milliseconds. Absent: it did not say. */
  readonly retryAfterMs?: number
  /** Identifiers a person needs to act (candidates, paths, hosts). Never alert text, never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean | readonly string[]>>
}

/**
 * The one error class of Saker. Narrow on `code`, never on the class: codes survive queues and realms, classes do not.
 *
 * Messages are lower case without a final stop and say what and which; what to do about it stands in `docs/errors.md`.
 */
export class ResponseError extends Error {
  override readonly name = 'ResponseError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly details: Readonly<Record<string, string | number | boolean | readonly string[]>>

  constructor(code: ErrorCode, message: string, options: ResponseErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = ERROR_CODES[code].retryable
    this.retryAfterMs = options.retryAfterMs
    this.details = options.details ?? {}
  }
}

/** Turns anything thrown into a {@link ResponseError}; what is not one already becomes `INTERNAL` with its cause kept. */
export function asResponseError(thrown: unknown): ResponseError {
  if (thrown instanceof ResponseError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new ResponseError('INTERNAL', message, { cause: thrown })
}
