import { ERROR_CODES, ResponseError, type ErrorCode, type Requeued } from '@saker/core'
import { environmentNameOf } from './flags.ts'

/** How a command reaches a running Saker, and what is told of who asks. */
export interface AdminFlags {
  readonly server: string
  readonly adminToken?: string
  readonly as?: string
  readonly reason?: string
}

/** Where `saker up` has its admin server unless it is told otherwise. */
export const DEFAULT_SERVER = 'http://127.0.0.1:8081'

/** Longest wait for an answer. */
const ANSWER_MS = 15_000

/** What to do about an answer, for the codes that the person at the command line can do something about. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  TOKEN_MISSING: `set ${environmentNameOf('--admin-token')} to the admin token of this Saker`,
  TOKEN_INVALID: `compare ${environmentNameOf('--admin-token')} with the admin token of this Saker`,
  RESPONSE_UNKNOWN: 'see GET /api/responses for the ids there are',
  ROUTE_UNKNOWN: 'is this the admin address of Saker, and of this version?',
}

/** Codes of an answer that every further request would get too. */
const SAME_FOR_ALL = new Set<ErrorCode>(['TOKEN_MISSING', 'TOKEN_INVALID', 'LOGINS_THROTTLED', 'ROUTE_UNKNOWN'])

/** Whether an error is about the connection or the token rather than about one response. */
export function concernsAll({ code }: ResponseError): boolean {
  return code === 'ADMIN_UNREACHABLE' || code === 'CONFIG_INVALID' || SAME_FOR_ALL.has(code)
}

/** Speaks to the admin server of a running Saker. */
export class AdminClient {
  readonly #server: URL
  readonly #headers: Readonly<Record<string, string>>

  /** An empty server or token counts as none. Ends in `CONFIG_INVALID` when one cannot be used. */
  constructor({ server, adminToken = '', as, reason }: AdminFlags) {
    const url = URL.parse(server === '' ? DEFAULT_SERVER : server.replace(/\/*$/u, '/'))
    if (url === null || !/^https?:$/u.test(url.protocol))
      throw new ResponseError('CONFIG_INVALID', `--server must be an http or https URL, such as ${DEFAULT_SERVER}`)
    const token = adminToken.replace(/\r?\n$/u, '')
    if (/[\p{Cc} ]/u.test(token)) throw new ResponseError('CONFIG_INVALID', '--admin-token holds what no token can')
    this.#server = url
    this.#headers = {
      // A header holds bytes, one per character.
      ...(token === '' ? {} : { authorization: `Bearer ${Buffer.from(token, 'utf8').toString('latin1')}` }),
      ...(as === undefined ? {} : { 'x-saker-as': encodeURIComponent(as) }),
      ...(reason === undefined ? {} : { 'x-saker-reason': encodeURIComponent(reason) }),
    }
  }

  /**
   * Has a failed response run again. Ends in `ADMIN_UNREACHABLE` when nothing answers, and else in the code of the answer;
   * the message says what to do.
   */
  async retry(id: string): Promise<Requeued> {
    return (await this.#post(`api/responses/${encodeURIComponent(id)}/retry`)) as Requeued
  }

  async #post(path: string): Promise<unknown> {
    let answer: Response
    let body: unknown
    try {
      const signal = AbortSignal.timeout(ANSWER_MS)
      answer = await fetch(new URL(path, this.#server), {
        method: 'POST',
        headers: this.#headers,
        signal,
        redirect: 'error',
      })
      body = await answer.json().catch(() => undefined)
    } catch (cause) {
      throw new ResponseError(
        'ADMIN_UNREACHABLE',
        `no Saker answers at ${this.#server.origin} (${whyOf(cause)}): is it running, and is --server its admin address (--admin-listen)?`,
        { cause },
      )
    }
    if (answer.ok) return body
    throw errorOf(answer.status, body)
  }
}

/** Reads the problem of an answer; whatever else answers there is no Saker. */
function errorOf(status: number, body: unknown): ResponseError {
  const { code, detail } = (body ?? {}) as { readonly code?: unknown; readonly detail?: unknown }
  if (typeof code !== 'string' || !Object.hasOwn(ERROR_CODES, code) || typeof detail !== 'string')
    return new ResponseError('ADMIN_UNREACHABLE', `what answers there is no Saker: status ${status} without a code`)
  const known = code as ErrorCode
  const advice = ADVICE[known]
  return new ResponseError(known, advice === undefined ? detail : `${detail}; ${advice}`)
}

function whyOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown reason'
  if (thrown.name === 'TimeoutError') return `no answer in ${ANSWER_MS / 1000} s`
  const { cause } = thrown
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : thrown.message
}
