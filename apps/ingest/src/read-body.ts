import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { ResponseError } from '@saker/core'

const unzip = promisify(gunzip)

/** How a body is compressed. */
export type BodyEncoding = 'identity' | 'gzip'

/** Reads `Content-Encoding`. Ends in `MEDIA_TYPE_UNSUPPORTED` for anything but gzip (Falco's `compress_uploads`) and none. */
export function bodyEncodingOf(headers: IncomingHttpHeaders): BodyEncoding {
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase()
  if (encoding === '' || encoding === 'identity') return 'identity'
  if (encoding === 'gzip' || encoding === 'x-gzip') return 'gzip'
  throw new ResponseError('MEDIA_TYPE_UNSUPPORTED', 'the content encoding must be gzip or none')
}

/**
 * Reads a request's body as text, without a byte order mark. The limit holds for what arrives and for what it unpacks to.
 * Ends in `ALERT_TOO_LARGE`, or `ALERT_MALFORMED` for what is empty, cut off, not gzip or not UTF-8.
 */
export async function readBody(request: IncomingMessage, encoding: BodyEncoding, limitBytes: number): Promise<string> {
  const received = await bytesOf(request, limitBytes)
  const bytes = encoding === 'gzip' ? await unpacked(received, limitBytes) : received
  if (bytes.length === 0) throw new ResponseError('ALERT_MALFORMED', 'the body is empty')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ResponseError('ALERT_MALFORMED', 'the body is not valid UTF-8', { cause })
  }
}

/**
 * Over the limit, the rest is still read and thrown away: a client that is cut off while it sends never sees its 413. The
 * server's request timeout bounds that.
 */
async function bytesOf(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let size = 0
  if (Number(request.headers['content-length']) > limitBytes) reject(tooLarge(limitBytes))
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= limitBytes) {
      chunks.push(chunk)
      return
    }
    chunks.length = 0
    reject(tooLarge(limitBytes))
  })
  const cutOff = (cause?: unknown): void =>
    reject(new ResponseError('ALERT_MALFORMED', 'the body ended too early', { cause }))
  request.on('end', () => resolve(Buffer.concat(chunks)))
  request.on('error', cutOff)
  request.on('close', () => cutOff())
  // Its client may have gone before anybody listened.
  if (request.destroyed) cutOff()
  return promise
}

async function unpacked(bytes: Buffer, limitBytes: number): Promise<Buffer> {
  try {
    return await unzip(bytes, { maxOutputLength: limitBytes })
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limitBytes)
    throw new ResponseError('ALERT_MALFORMED', 'the body is not valid gzip', { cause })
  }
}

function tooLarge(limitBytes: number): ResponseError {
  return new ResponseError('ALERT_TOO_LARGE', `the body is larger than ${limitBytes} bytes`)
}
