import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '@saker/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseConfigText } from './config-file.ts'
import { configFileSource } from './config-source.ts'
import { LiveConfig } from './live-config.ts'
import { secretReader } from './secrets.ts'

let folder: string
const opened: LiveConfig<string>[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-source-'))
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((live) => live.close()))
  await rm(folder, { recursive: true })
})

/** A config that names secrets in two files, for a branch. */
function configText(branch: string): string {
  return `version: 1
repositories:
  fleet:
    git: { url: "https://git.example.com/fleet" }
    auth: { tokenFrom: { file: ${join(folder, 'git-token')} } }
    branch: ${branch}
    delivery: commit
responses: [{ name: contain, match: {}, actions: [{ contain: {} }] }]
ingest: { tokens: [{ name: sidekick, tokenFrom: { file: ${join(folder, 'ingest-token')} } }] }
`
}

/** Follows the config file; the value is its branch and the ingest token. Nothing is looked at but when the test says so. */
async function follow(path = join(folder, 'saker.yaml')) {
  const secrets = secretReader({}, async () => {})
  const load = async (text: string): Promise<string> => {
    const { repositories, ingest } = await parseConfigText(text, { path, secrets })
    const token = await secrets.read(ingest.tokens[0]?.tokenFrom ?? { env: 'NONE' })
    return `${repositories[0]?.branch} ${token.reveal()}`
  }
  const problems: string[] = []
  const reloaded: boolean[] = []
  const live = await LiveConfig.follow(configFileSource(path, load), {
    log: { ...silentLog, error: (fields) => problems.push(String(Reflect.get(fields, 'err'))) },
    observe: { reloaded: (success) => reloaded.push(success) },
    // what settles has settled at once; the next look by itself never comes
    wait: (ms, signal) =>
      ms < 1000
        ? Promise.resolve()
        : new Promise((_, fail) => {
            signal.addEventListener('abort', () => fail(new Error('closed')))
          }),
  })
  opened.push(live)
  return { live, problems, reloaded }
}

const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text)

describe('a config file with secrets in files', () => {
  beforeEach(async () => {
    await write('git-token', 'g1')
    await write('ingest-token', 'i1')
    await write('saker.yaml', configText('main'))
  })

  it('is loaded anew when a secret of ingest changes', async () => {
    const { live } = await follow()

    await write('ingest-token', 'i2')
    await live.look()

    expect(live.value).toBe('main i2')
  })

  it('is refused when a secret is emptied, and in order again when it is back', async () => {
    const { live, problems, reloaded } = await follow()

    await write('git-token', '')
    await live.look()
    const refused = [...problems]
    await write('git-token', 'g2')
    await live.look()

    expect(refused).toEqual([expect.stringMatching(/fleet\.auth\.tokenFrom: secret in file .*git-token is empty/u)])
    expect(reloaded).toEqual([true, false, true])
  })

  it('is used as soon as a secret is there that came after it', async () => {
    const { live } = await follow()
    await rm(join(folder, 'git-token'))
    await write('saker.yaml', configText('release').replaceAll('git-token', 'new-token'))
    await live.look()
    const before = live.value

    await write('new-token', 'g3')
    await live.look()

    expect([before, live.value]).toEqual(['main i1', 'release i1'])
  })

  it('is not loaded again when a file changes that it does not name any more', async () => {
    const { live, reloaded } = await follow()
    await write('saker.yaml', configText('main').replaceAll('git-token', 'other-token'))
    await write('other-token', 'g4')
    await live.look()

    await write('git-token', 'changed')
    await live.look()

    expect(reloaded).toEqual([true, true])
  })

  it('holds no secret in what is compared', async () => {
    const source = configFileSource(join(folder, 'saker.yaml'), async () => 'loaded')
    await source.load(await source.read())

    expect(await source.read()).not.toMatch(/\b[gi]1\b/u)
  })
})

describe('a config file in a ConfigMap', () => {
  /** What the kubelet does: a new folder, and one rename of the link to it. */
  async function swapIn(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    const version = `..${name}`
    await mkdir(join(folder, 'mount', version), { recursive: true })
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, 'mount', version, file), text)
    await symlink(version, join(folder, 'mount', '..data_tmp'))
    await rename(join(folder, 'mount', '..data_tmp'), join(folder, 'mount', '..data'))
  }

  it('is followed through the swap of its link, together with a secret that is swapped', async () => {
    await write('git-token', 'g1')
    await swapIn('v1', { 'saker.yaml': configText('main'), 'ingest-token': 'i1' })
    for (const file of ['saker.yaml', 'ingest-token']) await symlink(join('..data', file), join(folder, 'mount', file))
    await symlink(join('mount', 'ingest-token'), join(folder, 'ingest-token'))
    const { live } = await follow(join(folder, 'mount', 'saker.yaml'))
    const first = live.value

    await swapIn('v2', { 'saker.yaml': configText('release'), 'ingest-token': 'i2' })
    await rm(join(folder, 'mount', '..v1'), { recursive: true })
    await live.look()

    expect([first, live.value]).toEqual(['main i1', 'release i2'])
  })

  it('that is swapped for a wrong one leaves in use what was, until it is right', async () => {
    await write('git-token', 'g1')
    await write('ingest-token', 'i1')
    await swapIn('v1', { 'saker.yaml': configText('main') })
    await symlink(join('..data', 'saker.yaml'), join(folder, 'mount', 'saker.yaml'))
    const { live, problems } = await follow(join(folder, 'mount', 'saker.yaml'))

    await swapIn('v2', { 'saker.yaml': configText('main').replace('delivery:', 'delivry:') })
    await live.look()
    const meanwhile = live.value
    await swapIn('v3', { 'saker.yaml': configText('release') })
    await live.look()

    expect([meanwhile, live.value]).toEqual(['main i1', 'release i1'])
    expect(problems).toEqual([expect.stringContaining('unknown key `delivry`; did you mean `delivery`?')])
  })
})
