/**
 * Measures a burst from outside: N alerts over W workloads of one repository, sent as fast as `saker up` takes them, until
 * every workload is contained. Prints commits, requests to GitHub and times; exits 1 unless everything is contained within
 * the limits.
 *
 *   npx -y pnpm bench [--alerts 10000] [--workloads 50] [--per-file 1] [--max-commits 2] [--max-requests 5]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SakerProcess } from '@saker/demo'
import { BareRepository } from '../support/bare-repository.ts'
import { DOUBLE_TOKEN, startGitHubDouble } from '../support/github-double/github-double.ts'

const { values } = parseArgs({
  options: {
    alerts: { type: 'string', default: '10000' },
    workloads: { type: 'string', default: '50' },
    'per-file': { type: 'string', default: '1' },
    'max-commits': { type: 'string', default: '2' },
    'max-requests': { type: 'string', default: '5' },
  },
})
const alerts = Number(values.alerts)
const workloads = Number(values.workloads)
const perFile = Number(values['per-file'])
const SENDERS = 64

function manifest(index: number): string {
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-${index}\n  namespace: default\nspec:\n  replicas: 3 # zones\n  selector: { matchLabels: { app: app-${index} } }\n`
}

function files(): Record<string, string> {
  const texts: Record<string, string> = {}
  for (let first = 0; first < workloads; first += perFile) {
    const last = Math.min(first + perFile, workloads)
    texts[`apps/file-${first}.yaml`] = Array.from({ length: last - first }, (_, at) => manifest(first + at)).join(
      '---\n',
    )
  }
  return texts
}

const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789'

/** An alert of the n-th pod; every one differs in pod, time and process. */
function alertOf(n: number): string {
  const suffix = Array.from({ length: 5 }, (_, at) => SUFFIX[Math.floor(n / 27 ** at) % 27]).join('')
  const pod = `app-${n % workloads}-77789455d6-${suffix}`
  const second = String(n % 60).padStart(2, '0')
  return `{"uuid":"${crypto.randomUUID()}","output":"a shell in ${pod} pid=${n}","priority":"Notice","rule":"Terminal shell in container","time":"2026-11-23T10:00:${second}.${String(n).padStart(9, '0')}Z","output_fields":{"evt.time":${1_700_000_000_000_000_000n + BigInt(n)},"k8s.ns.name":"default","k8s.pod.name":"${pod}","proc.cmdline":"sh -c ${n}"},"source":"syscall","tags":["container"]}`
}

async function sendAll(url: string): Promise<Record<string, number>> {
  const results: Record<string, number> = {}
  let next = 0
  const sender = async (): Promise<void> => {
    while (next < alerts) {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: alertOf(next++),
      })
      const result = `${answer.status} ${answer.headers.get('saker-result')}`
      results[result] = (results[result] ?? 0) + 1
      await answer.body?.cancel()
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
  return results
}

/** As the drop-in flags have it, but with room for every workload under the guard's cap. */
function configFor(apiUrl: string): object {
  const github = { owner: 'acme', repository: 'fleet', apiUrl }
  return {
    version: 1,
    repositories: { fleet: { github, auth: { tokenFrom: { env: 'GITHUB_TOKEN' } }, delivery: 'commit' } },
    responses: [
      { name: 'contain', match: { alertRules: ['Terminal shell in container'] }, actions: [{ contain: {} }] },
    ],
    guard: { maxWorkloads: { count: workloads } },
  }
}

async function main(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'saker-burst-'))
  const origin = await BareRepository.create(files())
  const double = await startGitHubDouble()
  double.host('acme/fleet', origin)
  const config = join(folder, 'saker.yaml')
  await writeFile(config, JSON.stringify(configFor(double.apiUrl)))
  const flags = ['--config', config, '--data-dir', folder]
  const saker = new SakerProcess({
    args: ['up', ...flags, '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'],
    env: { GITHUB_TOKEN: DOUBLE_TOKEN },
  })
  try {
    const ready = await saker.line('ready', ({ msg }) => msg === 'saker is ready')
    const from = performance.now()
    const results = await sendAll(ready['ingest'] as string)
    const sentMs = performance.now() - from
    const contained = async (): Promise<number> => {
      const grep = await origin.git(['grep', '-h', '-c', 'replicas: 0 # zones', 'main', '--', 'apps']).catch(() => '')
      return grep.split('\n').reduce((sum, line) => sum + Number(line || 0), 0)
    }
    const deadline = performance.now() + 120_000
    while ((await contained()) < workloads && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 100))
    const doneMs = performance.now() - from
    const commits = (await origin.log()).length - 1
    const stopped = await contained()
    console.log({
      alerts,
      workloads,
      perFile,
      results,
      sentMs: Math.round(sentMs),
      perSecond: Math.round((alerts / sentMs) * 1000),
      doneMs: Math.round(doneMs),
      commits,
      requests: double.requests.length,
      stopped,
    })
    console.log(saker.lines.filter(({ msg }) => msg === 'commit made'))
    return (
      stopped === workloads &&
      commits <= Number(values['max-commits']) &&
      double.requests.length <= Number(values['max-requests'])
    )
  } finally {
    await saker.stop()
    await double.close()
    await origin.remove()
    await rm(folder, { recursive: true, force: true })
  }
}

process.exitCode = (await main()) ? 0 : 1
