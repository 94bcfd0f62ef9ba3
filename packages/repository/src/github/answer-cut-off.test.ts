import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { AnswerCutOff, fetchUpTo } from './answer-cut-off.ts'

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

test('gives an answer within its limit as it is', async () => {
  const url = await serve((_, response) => response.setHeader('x-kind', 'short').end('größer'))

  const answer = await fetchUpTo(8)(url)

  expect([answer.status, answer.headers.get('x-kind'), await answer.text()]).toEqual([200, 'short', 'größer'])
})

test('ends the connection in the middle of a longer one, and keeps its beginning', async () => {
  let isClosed = false
  const url = await serve((_, response) => {
    response.on('close', () => (isClosed = true))
    response.write('x'.repeat(100))
  })

  const thrown: unknown = await fetchUpTo(50)(url).catch((error: unknown) => error)

  expect(thrown).toBeInstanceOf(AnswerCutOff)
  expect(thrown).toHaveProperty('beginning', 'x'.repeat(100))
  await expect.poll(() => isClosed).toBe(true)
})

test('passes refusals on whole', async () => {
  const url = await serve((_, response) => response.writeHead(500).end('a long apology'))

  expect(await (await fetchUpTo(3)(url)).text()).toBe('a long apology')
})

test('keeps the beginning when time runs out inside the body, and is out of time before it', async () => {
  const slow = await serve((_, response) => response.write('first'))
  const silent = await serve(() => {})
  const answerOf = (url: string): Promise<unknown> =>
    fetchUpTo(50)(url, { signal: AbortSignal.timeout(500) }).catch((error: unknown) => error)

  const [inside, before] = await Promise.all([answerOf(slow), answerOf(silent)])

  expect(inside).toHaveProperty('beginning', 'first')
  expect(before).toMatchObject({ name: 'TimeoutError' })
})
