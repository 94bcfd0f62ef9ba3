import type { IncomingHttpHeaders } from 'node:http'
import { ResponseError } from '@saker/core'

/** How the alerts lie in a request: as the body itself, or inside CloudEvents of one of HTTP's three content modes. */
export type Packaging = 'direct' | 'binary' | 'structured' | 'batch'

/** Who wrote the request, as metrics name it. */
export type AlertFormat = 'webhook' | 'falco' | 'cloudevents-binary' | 'cloudevents-structured' | 'cloudevents-batch'

const MEDIA_TYPES: Readonly<Record<string, Packaging>> = {
  'application/json': 'direct',
  'application/cloudevents+json': 'structured',
  'application/cloudevents-batch+json': 'batch',
}

/** JSON is UTF-8 (RFC 8259 §8.1); US-ASCII is a part of it. */
const CHARSETS: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii'])

/**
 * Decides by content type and `ce-` headers, never by the event's source, which changed between Falcosidekick's releases.
 * Ends in `MEDIA_TYPE_UNSUPPORTED`.
 *
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3-http-message-mapping
 */
export function packagingOf(headers: IncomingHttpHeaders): Packaging {
  const [name = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';')
  const type = name.trim()
  const packaging = Object.hasOwn(MEDIA_TYPES, type) ? MEDIA_TYPES[type] : undefined
  if (packaging === undefined) {
    throw new ResponseError(
      'MEDIA_TYPE_UNSUPPORTED',
      `the content type must be one of ${Object.keys(MEDIA_TYPES).join(', ')}`,
    )
  }
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"]*?)"?\s*$/u.exec(parameter)?.[1])
    .find((value) => value !== undefined)
  if (charset !== undefined && !CHARSETS.has(charset))
    throw new ResponseError('MEDIA_TYPE_UNSUPPORTED', 'the charset must be utf-8')
  const isEvent = headers['ce-type'] !== undefined || headers['ce-specversion'] !== undefined
  return packaging === 'direct' && isEvent ? 'binary' : packaging
}

/**
 * The format of a request for metrics. CloudEvents name themselves. Falcosidekick's webhook and Talon bodies differ from
 * Falco's own by their user agent or, where a custom header replaced it, by the `uuid` that Falcosidekick writes first.
 */
export function alertFormatOf(packaging: Packaging, userAgent: string | undefined, text: string): AlertFormat {
  if (packaging !== 'direct') return `cloudevents-${packaging}`
  return /^falcosidekick\b/iu.test(userAgent ?? '') || /^\s*\{\s*"uuid"\s*:/u.test(text) ? 'webhook' : 'falco'
}
