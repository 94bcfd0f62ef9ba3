import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SakerProcess, TUTORIAL_ALERT, type LogLine } from '@saker/demo'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import { chromiumAvailable, openBrowser } from '../support/chromium.ts'
import { DOUBLE_TOKEN, startGitHubDouble } from '../support/github-double/github-double.ts'
import { redisAvailable } from '../support/redis-server.ts'
import { afterThisTest, startSaker, type RunningSaker } from '../support/saker.ts'

const ADMIN_TOKEN = 'board-test-admin-token'
const REPOSITORY = 'developer-guy/desired-state-repository'

/** Where a picture of the board is written; `docs/operations.md` says how. */
const SCREENSHOT = process.env['SAKER_TEST_SCREENSHOT']

const ALPINE = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: alpine-deployment
spec:
  replicas: 2
`

/** A Saker whose one response has failed, because GitHub does not know the repository; `heal` has GitHub know it. */
interface Stricken {
  readonly saker: RunningSaker
  readonly id: string
  readonly origin: BareRepository
  readonly heal: () => void
}

async function strickenSaker(): Promise<Stricken> {
  const origin = await BareRepository.create({ 'alpine.yaml': ALPINE })
  afterThisTest(() => origin.remove())
  const double = await startGitHubDouble()
  afterThisTest(() => double.close())
  const [owner = '', repository = ''] = REPOSITORY.split('/')
  const saker = await startSaker(
    ['up', '--owner', owner, '--repository', repository, '--github-api-url', double.apiUrl],
    {
      GITHUB_TOKEN: DOUBLE_TOKEN,
      SAKER_ADMIN_TOKEN: ADMIN_TOKEN,
    },
  )
  await sendAlert(saker)
  const failed = await saker.settled()
  expect(failed).toMatchObject({ outcome: 'failed', code: 'REPOSITORY_NOT_FOUND' })
  return {
    saker,
    id: String(failed['responseId']),
    origin,
    heal: () => void double.host(REPOSITORY, origin),
  }
}

async function sendAlert(saker: RunningSaker, body = TUTORIAL_ALERT): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(saker.ingest, { method: 'POST', headers, body })
  expect(answer.status).toBe(202)
}

/** Runs `saker retry` until it ends. */
async function retry(
  { saker }: Stricken,
  args: readonly string[],
  env: Readonly<Record<string, string>> = { SAKER_ADMIN_TOKEN: ADMIN_TOKEN },
): Promise<{ code: number | null; printed: string }> {
  const process = new SakerProcess({ args: ['retry', ...args, '--server', saker.admin], env, captureOutput: true })
  afterThisTest(() => process.stop())
  return process.ended()
}

async function auditLine({ process }: RunningSaker): Promise<LogLine> {
  return process.line('audited', ({ msg }) => msg === 'admin write')
}

describe.skipIf(!redisAvailable)('saker retry', () => {
  it('runs a failed response again once its cause is gone', async () => {
    const stricken = await strickenSaker()
    const { saker, id, origin, heal } = stricken
    heal()

    const ended = await retry(stricken, [id, '--as', 'Zoë', '--reason', 'repository renamed back'])
    const settled = await saker.settled(2)

    expect(ended).toEqual({
      code: 0,
      printed: expect.stringContaining(`${id}  runs again: contain pod default/alpine-`),
    })
    expect(settled).toMatchObject({ responseId: id, outcome: 'committed', sha: await origin.head() })
    expect(await origin.read('alpine.yaml')).toContain('replicas: 0')
    expect(await auditLine(saker)).toMatchObject({
      operator: 'environment',
      as: 'Zoë',
      reason: 'repository renamed back',
      route: '/api/responses/:id/retry',
      responseId: id,
      status: 202,
      result: 'done',
    })
  })

  it('says of each id what happened, and exits with 1 when one could not', async () => {
    const stricken = await strickenSaker()
    const { id, saker } = stricken
    const unknown = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`

    const ended = await retry(stricken, [unknown, id])
    await saker.settled(2)

    expect(ended.code).toBe(1)
    expect(ended.printed).toMatch(new RegExp(`^${unknown}  no lane keeps .*\\(RESPONSE_UNKNOWN\\)$`, 'mu'))
    expect(ended.printed).toMatch(new RegExp(`^${id}  runs again: `, 'mu'))
  })

  it('says what to do without a token, with a wrong one and without a server', async () => {
    const stricken = await strickenSaker()
    const nobody = { ...stricken, saker: { ...stricken.saker, admin: 'http://127.0.0.1:1' } }

    const without = await retry(stricken, [stricken.id], {})
    const wrong = await retry(stricken, [stricken.id], { SAKER_ADMIN_TOKEN: 'wrong' })
    const nowhere = await retry(nobody, [stricken.id], {})

    expect([without.code, wrong.code, nowhere.code]).toEqual([1, 1, 1])
    expect(without.printed).toMatch(/set SAKER_ADMIN_TOKEN to the admin token .*\(TOKEN_MISSING\)/u)
    expect(wrong.printed).toMatch(/compare SAKER_ADMIN_TOKEN .*\(TOKEN_INVALID\)/u)
    expect(nowhere.printed).toMatch(
      /no Saker answers at http:\/\/127\.0\.0\.1:1 .*--admin-listen.*\(ADMIN_UNREACHABLE\)/u,
    )
  })
})

