import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SakerProcess } from '@saker/demo'
import { afterThisTest, temporaryFolder } from '../support/saker.ts'

/** Runs `saker` until it ends by itself. */
async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; printed: string }> {
  const process = new SakerProcess({ args, env })
  afterThisTest(() => process.stop())
  return process.ended()
}

const DROP_IN = ['--owner', 'o', '--repository', 'r', '--github-token', 't0ken', '--admin-listen', '127.0.0.1:0']

describe('saker refuses to start', () => {
  it.each([
    ['without a repository', ['up'], /without --config, saker also needs --owner, --repository, GITHUB_TOKEN/u],
    [
      'when ingest would be open to everybody',
      ['up', ...DROP_IN, '--listen', '0.0.0.0:0'],
      /would take alerts from anybody.*SAKER_INGEST_TOKEN/u,
    ],
    [
      'when the admin server would be open',
      ['up', ...DROP_IN, '--listen', '127.0.0.1:0', '--admin-listen', '0.0.0.0:0'],
      /SAKER_ADMIN_TOKEN/u,
    ],
    [
      'as ingest alone without a shared Redis',
      ['ingest', ...DROP_IN, '--listen', '127.0.0.1:0'],
      /REDIS_URL is not set/u,
    ],
    ['on an address that is none', ['up', ...DROP_IN, '--listen', '8080'], /--listen must be HOST:PORT/u],
    [
      'with a certificate but no key',
      ['up', ...DROP_IN, '--listen', '127.0.0.1:0', '--tls-cert', 'c.pem'],
      /--tls-cert and --tls-key go together/u,
    ],
    ['on an unknown flag', ['up', '--repo', 'x'], /unknown option '--repo'/u],
  ])('%s', async (_case, args, words) => {
    const { code, printed } = await run(args)

    expect(printed).toMatch(words)
    expect(code).toBe(1)
    expect(printed).not.toContain('t0ken')
  })

  it('with every fault of the config file at once', async () => {
    const config = join(await temporaryFolder(), 'saker.yaml')
    await writeFile(config, 'version: 1\nrepositories:\n  fleet: { delivery: commit, brunch: main }\nresponses: []\n')

    const { code, printed } = await run(['up', '--config', config])

    expect(code).toBe(1)
    expect(printed).toContain(
      `${config}:3:30 repositories.fleet.brunch: unknown key \`brunch\`; did you mean \`branch\`?`,
    )
    expect(printed).toContain(`${config}:4:`)
  })

  it('without a Redis, unless memory is allowed', async () => {
    const { code, printed } = await run(['up', ...DROP_IN, '--listen', '127.0.0.1:0'], { PATH: '/nonexistent' })

    expect(code).toBe(1)
    expect(printed).toMatch(
      /no Redis: set REDIS_URL, or install redis-server or valkey-server, or pass --allow-volatile/u,
    )
  })
})

describe('saker --help', () => {
  it('lists the commands, and for each its flags with their environment variables', async () => {
    const process = new SakerProcess({ args: ['up', '--help'], captureOutput: true })
    afterThisTest(() => process.stop())

    const { code, printed } = await process.ended()

    expect(code).toBe(0)
    for (const flag of [
      '--config',
      '--listen',
      '--admin-listen',
      '--data-dir',
      '--dry-run',
      '--allow-volatile',
      '--owner',
      '--notify-url',
    ]) {
      expect(printed).toContain(flag)
    }
    expect(printed).toContain('SAKER_ADMIN_LISTEN')
  })
})
