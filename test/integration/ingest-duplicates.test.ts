import { describe, expect, it } from 'vitest'
import { alert, configOf, ingestUnderTest, type IngestUnderTest } from './ingest-harness.ts'

async function send({ app }: IngestUnderTest, parts: Readonly<Record<string, unknown>> = {}) {
  const headers = { 'content-type': 'application/json' }
  return app.inject({ method: 'POST', url: '/', headers, payload: JSON.stringify(alert(parts)) })
}

describe('a flood of one attack', () => {
  it('asks the store only once in two seconds for a flood of one attack', async () => {
    const ingest = ingestUnderTest()
    await send(ingest)
    ingest.advance(1999)
    await send(ingest)
    const during = ingest.sink.offers.length
    ingest.advance(1)

    await send(ingest)

    expect(during).toBe(1)
    expect(ingest.sink.offers).toHaveLength(2)
    expect(ingest.observations.map(({ result }) => result)).toEqual(['accepted', 'duplicate', 'duplicate'])
  })

  it('asks the store again when a new config leads into another lane', async () => {
    const configs = [configOf({ delivery: 'commit' }), configOf({ delivery: 'observe' })]
    const ingest = ingestUnderTest({ config: () => configs.shift() ?? configOf({}) })

    await send(ingest)
    await send(ingest)

    expect(ingest.sink.offers.map(({ lane }) => lane.delivery)).toEqual(['commit', 'observe'])
  })

  it('counts every alert of a flood on the job that stands for it', async () => {
    const ingest = ingestUnderTest()

    for (let sent = 0; sent < 4; sent += 1) await send(ingest)

    const [job] = ingest.sink.jobs
    expect(ingest.sink.mergedInto).toEqual([job?.id, job?.id, job?.id])
  })

  it('counts on the job that the store named, not on the one it merged', async () => {
    const ingest = ingestUnderTest()
    await send(ingest)
    ingest.advance(10_000)
    await send(ingest)

    await send(ingest)

    expect(ingest.sink.mergedInto).toEqual([ingest.sink.jobs[0]?.id])
  })

  it('asks the store again once it was lost, because what it had acknowledged may be gone', async () => {
    const ingest = ingestUnderTest()
    await send(ingest)

    ingest.sink.disconnect()
    await send(ingest)

    expect(ingest.sink.offers).toHaveLength(2)
  })

  it('keeps every alert when deduplication is off', async () => {
    const ingest = ingestUnderTest({ config: configOf({ dedupe: { window: '0s' } }) })

    const answers = [
      await send(ingest, { time: '2021-10-01T19:35:58.532086161Z' }),
      await send(ingest, { time: '2021-10-01T19:35:58.532086162Z' }),
    ]

    expect(answers.map(({ headers }) => headers['saker-result'])).toEqual(['accepted', 'accepted'])
    expect(ingest.sink.jobs).toHaveLength(2)
  })
})
