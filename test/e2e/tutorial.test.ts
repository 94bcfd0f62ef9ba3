import { createHmac } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { parseResponseLines } from '@saker/core'
import { TUTORIAL_ALERT } from '@saker/demo'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { BareRepository } from '../support/bare-repository.ts'
import { DOUBLE_TOKEN, startGitHubDouble } from '../support/github-double/github-double.ts'
import { redisAvailable } from '../support/redis-server.ts'
import { runSaker, type EndedCommand } from '../support/run-saker.ts'
import { afterThisTest, startSaker, temporaryFolder, type RunningSaker } from '../support/saker.ts'
import { commandsOf, marksIn, pageWith, TUTORIAL_PAGE } from '../support/tutorial.ts'

const USER = 'octocat'
const page = (): string => readFileSync(TUTORIAL_PAGE, 'utf8')

/** What `flux bootstrap` writes, without the controllers themselves. */
function bootstrapped(url: string): Readonly<Record<string, string>> {
  return {
    'clusters/my-cluster/flux-system/gotk-components.yaml':
      'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: flux-system\n',
    'clusters/my-cluster/flux-system/gotk-sync.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: flux-system
  namespace: flux-system
spec:
  interval: 1m0s
  ref:
    branch: main
  secretRef:
    name: flux-system
  url: ${url}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: flux-system
  namespace: flux-system
spec:
  interval: 10m0s
  path: ./clusters/my-cluster
  prune: true
  sourceRef:
    kind: GitRepository
    name: flux-system
`,
    'clusters/my-cluster/flux-system/kustomization.yaml':
      'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- gotk-components.yaml\n- gotk-sync.yaml\n',
  }
}

/** Runs the page's commands as a reader does: git is real, and the programs that need a cluster write down how they are called. */
async function follow(commands: string, repository: BareRepository): Promise<readonly (readonly string[])[]> {
  const folder = await temporaryFolder()
  const calls = join(folder, 'calls')
  await mkdir(join(folder, 'bin'))
  for (const program of ['minikube', 'docker', 'flux', 'kubectl']) {
    const path = join(folder, 'bin', program)
    await writeFile(path, `#!/bin/sh\n{ printf '%s\\t' ${program} "$@"; echo; } >>'${calls}'\n`)
    await chmod(path, 0o755)
  }
  const copy = await BareRepository.create({ 'README.md': 'Saker\n' })
  afterThisTest(() => copy.remove())
  const rewritten = [
    [`url.file://${repository.path}.insteadOf`, `https://github.com/${USER}/fleet-infra`],
    [`url.file://${copy.path}.insteadOf`, `https://github.com/${USER}/saker`],
    ['user.name', 'A Reader'],
    ['user.email', 'reader@example.test'],
  ]
  const configured = rewritten.flatMap(([key = '', value = ''], at) => [
    [`GIT_CONFIG_KEY_${at}`, key],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ])
  const script = commands
    .replace(/^git clone .*\/saker$/mu, '$&\ncp -R "$EXAMPLES" saker/examples')
    .replaceAll(/^export \w+=.*$/gmu, '')
  await execa('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: {
      ...Object.fromEntries(configured),
      PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
      GIT_CONFIG_COUNT: String(rewritten.length),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GITHUB_USER: USER,
      SAKER_GITHUB_TOKEN: DOUBLE_TOKEN,
      EXAMPLES: resolve(import.meta.dirname, '../../examples'),
    },
  })
  return (await readFile(calls, 'utf8')).split('\t\n').map((line) => line.split('\t'))
}

/** The keys and values of a Secret that the commands make. */
function secretIn(calls: readonly (readonly string[])[], name: string): Readonly<Record<string, string>> {
  const made = calls.find((call) => call.includes('secret') && call.includes(name)) ?? []
  const literals = made.filter((word) => word.startsWith('--from-literal=')).map((word) => word.slice(15))
  return Object.fromEntries(
    literals.map((literal) => [literal.split('=', 1)[0] ?? '', literal.replace(/^[^=]*=/u, '')]),
  )
}

/** Stands for the webhook receiver of Flux. */
async function receiver(): Promise<{
  readonly origin: string
  readonly called: Promise<{ path: string; signature: string; body: string }>
}> {
  const { promise: called, resolve: tell } = Promise.withResolvers<{ path: string; signature: string; body: string }>()
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      tell({ path: request.url ?? '', signature: String(request.headers['x-signature']), body })
      response.end()
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  afterThisTest(() => new Promise((closed) => server.close(closed)))
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, called }
}

/** The repository after steps 2 to 4 of the page, and Saker with the config and the Secret that these made. */
async function upToTheAlert() {
  const double = await startGitHubDouble()
  afterThisTest(() => double.close())
  const repository = await BareRepository.create(bootstrapped(`${double.apiUrl}/${USER}/fleet-infra.git`))
  afterThisTest(() => repository.remove())
  double.host(`${USER}/fleet-infra`, repository)
  const calls = await follow(commandsOf(page(), 1, 2, 3, 4), repository)
  const flux = await receiver()
  const tokens = secretIn(calls, 'saker-tokens')
  const { pathname } = new URL(tokens['FLUX_RECEIVER_URL'] ?? '')
  const env = { ...tokens, FLUX_RECEIVER_URL: `${flux.origin}${pathname}` }
  const release = parse(await repository.read('saker/release.yaml')) as { spec: { values: { config: SakerConfig } } }
  const { config } = release.spec.values
  // The double is not at the address of GitHub; everything else is as the reader has it.
  config.repositories.fleet.github['apiUrl'] = double.apiUrl
  const file = join(await temporaryFolder(), 'saker.yaml')
  await writeFile(file, stringify(config))
  const saker = await startSaker(['up', '--config', file], env)
  return { saker, repository, calls, tokens, flux, config: file, env, pathname }
}