describe.skipIf(!redisAvailable || !chromiumAvailable)('Bull Board in a browser', () => {
  it('shows a failed response, retries it and links to its commit', { timeout: 90_000 }, async () => {
    const { saker, id, origin, heal } = await strickenSaker()
    const page = await openBrowser({ username: 'ops', password: ADMIN_TOKEN })
    const main = page.getByRole('main')
    const errors = consoleErrorsOf(page)
    await page.goto(`${saker.admin}/queues`)
    await main.getByRole('link', { name: /desired-state-repository main$/u }).click()
    await main.getByRole('link', { name: /^failed/iu }).click()
    await main.getByRole('link', { name: id }).click()
    await main.getByText('REPOSITORY_NOT_FOUND').waitFor()
    heal()

    await press(page, 'lucide-refresh-cw')
    const settled = await saker.settled(2)
    const link = main.getByRole('link', { name: 'commit' })
    await link.waitFor()

    expect(settled).toMatchObject({ responseId: id, outcome: 'committed', sha: await origin.head() })
    expect(await origin.read('alpine.yaml')).toContain('replicas: 0')
    expect(await link.getAttribute('href')).toBe(settled['url'])
    expect(await auditLine(saker)).toMatchObject({
      operator: 'environment',
      route: '/queues/api/queues/:queueName/:jobId/retry',
      queue: settled['lane'],
      responseId: id,
      status: 204,
      result: 'done',
    })
    // Fonts are asked for elsewhere, and not had; nothing else of the pages is held back.
    expect(errors.filter((text) => !text.includes('https://fonts.googleapis.com/'))).toEqual([])
    if (SCREENSHOT !== undefined) await takePicture(page, { saker, lane: String(settled['lane']), path: SCREENSHOT })
  })

  it('says why it does not remove a response', { timeout: 90_000 }, async () => {
    const { saker, id } = await strickenSaker()
    const page = await openBrowser({ username: 'ops', password: ADMIN_TOKEN })
    await page.goto(`${saker.admin}/queues/queue/${String(saker.process.lines.at(-1)?.['lane'])}/${id}`)

    await press(page, 'lucide-trash-2')

    await page.getByText('only retry of failed responses and promote are allowed here').waitFor()
    await page.reload()
    await page.getByRole('main').getByText('REPOSITORY_NOT_FOUND').waitFor()
    expect(await auditLine(saker)).toMatchObject({ responseId: id, status: 403, result: 'refused' })
  })
})

/** What the page complains of, while the test goes on. */
function consoleErrorsOf(page: Page): readonly string[] {
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(error.message))
  return errors
}

/** Presses the button with an icon, which has no other name, and confirms. */
async function press(page: Page, icon: string): Promise<void> {
  const button = page.getByRole('main').locator('button', { has: page.locator(`svg.${icon}`) })
  await button.click()
  await page.getByRole('button', { name: 'Confirm' }).click()
}

/** A lane with a response that failed above one that was committed. */
async function takePicture(
  page: Page,
  { saker, lane, path }: { readonly saker: RunningSaker; readonly lane: string; readonly path: string },
): Promise<void> {
  const main = page.getByRole('main')
  await sendAlert(saker, TUTORIAL_ALERT.replaceAll('alpine-deployment', 'debian-deployment'))
  await saker.settled(3)
  await page.goto(`${saker.admin}/queues/queue/${lane}`)
  await main.getByText('WORKLOAD_NOT_FOUND').first().waitFor()
  await main.getByRole('link', { name: 'commit' }).waitFor()
  await mkdir(dirname(path), { recursive: true })
  await page.screenshot({ path, animations: 'disabled' })
}
