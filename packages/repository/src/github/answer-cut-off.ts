/** An answer's body was longer than allowed, or than the line could bring in time. Holds its beginning. */
export class AnswerCutOff extends Error {
  readonly beginning: string

  constructor(beginning: string) {
    super('the answer is longer than allowed')
    this.name = 'AnswerCutOff'
    this.beginning = beginning
  }
}

/**
 * A `fetch` that reads no more of a successful answer's body than `maxBytes` and then rejects with `AnswerCutOff`, the
 * connection ended; also when time runs out inside the body, but not before it.
 */
export function fetchUpTo(maxBytes: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (!response.ok || response.body === null) return response
    const chunks: Uint8Array[] = []
    let bytes = 0
    const cutOff = (): AnswerCutOff => new AnswerCutOff(Buffer.concat(chunks).toString('utf8'))
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > maxBytes) throw cutOff()
      }
    } catch (error) {
      throw bytes > 0 && error instanceof DOMException && error.name === 'TimeoutError' ? cutOff() : error
    }
    return new Response(Buffer.concat(chunks), { status: response.status, headers: response.headers })
  }
}
