import { ResponseError, type LogLevel } from '@saker/core'
import pino, { type Logger } from 'pino'

/**
 * A logger that writes one JSON object per line to standard error: a static `msg`, fields in camelCase, `time` in
 * milliseconds. Errors under `err` are written as code, message and cause, without whatever else a library hung on them
 * (requests with headers, for one).
 */
export function createLogger(
  level: LogLevel,
  destination: pino.DestinationStream = pino.destination({ fd: 2, sync: true }),
): Logger {
  return pino({ level, base: null, messageKey: 'msg', serializers: { err: describeError } }, destination)
}

function describeError(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { message: String(thrown) }
  const cause = thrown.cause === undefined ? {} : { cause: describeError(thrown.cause) }
  if (thrown instanceof ResponseError) return { code: thrown.code, message: thrown.message, ...cause }
  const code = 'code' in thrown && typeof thrown.code === 'string' ? { code: thrown.code } : {}
  return { name: thrown.name, ...code, message: thrown.message, ...cause }
}
