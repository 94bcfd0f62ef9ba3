import Fastify, { type FastifyInstance } from 'fastify'
import type { Exposition } from './metrics.ts'

/** A part of the process that must be in order before it is sent work. Rejects with a message that a person understands. */
export interface ReadinessCheck {
  readonly name: string
  readonly check: () => Promise<void>
}

/** What the admin server shows. */
export interface AdminDependencies {
  readonly metrics: Exposition
  readonly checks: readonly ReadinessCheck[]
}

/**
 * The operators' HTTP server: `/healthz` (this process answers), `/readyz` (every check holds; 503 names those that do
 * not) and `/metrics` (Prometheus).
 */
export function buildAdminServer({ metrics, checks }: AdminDependencies): FastifyInstance {
  const app = Fastify({ logger: false })
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const results = await Promise.all(checks.map(runCheck))
    const ready = results.every(({ problem }) => problem === undefined)
    return reply.code(ready ? 200 : 503).send({
      status: ready ? 'ready' : 'not ready',
      checks: Object.fromEntries(results.map(({ name, problem }) => [name, problem ?? 'ok'])),
    })
  })
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.exposition()))
  return app
}

async function runCheck({ name, check }: ReadinessCheck): Promise<{ name: string; problem?: string }> {
  try {
    await check()
    return { name }
  } catch (thrown) {
    return { name, problem: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}
