import { listAt, recordOf, textAt } from './github-answer.ts'
import type { GitHubFailure } from './github-errors.ts'

interface FailedAnswer {
  readonly status: number
  readonly headers: unknown
  readonly data: unknown
  readonly errors: readonly unknown[]
}

const MAX_SAID = 300
/** Network errors after which the request cannot have arrived. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Reads what Octokit threw. Octokit's own error objects carry the request, file contents included, so they are not kept:
 * the failure's cause is a plain error with GitHub's words, or the network error beneath.
 */
export function failureOf(thrown: unknown): GitHubFailure {
  const response = recordOf(thrown)?.['response']
  const errors = listAt(thrown, 'errors')
  if (recordOf(thrown)?.['name'] === 'GraphqlResponseError' && errors !== undefined) {
    return answered({ status: 200, headers: recordOf(thrown)?.['headers'], data: { errors }, errors })
  }
  const status = recordOf(response)?.['status']
  if (typeof status === 'number') {
    const data = recordOf(response)?.['data']
    const headers = recordOf(response)?.['headers']
    return answered({ status, headers, data, errors: listAt(data, 'errors') ?? [] })
  }
  return lost(thrown)
}

/** A successful status whose body is not what was asked for: cut off, a proxy's page, or an API we do not know. */
export function unreadableAnswer(): GitHubFailure {
  const said = 'the answer could not be understood'
  return { status: 200, headers: {}, said, types: [], understood: false, unsent: false, cause: undefined }
}

function answered({ status, headers, data, errors }: FailedAnswer): GitHubFailure {
  const understood = recordOf(data) !== undefined
  const words = [textAt(data, 'message'), ...errors.map((error) => textAt(error, 'message') ?? fieldOf(error) ?? error)]
  const said = understood
    ? oneLine(words.filter((word) => typeof word === 'string').join(': '))
    : `it answered ${status} without the API's form`
  const types = errors.map((error) => textAt(error, 'type')).filter((type) => type !== undefined)
  const cause = new Error(`GitHub answered ${status}: ${said}`)
  return { status, headers: headersOf(headers), said, types, understood, unsent: false, cause }
}

/** `head invalid`: GitHub names a field without a word about it. */
function fieldOf(error: unknown): string | undefined {
  const [field, code] = [textAt(error, 'field'), textAt(error, 'code')]
  return field === undefined || code === undefined ? undefined : `${field} ${code}`
}

/** No answer came. Octokit wraps the network's error; the innermost one says what happened. */
function lost(thrown: unknown): GitHubFailure {
  let innermost = thrown
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause
  const code = textAt(innermost, 'code')
  const name = innermost instanceof Error ? innermost.name : ''
  const said =
    name === 'TimeoutError'
      ? 'no answer in time'
      : name === 'AbortError'
        ? 'the request was called off'
        : oneLine(innermost instanceof Error ? innermost.message : String(innermost)) || (code ?? '')
  // The chain above the network's error holds the request; only the network's own error is safe to keep.
  const cause = thrown instanceof Error && recordOf(thrown)?.['request'] !== undefined ? thrown.cause : thrown
  const unsent = code !== undefined && UNSENT.has(code)
  return { status: undefined, headers: {}, said, types: [], understood: false, unsent, cause }
}

/** The headers of an answer of Octokit's, names in small letters. */
export function headersOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(recordOf(value) ?? {})
  return Object.fromEntries(entries.map(([name, content]) => [name.toLowerCase(), String(content)]))
}

/** Foreign words as one line of bounded length without a final stop, as our messages are. */
function oneLine(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
  const short = line.length > MAX_SAID ? `${line.slice(0, MAX_SAID)}…` : line
  return short.replace(/\.$/u, '')
}
