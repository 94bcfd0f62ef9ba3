import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseConfigText, readConfigText } from './config-file.ts'
import { secretReader } from './secrets.ts'

const VALID = `version: 1
repositories:
  fleet:
    github: { owner: acme, repository: fleet-infra }
    auth: { tokenFrom: { env: TOKEN } }
    delivery: commit
    notify: [{ urlFrom: { file: ./notify-url } }]
responses:
  - name: contain
    match: { alertRules: [Terminal shell in container] }
    actions: [{ contain: {} }]
`

let folder: string
let notifyUrl: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-config-'))
  notifyUrl = join(folder, 'notify-url')
  await writeFile(notifyUrl, 'http://flux/hook')
})
afterEach(() => rm(folder, { recursive: true }))

const SECRETS = { TOKEN: 't0ken' }

/** Reads and checks a file as Saker does, with a secret for every one that the valid file names. */
async function readConfigFile(
  path: string,
  { env = SECRETS, ...named }: { ownNamespace?: string; secretsOf?: string[]; env?: Record<string, string> } = {},
) {
  const options = { path, secrets: secretReader(env), ...named }
  return parseConfigText((await readConfigText(path)).replace('./notify-url', notifyUrl), options)
}

async function file(text: string): Promise<string> {
  const path = join(folder, 'saker.yaml')
  await writeFile(path, text)
  return path
}

describe('readConfigFile', () => {
  it('reads a valid file and protects the namespace that Saker runs in', async () => {
    const config = await readConfigFile(await file(VALID), { ownNamespace: 'saker' })

    expect(config.repositories[0]).toMatchObject({ name: 'fleet', branch: 'main', delivery: 'commit' })
    expect(config.guard.protectedNamespaces).toContain('saker')
    expect(config.guard.protectedNamespaces).toContain('kube-system')
  })

  it('reports every fault at once, in the order of the file, with line and column and without values', async () => {
    const path = await file(
      VALID.replace('delivery: commit', 'delivery: s3cret-delivery')
        .replace('match:', 'mach:')
        .replace('version: 1', 'version: 2'),
    )

    const failure: Error = await readConfigFile(path).then(
      () => expect.unreachable(),
      (thrown: Error) => thrown,
    )

    expect(failure).toMatchObject({ code: 'CONFIG_INVALID' })
    expect(failure.message.split('\n').map((line) => line.replace(path, 'FILE'))).toEqual([
      'FILE is invalid, 4 faults:',
      expect.stringMatching(/^ {2}FILE:1:\d+ version: must be 1$/u),
      expect.stringMatching(/^ {2}FILE:6:\d+ repositories\.fleet\.delivery: must be commit, pull-request or observe$/u),
      expect.stringMatching(/^ {2}FILE:9:\d+ responses\[0\]\.match: /u),
      expect.stringMatching(/^ {2}FILE:10:5 responses\[0\]\.mach: unknown key `mach`; did you mean `match`\?$/u),
    ])
    expect(failure.message).not.toContain('s3cret')
  })

  it('names the nearest key for one that is not known, and tells names with dots from nesting', async () => {
    const path = await file(
      VALID.replace('actions: [{ contain: {} }]', 'actions: [{ scale: { replica: 3 } }]').replace(
        'match: {',
        'match: { fields: { proc.name: { equal: s3cret } },',
      ),
    )

    const failure: Error = await readConfigFile(path).then(
      () => expect.unreachable(),
      (thrown: Error) => thrown,
    )

    expect(
      failure.message
        .split('\n')
        .slice(1)
        .map((line) => line.replace(path, 'FILE')),
    ).toEqual([
      '  FILE:10:37 responses[0].match.fields["proc.name"].equal: unknown key `equal`; did you mean `equals`?',
      '  FILE:11:17 responses[0].actions[0].scale.replicas: is missing',
      '  FILE:11:26 responses[0].actions[0].scale.replica: unknown key `replica`; did you mean `replicas`?',
    ])
  })

  it('reports what is not YAML with its place', async () => {
    const path = await file('version: 1\nrepositories: {fleet: [}\n')

    await expect(readConfigFile(path)).rejects.toThrow(/saker\.yaml:2:\d+ /u)
  })

  it('says which file cannot be read', async () => {
    await expect(readConfigFile(join(folder, 'none.yaml'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/none\.yaml cannot be read \(ENOENT\)$/u),
    })
  })
})

describe('secrets of a config', () => {
  it('are reported with their place when they are missing or empty, beside the other faults', async () => {
    const path = await file(VALID.replace('delivery: commit', 'delivery: never'))
    await writeFile(notifyUrl, '\n')

    const failure: Error = await readConfigFile(path, { env: {} }).then(
      () => expect.unreachable(),
      (thrown: Error) => thrown,
    )

    expect(failure.message.split('\n').map((line) => line.replace(path, 'FILE').replace(notifyUrl, 'URL'))).toEqual([
      'FILE is invalid, 3 faults:',
      '  FILE:5:13 repositories.fleet.auth.tokenFrom: secret in environment variable TOKEN is missing',
      expect.stringContaining('repositories.fleet.delivery: must be commit, pull-request or observe'),
      '  FILE:7:16 repositories.fleet.notify[0].urlFrom: secret in file URL is empty',
    ])
  })

  it('need not be there in a part of the config that is not used', async () => {
    const path = await file(`${VALID}ingest: { tokens: [{ name: prod, tokenFrom: { env: SENDER } }] }\n`)
    const read = async (secretsOf: string[], env: Record<string, string>) =>
      readConfigFile(path, { secretsOf, env }).then(
        () => 'valid',
        (thrown: Error) => thrown.message,
      )

    expect(await read(['ingest', 'admin'], { SENDER: 's' })).toBe('valid')
    expect(await read(['repositories', 'admin'], SECRETS)).toBe('valid')
    expect(await read(['ingest', 'admin'], SECRETS)).toMatch(/variable SENDER is missing$/u)
    expect(await read(['repositories', 'admin'], { SENDER: 's' })).toMatch(/variable TOKEN is missing$/u)
  })

  it('reads a file again at every use, without the line end behind the value', async () => {
    const path = join(folder, 'token')
    const secrets = secretReader({})
    await writeFile(path, 'first\n')
    const first = await secrets.read({ file: path })
    await writeFile(path, 'second')

    const second = await secrets.read({ file: path })

    expect([first.reveal(), second.reveal()]).toEqual(['first', 'second'])
  })

  it('in a file that is away or empty while it is replaced is read when it is there', async () => {
    const path = join(folder, 'token')
    const waited: number[] = []
    const steps = [() => writeFile(path, ''), () => writeFile(path, 'fresh\n')]
    const secrets = secretReader({}, async (ms) => {
      waited.push(ms)
      await steps.shift()?.()
    })

    const secret = await secrets.read({ file: path })

    expect(secret.reveal()).toBe('fresh')
    expect(waited).toEqual([100, 100])
  })

  it('in a file that stays empty is a fault', async () => {
    const path = join(folder, 'token')
    await writeFile(path, '\n')

    await expect(secretReader({}, async () => {}).read({ file: path })).rejects.toThrow(/is empty$/u)
  })
})
