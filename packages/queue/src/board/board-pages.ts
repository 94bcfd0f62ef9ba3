import { createBullBoard } from '@bull-board/api'
import type { ExternalJobUrl, QueueAdapterOptions, QueueJobJson } from '@bull-board/api/typings/app'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { FastifyAdapter } from '@bull-board/fastify'
import { parseJsonLosslessly, ResponseError } from '@saker/core'
import type { FastifyPluginCallback } from 'fastify'
import { refuseOtherWrites } from './allowed-writes.ts'
import type { BoardQueue } from './board-queue.ts'

/** Bull Board with the queues it shows. */
export interface BoardPages {
  /** Serves the pages. Register it with `basePath` as its prefix, behind whatever decides who may see them. */
  readonly plugin: FastifyPluginCallback
  add(queue: BoardQueue): void
  remove(queue: BoardQueue): void
}

/** Statuses for what a handler ended in; Bull Board's pages show the text of every one. */
const STATUSES = { RESPONSE_UNKNOWN: 404, RESPONSE_NOT_FAILED: 409 } as const

/**
 * Sets Bull Board up for lanes, able to retry and promote and nothing else. `describe` gives the text of a failure, fit for
 * showing.
 */
export function buildBoardPages(basePath: string, describe: (thrown: unknown) => string): BoardPages {
  const adapter = new FastifyAdapter()
  adapter.setBasePath(basePath)
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    // Without showWorkers it would ask Redis for the list of all its clients with every poll.
    options: { uiConfig: { boardTitle: 'Saker', hideDocsLink: true, showWorkers: false, sortQueues: true } },
  })
  adapter.setErrorHandler((error) => {
    const code = error instanceof ResponseError ? error.code : 'INTERNAL'
    const status = code in STATUSES ? STATUSES[code as keyof typeof STATUSES] : 500
    return {
      status,
      body: {
        error: { key: status === 500 ? 'ERRORS.INTERNAL_SERVER_ERROR' : 'ERRORS.FORBIDDEN' },
        message: describe(error),
      },
    }
  })
  const pages = adapter.registerPlugin()
  return {
    plugin: (app, _options, done) => {
      app.addHook('onRequest', refuseOtherWrites(basePath))
      app.register(pages)
      done()
    },
    add: (queue) => board.addQueue(adapterOf(queue)),
    remove: (queue) => board.removeQueue(queue.lane.slug),
  }
}

/** Shows a queue under its lane's slug, which is what logs and metrics say too, rather than under its name in Redis. */
class LaneAdapter extends BullMQAdapter {
  readonly #slug: string

  constructor(queue: BoardQueue, options: Partial<QueueAdapterOptions>) {
    super(queue, options)
    this.#slug = queue.lane.slug
  }

  override getName(): string {
    return this.#slug
  }
}

function adapterOf(queue: BoardQueue): BullMQAdapter {
  const { key, repository } = queue.lane
  const options = {
    displayName: key
      .replace(/^github\.com\//u, '')
      .replace(/#commit$/u, '')
      .replaceAll('#', ' '),
    description: `repository ${repository}`,
    externalJobUrl: ({ returnvalue }: QueueJobJson) => pageLinkOf(returnvalue),
    // Bull Board knows this one, its types do not: a response that ended well offers no retry.
    allowCompletedRetries: false,
  }
  const adapter = new LaneAdapter(queue, options)
  adapter.setFormatter('data', (data: unknown) => readable(data))
  return adapter
}

/**
 * A link for a job whose outcome names a page, and nothing for any other. Bull Board leaves out what is undefined, though
 * its type does not say so.
 */
function pageLinkOf(returnValue: unknown): ExternalJobUrl {
  const outcome: object = typeof returnValue === 'object' && returnValue !== null ? returnValue : {}
  const url = 'url' in outcome ? outcome.url : undefined
  const isPage = typeof url === 'string' && /^https?:\/\//u.test(url)
  const displayText = 'outcome' in outcome && outcome.outcome === 'proposed' ? 'pull request' : 'commit'
  return (isPage ? { displayText, href: url } : undefined) as ExternalJobUrl
}

/** The job's data with the alert as an object, which a person reads more easily than JSON inside JSON. */
function readable(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('alert' in data) || typeof data.alert !== 'string') return data
  try {
    return { ...data, alert: parseJsonLosslessly(data.alert) }
  } catch {
    return data
  }
}
