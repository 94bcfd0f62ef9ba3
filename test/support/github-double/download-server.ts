import type { AddressInfo } from 'node:net'
import { fastify, type FastifyInstance } from 'fastify'
import type { HostedRepository } from './hosted-repository.ts'

/** A download that was asked for. */
export interface Download {
  readonly path: string
  /** GitHub's clients follow to another host, where their credential must not go. */
  readonly authorization: string | undefined
}

/** GitHub's other host, which serves archives to whoever has the address of one. */
export class DownloadServer {
  /** All downloads so far, in order. */
  readonly downloads: Download[] = []
  /** What is sent in place of the next archives, where a test wants it. `undefined` is a server that hangs up. */
  readonly instead: (Buffer | undefined)[] = []
  readonly #app: FastifyInstance
  readonly #tokens = new Map<string, { readonly repository: HostedRepository; readonly sha: string }>()

  constructor() {
    this.#app = fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 5000 } })
    this.#app.get('/:owner/:repo/legacy.tar.gz/:sha', async (request, reply) => {
      this.downloads.push({ path: request.url, authorization: request.headers.authorization })
      const { token = '' } = request.query as Readonly<Record<string, string>>
      const granted = this.#tokens.get(token)
      if (granted === undefined) return reply.code(404).send('Not Found')
      const archive = this.instead.length > 0 ? this.instead.shift() : granted.repository.archive(granted.sha)
      if (archive === undefined) {
        reply.hijack()
        request.raw.socket.destroy()
        return reply
      }
      return reply.header('content-type', 'application/x-gzip').send(archive)
    })
  }

  async listen(): Promise<void> {
    await this.#app.listen({ host: '127.0.0.1', port: 0 })
  }

  /** An address that opens one archive without any credential. */
  urlOf(repository: HostedRepository, sha: string): string {
    const token = crypto.randomUUID()
    this.#tokens.set(token, { repository, sha })
    const { port } = this.#app.server.address() as AddressInfo
    return `http://127.0.0.1:${port}/${repository.nameWithOwner}/legacy.tar.gz/${sha}?token=${token}`
  }

  async close(): Promise<void> {
    await this.#app.close()
  }
}
