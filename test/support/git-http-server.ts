import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { BareRepository } from './bare-repository.ts'

/** What a test wants to do with a request; `true` when it has answered, or never will. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>

/** A repository served over HTTP by git's own `http-backend`, as Git hosts serve it. */
export class GitHttpServer {
  /** The repository's URL, on 127.0.0.1. */
  readonly url: string
  /** Each request so far: method and path with query, and its Authorization header where it had one. */
  readonly requests: { readonly line: string; readonly authorization: string | undefined }[]
  /** Sees each request before the credential is looked at. */
  intercept: Intercept | undefined
  readonly #server: Server

  private constructor(server: Server, path: string, requests: GitHttpServer['requests']) {
    this.#server = server
    this.requests = requests
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${basename(path)}`
  }

  /** Serves one repository; with a password (any user) where one is given, and open to everybody otherwise. */
  static async start(
    repository: BareRepository,
    options: { readonly password?: string; readonly intercept?: Intercept } = {},
  ): Promise<GitHttpServer> {
    const requests: GitHttpServer['requests'] = []
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { authorization } = request.headers
      requests.push({ line: `${request.method} ${request.url}`, authorization })
      if ((await started.intercept?.(request, response)) === true) return
      if (options.password !== undefined && passwordOf(authorization) !== options.password) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
        return
      }
      await serve(repository.path, request, response)
    }
    const server = createServer((request, response) => {
      answer(request, response).catch(() => response.destroy())
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const started = new GitHttpServer(server, repository.path, requests)
    started.intercept = options.intercept
    return started
  }

  /** Breaks off whatever is still open and stops listening. */
  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
  }
}

function passwordOf(authorization: string | undefined): string | undefined {
  const [, basic = ''] = /^Basic (.+)$/u.exec(authorization ?? '') ?? []
  return /^[^:]*:(.*)$/su.exec(Buffer.from(basic, 'base64').toString('utf8'))?.[1]
}

/** Speaks CGI with `git http-backend` (https://git-scm.com/docs/git-http-backend). */
async function serve(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  const child = spawn('git', ['-c', 'http.receivepack=true', 'http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
      GIT_PROJECT_ROOT: dirname(path),
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      REMOTE_ADDR: '127.0.0.1',
      CONTENT_TYPE: request.headers['content-type'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
      GIT_PROTOCOL: [request.headers['git-protocol']].flat().join(','),
      ...(request.headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: request.headers['content-length'] }),
    },
  })
  // The backend may end without reading all of a request that it refuses.
  const sent = pipeline(request, child.stdin).catch(() => undefined)
  let head = Buffer.alloc(0)
  for await (const chunk of child.stdout) {
    if (response.headersSent) {
      response.write(chunk)
      continue
    }
    head = Buffer.concat([head, chunk as Buffer])
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) continue
    writeHead(response, head.toString('latin1', 0, end))
    response.write(head.subarray(end + 4))
  }
  await sent
  response.end()
}

function writeHead(response: ServerResponse, head: string): void {
  const headers = head.split('\r\n').map((header) => {
    const colon = header.indexOf(':')
    return [header.slice(0, colon), header.slice(colon + 1).trim()] as const
  })
  const status = headers.find(([name]) => name.toLowerCase() === 'status')?.[1]
  for (const [name, value] of headers) if (name.toLowerCase() !== 'status') response.setHeader(name, value)
  response.writeHead(Number.parseInt(status ?? '200', 10))
}
