import {
  isResponseId,
  OUTCOME_NAMES,
  ResponseError,
  type LaneState,
  type OutcomeName,
  type Receipt,
  type Requeued,
} from '@saker/core'
import type { FastifyPluginCallback } from 'fastify'
import { z } from 'zod'

/** What operators can ask for and have done, whoever does it. */
export interface OperatorDesk {
  /** Runs a failed response again. Ends in `RESPONSE_UNKNOWN` or `RESPONSE_NOT_FAILED`. */
  retry(id: string): Promise<Requeued>
  /** Stored outcomes, newest first. */
  receipts(query: { readonly outcome?: OutcomeName; readonly limit: number }): Promise<readonly Receipt[]>
  states(): Promise<readonly LaneState[]>
}

const RetryParams = z.strictObject({ id: z.string().refine(isResponseId, 'is not a response id') })

const ResponsesQuery = z.strictObject({
  outcome: z.enum(OUTCOME_NAMES as [OutcomeName, ...OutcomeName[]]).optional(),
  limit: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(500, 'must be at most 500')
    .default(50),
})

/** The JSON that the `saker` command and scripts speak: `/responses`, `/responses/:id/retry` and `/lanes`. */
export function adminApi(desk: OperatorDesk): FastifyPluginCallback {
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
    app.post('/responses/:id/retry', async (request, reply) => {
      const { id } = parse(RetryParams, request.params)
      return reply.code(202).send(await desk.retry(id))
    })
    app.get('/lanes', async () => ({ lanes: await desk.states() }))
    done()
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the request'}: ${message}`)
  throw new ResponseError('REQUEST_INVALID', faults.join('; '))
}
