import {
  isResponseId,
  OUTCOME_NAMES,
  ResponseError,
  type LaneState,
  type OutcomeName,
  type Pause,
  type Receipt,
  type Requeued,
} from '@saker/core'
import type { FastifyPluginCallback, FastifyRequest } from 'fastify'
import { z } from 'zod'

/** Who asks for something: the name of a token, which is proven, and what the client says of itself, which is not. */
export interface Asker {
  readonly operator: string
  readonly as?: string
  readonly reason?: string
}

/** What operators can ask for and have done, whoever does it. */
export interface OperatorDesk {
  /** Runs a failed response again. Ends in `RESPONSE_UNKNOWN` or `RESPONSE_NOT_FAILED`. */
  retry(id: string): Promise<Requeued>
  /** Runs a held response. Ends in `RESPONSE_UNKNOWN` or `RESPONSE_NOT_HELD`. */
  release(id: string, asker: Asker): Promise<Requeued>
  /** Ends a held response. Ends as `release` does. */
  drop(id: string, asker: Asker): Promise<Requeued>
  /** Stops the writes of the lanes that a slug or repository names, or of all; gives those still writing. Ends in `LANE_UNKNOWN`. */
  pause(
    lane: string | undefined,
    pause: Pause,
  ): Promise<{ readonly lanes: readonly string[]; readonly writing: readonly string[] }>
  /** Takes that back; gives those still paused. Ends in `LANE_UNKNOWN`. */
  resume(lane: string | undefined): Promise<{ readonly lanes: readonly string[]; readonly paused: readonly string[] }>
  /** Stored outcomes, newest first. */
  receipts(query: { readonly outcome?: OutcomeName; readonly limit: number }): Promise<readonly Receipt[]>
  states(): Promise<readonly LaneState[]>
}

const ResponseParams = z.strictObject({ id: z.string().refine(isResponseId, 'is not a response id') })

const LaneParams = z.strictObject({ lane: z.string().min(1, 'must not be empty').optional() })

const ResponsesQuery = z.strictObject({
  outcome: z.enum(OUTCOME_NAMES as [OutcomeName, ...OutcomeName[]]).optional(),
  limit: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(500, 'must be at most 500')
    .default(50),
})

/**
 * The JSON that the `saker` command and scripts speak: `/responses`, `/responses/:id/retry` (`release`, `drop`), `/lanes`,
 * `/pause`, `/resume` and the same under `/lanes/:lane`. `askerOf` tells who is behind a request that was let in.
 */
export function adminApi(desk: OperatorDesk, askerOf: (request: FastifyRequest) => Asker): FastifyPluginCallback {
  return (app, _options, done) => {
    app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'))
    app.route({
      method: 'GET',
      url: '/responses',
      handler: async ({ query }) => {
        const { outcome, limit } = parse(ResponsesQuery, query)
        return { responses: await desk.receipts(outcome === undefined ? { limit } : { outcome, limit }) }
      },
    })
    const deciding = {
      retry: (id: string) => desk.retry(id),
      release: (id: string, asker: Asker) => desk.release(id, asker),
      drop: (id: string, asker: Asker) => desk.drop(id, asker),
    }
    for (const [verb, decide] of Object.entries(deciding)) {
      app.post(`/responses/:id/${verb}`, async (request, reply) => {
        const { id } = parse(ResponseParams, request.params)
        return reply.code(202).send(await decide(id, askerOf(request)))
      })
    }
    app.get('/lanes', async () => ({ lanes: await desk.states() }))
    for (const path of ['', '/lanes/:lane']) {
      app.post(`${path}/pause`, async (request) => {
        const { lane } = parse(LaneParams, request.params)
        return desk.pause(lane, { since: new Date().toISOString(), ...askerOf(request) })
      })
      app.post(`${path}/resume`, async (request) => desk.resume(parse(LaneParams, request.params).lane))
    }
    done()
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the request'}: ${message}`)
  throw new ResponseError('REQUEST_INVALID', faults.join('; '))
}
