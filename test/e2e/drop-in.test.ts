import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseResponseLines } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { cloudEventHeaders, TUTORIAL_ALERT } from '@saker/demo'
import { BareRepository } from '../support/bare-repository.ts'
import { DOUBLE_TOKEN, startGitHubDouble, type GitHubDouble } from '../support/github-double/github-double.ts'
import type { HostedRepository } from '../support/github-double/hosted-repository.ts'
import { redisAvailable } from '../support/redis-server.ts'
import { afterThisTest, startSaker } from '../support/saker.ts'

/** The tutorial's file, with what people write into such files. */
const ALPINE = `# the pwned one\r
apiVersion: v1\r
kind: Namespace\r
metadata: {name: default}\r
---\r
apiVersion: apps/v1\r
kind: Deployment\r
metadata:\r
  name: alpine-deployment\r
spec:\r
  replicas: 2   # enough\r
  selector:\r
    matchLabels: {app: alpine}\r
`

/** How Falcosidekick up to 2.24 sends: the old source, two extensions. */
const OLD_HEADERS = {
  'content-type': 'application/json',
  'ce-specversion': '1.0',
  'ce-id': '9b2f5e0a-8f77-4a3c-b0a5-0d3f2b7f9c11',
  'ce-source': 'falco.org',
  'ce-type': 'falco.rule.output.v1',
  'ce-time': '2021-06-13T19:35:58.532086161Z',
  'ce-priority': 'Notice',
  'ce-rule': 'Terminal shell in container',
}

async function desiredState(): Promise<{ origin: BareRepository; double: GitHubDouble; repository: HostedRepository }> {
  const origin = await BareRepository.create({
    'alpine.yaml': ALPINE,
    'other.yaml': ALPINE.replace('alpine-deployment', 'other'),
  })
  const double = await startGitHubDouble()
  afterThisTest(() => origin.remove())
  afterThisTest(() => double.close())
  const repository = double.host('developer-guy/desired-state-repository', origin)
  return { origin, double, repository }
}

/** Stands for the Flux Receiver. */
async function notifyServer(): Promise<{ url: string; called: Promise<string> }> {
  const { promise: called, resolve } = Promise.withResolvers<string>()
  const server = createServer((request, response) => {
    resolve(`${request.method} ${request.url}`)
    response.end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  afterThisTest(() => new Promise((closed) => server.close(closed)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/abc`, called }
}

const REPOSITORY = [
  '--owner',
  'developer-guy',
  '--repository',
  'desired-state-repository',
  '--file',
  'alpine.yaml',
  '--ref',
  'main',
]

describe.skipIf(!redisAvailable)('saker up as a drop-in for falco-event-listener', () => {
  it.each([
    ['Falcosidekick 2.30 and newer', cloudEventHeaders('e3c8a1d2-52cf-4b53-9a31-6a1b6f9f7d10')],
    ['Falcosidekick up to 2.24', OLD_HEADERS],
  ])("turns the tutorial's alert from %s into one commit and calls the notify URL", async (_sender, headers) => {
    const { origin, double } = await desiredState()
    const notify = await notifyServer()
    const before = await origin.head()
    const saker = await startSaker([
      'up',
      ...REPOSITORY,
      '--github-token',
      DOUBLE_TOKEN,
      '--notify-url',
      notify.url,
      '--github-api-url',
      double.apiUrl,
    ])

    const answer = await fetch(saker.ingest, { method: 'POST', headers, body: TUTORIAL_ALERT })
    const settled = await saker.settled()

    expect([answer.status, answer.headers.get('saker-result'), await answer.text()]).toEqual([202, 'accepted', ''])
    expect(await origin.read('alpine.yaml')).toBe(ALPINE.replace('replicas: 2 ', 'replicas: 0 '))
    expect(await origin.read('other.yaml')).toBe(ALPINE.replace('alpine-deployment', 'other'))
    expect(await origin.log()).toEqual([await origin.head(), before])
    expect(settled).toMatchObject({
      outcome: 'committed',
      sha: await origin.head(),
      target: 'default/Deployment/alpine-deployment',
    })
    const message = await origin.message()
    expect(message.split('\n')[0]).toBe('contain default/Deployment/alpine-deployment')
    expect(parseResponseLines(message)).toEqual([
      expect.objectContaining({ id: settled['responseId'], response: 'contain' }),
    ])
    expect(await notify.called).toBe('POST /hook/abc')
    expect(double.requests).toHaveLength(2)
  })

  it('takes every flag from the environment, and acts once on alerts of one workload', async () => {
    const { origin, double } = await desiredState()
    const saker = await startSaker(['up'], {
      SAKER_OWNER: 'developer-guy',
      SAKER_REPOSITORY: 'desired-state-repository',
      SAKER_REF: 'main',
      SAKER_FILE: 'alpine.yaml',
      SAKER_GITHUB_API_URL: double.apiUrl,
      GITHUB_TOKEN: DOUBLE_TOKEN,
    })
    const headers = { 'content-type': 'application/json' }
    const ofAnotherPod = TUTORIAL_ALERT.replaceAll('m7flp', 'v7fkw')

    const first = await fetch(saker.ingest, { method: 'POST', headers, body: TUTORIAL_ALERT })
    const second = await fetch(saker.ingest, { method: 'POST', headers, body: ofAnotherPod })
    await saker.settled()

    expect([first.headers.get('saker-result'), second.headers.get('saker-result')]).toEqual(['accepted', 'duplicate'])
    expect(await origin.log()).toHaveLength(2)
  })

  it('never acts on a workload that the file does not declare', async () => {
    const { origin, double } = await desiredState()
    const saker = await startSaker([
      'up',
      ...REPOSITORY,
      '--github-token',
      DOUBLE_TOKEN,
      '--github-api-url',
      double.apiUrl,
    ])

    await fetch(saker.ingest, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: TUTORIAL_ALERT.replaceAll('alpine-deployment', 'other'),
    })
    const settled = await saker.settled()

    expect(settled).toMatchObject({ outcome: 'failed', code: 'WORKLOAD_NOT_FOUND', level: 50 })
    expect(await origin.log()).toHaveLength(1)
  })

  it('survives what killed the original: a branch that moves under it', async () => {
    const { origin, double, repository } = await desiredState()
    double.faults.push({
      kind: 'foreign-commit',
      repository,
      files: { 'README.md': 'hello\n' },
      match: { operation: 'CreateCommit' },
      times: 3,
    })
    const saker = await startSaker([
      'up',
      ...REPOSITORY,
      '--github-token',
      DOUBLE_TOKEN,
      '--github-api-url',
      double.apiUrl,
    ])

    await fetch(saker.ingest, { method: 'POST', headers: { 'content-type': 'application/json' }, body: TUTORIAL_ALERT })
    const settled = await saker.settled()

    expect(settled).toMatchObject({ outcome: 'committed' })
    expect(await origin.log()).toHaveLength(5)
    expect(await origin.read('README.md')).toBe('hello\n')
  })
})
