import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * The routes of Bull Board that may change something, as its own `routes.ts` writes them. Everything else that is not a
 * read is refused, whatever a later version brings: emptying or obliterating a lane loses alerts, its concurrency and rate
 * limit are what keeps it serial, and a job's data and removal are not for anybody to change.
 */
const ALLOWED_WRITES: readonly string[] = [
  'PUT /api/queues/:queueName/:jobId/retry',
  'PUT /api/queues/:queueName/retry/:queueStatus',
  'PUT /api/queues/:queueName/:jobId/promote',
  'PUT /api/queues/:queueName/promote',
]

const READS = new Set(['GET', 'HEAD'])

function isAllowed({ method, routeOptions, params }: FastifyRequest, basePath: string): boolean {
  if (READS.has(method)) return true
  const route = routeOptions.url ?? ''
  const known = route.startsWith(basePath) && ALLOWED_WRITES.includes(`${method} ${route.slice(basePath.length)}`)
  const { queueStatus } = params as { readonly queueStatus?: string }
  // What has ended well keeps its outcome: only failed responses run again.
  return known && (queueStatus === undefined || queueStatus === 'failed')
}

/** A hook for a board at `basePath` that refuses all writes but retry and promote with 403 and a problem. */
export function refuseOtherWrites(
  basePath: string,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  return async (request, reply) => {
    if (isAllowed(request, basePath)) return undefined
    const detail = 'only retry of failed responses and promote are allowed here'
    const problem = { type: 'about:blank', title: 'Forbidden', status: 403, detail, code: 'BOARD_WRITE_FORBIDDEN' }
    // `error` and `message` are what the pages of Bull Board show.
    const shown = { error: { key: 'ERRORS.FORBIDDEN' }, message: detail }
    // As bytes: Fastify gives text a charset, which this media type does not have.
    const body = Buffer.from(JSON.stringify({ ...problem, ...shown }))
    return reply.code(403).header('content-type', 'application/problem+json').send(body)
  }
}