interface SakerConfig {
  readonly repositories: { readonly fleet: { readonly github: Record<string, string> } }
}

/** The alert, as Falcosidekick's webhook sends it with the values of the page. */
async function sendAlert({ ingest }: RunningSaker, token: string): Promise<Response> {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Falcosidekick',
    authorization: `Bearer ${token}`,
  }
  return fetch(ingest, { method: 'POST', headers, body: `${TUTORIAL_ALERT}\n` })
}

/** A command of the page that is run in a pod, with the config of this test. */
async function inPod(command: string, config: string, env: Readonly<Record<string, string>>): Promise<EndedCommand> {
  const words = command
    .replaceAll('\\\n', '')
    .replace(/^.* -- saker /u, '')
    .replace('/etc/saker/config/saker.yaml', config)
  return runSaker(
    Array.from(words.matchAll(/'([^']*)'|(\S+)/gu), ([, quoted, bare]) => quoted ?? bare ?? ''),
    { env },
  )
}

function commandWith(step: number, words: string): string {
  const found = commandsOf(page(), step)
    .replaceAll('\\\n', '')
    .split('\n')
    .find((line) => line.includes(words))
  if (found === undefined) throw new Error(`step ${step} of the page has no ${words}`)
  return found
}

/** The same at every run: ids, commits, addresses and times are those of one run, the author is the reader. */
function steady(text: string): string {
  return text
    .replaceAll(/\b[0-9a-hjkmnp-tv-z]{18}\b/gu, '01kbayw4q2x7m3c9zt')
    .replaceAll(/\b[0-9a-f]{40}\b/gu, '3f1c7a90d2b84e6f5a1c0b9d8e7f6a5b4c3d2e1f')
    .replaceAll(/\b[0-9a-f]{12}$/gmu, '3f1c7a90d2b8')
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/gu, 'https://github.com')
    .replaceAll(USER, 'your-name')
    .replaceAll(/^Author: .*$/gmu, 'Author: your-name <your-name@users.noreply.github.com>')
    .replaceAll(/^Date: .*$/gmu, 'Date:   Thu Nov 26 22:10:07 2026 +0000')
    .replaceAll(/^index .*$/gmu, 'index 7c2e1b4..e09d5a8 100644')
    .replaceAll(/\b20(?!21)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/gu, '2026-11-26T22:10:07.000Z')
    .replaceAll(/[ ]+$/gmu, '')
}

describe.skipIf(!redisAvailable)('docs/tutorial.md, followed', () => {
  it(
    'ends in the commit, the call and the undo that it shows (SAKER_UPDATE_GOLDENS=1 writes them)',
    { timeout: 180_000 },
    async () => {
      const { saker, repository, calls, tokens, flux, config, env, pathname } = await upToTheAlert()
      const before = await repository.read('apps/alpine.yaml')

      const answer = await sendAlert(saker, secretIn(calls, 'saker-ingest-token')['token'] ?? '')
      const settled = await saker.settled()
      const called = await flux.called

      expect([answer.status, settled['outcome'], settled['path']]).toEqual([202, 'committed', 'apps/alpine.yaml'])
      expect(await repository.read('apps/alpine.yaml')).toBe(before.replace('replicas: 2 ', 'replicas: 0 '))
      const { token = '' } = secretIn(calls, 'saker-receiver')
      expect(called).toEqual({
        path: pathname,
        signature: `sha256=${createHmac('sha256', token).update(called.body).digest('hex')}`,
        body: called.body,
      })
      expect(tokens['FLUX_RECEIVER_TOKEN']).toBe(token)
      const [line] = parseResponseLines(await repository.message())
      const commit = await repository.git(['log', '-1', '--patch', 'main'])
      const [checked, history] = await Promise.all([
        inPod(commandWith(5, 'saker check'), config, env),
        inPod(commandWith(7, 'saker history'), config, env),
      ])
      const undone = await inPod(commandWith(8, 'saker undo').replace('ID', line?.id ?? ''), config, env)
      expect(checked).toMatchObject({ exitCode: 0 })
      expect(await repository.read('apps/alpine.yaml')).toBe(before)

      const outputs: Readonly<Record<string, string>> = { commit, history: history.stdout, undo: undone.stdout }
      const fresh = pageWith(
        page(),
        'output',
        (what) => `\`\`\`text\n${steady(outputs[what] ?? '').trimEnd()}\n\`\`\`\n`,
      )
      if (process.env['SAKER_UPDATE_GOLDENS'] === '1') writeFileSync(TUTORIAL_PAGE, fresh)
      expect(page()).toBe(fresh)
      expect(marksIn(fresh, 'output')).toEqual(Object.keys(outputs))
    },
  )
})
