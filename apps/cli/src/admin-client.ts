import { setTimeout as sleep } from 'node:timers/promises'
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

/** A server that asks for more patience than this is not waited for. */
const LONGEST_WAIT_S = 60

/** What to do about an answer, for the codes that the person at the command line can do something about. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  TOKEN_MISSING: `set ${environmentNameOf('--admin-token')} to the admin token of this Saker`,
  TOKEN_INVALID: `compare ${environmentNameOf('--admin-token')} with the admin token of this Saker`,
  RESPONSE_UNKNOWN: 'see GET /api/responses for the ids there are',
  RESPONSE_NOT_HELD: 'see GET /api/responses?outcome=held',
  LANE_UNKNOWN: 'see GET /api/lanes',
  ROUTE_UNKNOWN: 'is this the admin address of Saker, and of this version?',
}

/** Codes of an answer that every further request would get too. */
const SAME_FOR_ALL = new Set<ErrorCode>(['TOKEN_MISSING', 'TOKEN_INVALID', 'LOGINS_THROTTLED', 'ROUTE_UNKNOWN'])

/** What a person can decide about a response. */
export type Decision = 'retry' | 'release' | 'drop'

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
   * Runs a failed response again, lets a held one go, or ends it. Ends in `ADMIN_UNREACHABLE` when nothing answers, and else
   * in the code of the answer; the message says what to do.
   */
  async decide(decision: Decision, id: string): Promise<Requeued> {
    return (await this.#post(`api/responses/${encodeURIComponent(id)}/${decision}`)) as Requeued
  }

  /** Stops the writes of a lane or of all; gives the lanes, and those in which one is still under way. Ends as `decide` does. */
  async pause(
    lane: string | undefined,
  ): Promise<{ readonly lanes: readonly string[]; readonly writing: readonly string[] }> {
    const body = await this.#post(`${switchPath(lane)}/pause`)
    return { lanes: textsIn(body, 'lanes'), writing: textsIn(body, 'writing') }
  }

  /** Takes that back; gives the lanes, and those that are still paused. Ends as `decide` does. */
  async resume(
    lane: string | undefined,
  ): Promise<{ readonly lanes: readonly string[]; readonly paused: readonly string[] }> {
    const body = await this.#post(`${switchPath(lane)}/resume`)
    return { lanes: textsIn(body, 'lanes'), paused: textsIn(body, 'paused') }
  }

  /** A server that asks for patience gets it. */
  async #post(path: string): Promise<unknown> {
    for (;;) {
      const { answer, body } = await this.#exchange(path)
      if (answer.ok) return body
      const error = errorOf(answer.status, body)
      const waitS = Number(answer.headers.get('retry-after'))
      if (error.code !== 'WRITES_THROTTLED' || !(waitS > 0 && waitS <= LONGEST_WAIT_S)) throw error
      await sleep(waitS * 1000)
    }
  }

  async #exchange(path: string): Promise<{ readonly answer: Response; readonly body: unknown }> {
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
    return { answer, body }
  }
}

function switchPath(lane: string | undefined): string {
  return lane === undefined ? 'api' : `api/lanes/${encodeURIComponent(lane)}`
}

function textsIn(body: unknown, key: string): readonly string[] {
  const value: unknown = typeof body === 'object' && body !== null && key in body ? Reflect.get(body, key) : undefined
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : []
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
