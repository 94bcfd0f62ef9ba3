import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cloudEventHeaders } from '@saker/demo'
import { BareRepository } from './bare-repository.ts'
import { DOUBLE_TOKEN, startGitHubDouble } from './github-double/github-double.ts'
import { afterThisTest, temporaryFolder } from './saker.ts'

/** How large the load is. */
interface LoadSize {
  /** Workloads that it is about. */
  readonly workloads: number
  /** How many of them may be stopped. */
  readonly cap: number
}

/** How many requests are under way at once. */
const SENDERS = 16

const SMALL: LoadSize = { workloads: 20, cap: 12 }

/** What every text of the load that a sender may choose has in it. */
export const CHOSEN_BY_SENDERS = 'hostile-text'

const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789'

/** The token that the load is sent with. */
const LOAD_TOKEN = 'a-token-of-the-load'

/** Files of the repository that the load is about: some Deployments, and one in a protected namespace. */
function loadedFiles(workloads: number): Readonly<Record<string, string>> {
  const apps = Array.from({ length: workloads }, (_, index) => [
    `apps/app-${index}.yaml`,
    manifest(`app-${index}`, 'default'),
  ])
  return { ...Object.fromEntries(apps), 'apps/dns.yaml': manifest('dns', 'kube-system') } as Record<string, string>
}

function manifest(name: string, namespace: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  replicas: 3 # zones
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: app, image: "alpine:3.22" }] }
`
}

/** The config of two clusters, one declared on GitHub and one in a plain repository, with overlapping responses. */
function loadedConfig({
  apiUrl,
  edge,
  cap,
}: {
  readonly apiUrl: string
  readonly edge: string
  readonly cap: number
}): string {
  return `version: 1
repositories:
  fleet:
    github: { owner: acme, repository: fleet, apiUrl: "${apiUrl}" }
    auth: { tokenFrom: { env: GITHUB_TOKEN } }
    delivery: commit
    clusters: { prod: {} }
  edge:
    git: { url: "file://${edge}" }
    delivery: observe
    clusters: { edge: {} }
responses:
  - name: mark-binaries
    match: { alertRules: [Drop and execute new binary in container] }
    actions: [{ label: { saker.dev/suspect: "true" } }, { annotate: { saker.dev/why: binary } }]
    continue: true
  - name: contain
    match: { alertRules: [Terminal shell in container, Drop and execute*] }
    actions: [{ contain: {} }]
guard: { maxWorkloads: { count: ${cap}, per: 1h, otherwise: hold } }
coalesce: { quiet: 100ms, max: 500ms }
ingest:
  tokens: [{ name: sidekick, tokenFrom: { env: SAKER_INGEST_TOKEN } }]
`
}

/** What the load is about: the repositories, a config that names them, and the environment that it asks for. Ends with the test. */
export async function loadedWorld({ workloads, cap } = SMALL): Promise<{
  readonly config: string
  readonly env: Readonly<Record<string, string>>
  readonly fleet: BareRepository
}> {
  const double = await startGitHubDouble()
  afterThisTest(() => double.close())
  const [fleet, edge] = await Promise.all([
    BareRepository.create(loadedFiles(workloads)),
    BareRepository.create(loadedFiles(workloads)),
  ])
  for (const origin of [fleet, edge]) afterThisTest(() => origin.remove())
  double.host('acme/fleet', fleet)
  const config = join(await temporaryFolder(), 'saker.yaml')
  await writeFile(config, loadedConfig({ apiUrl: double.apiUrl, edge: edge.path, cap }))
  return { config, env: { GITHUB_TOKEN: DOUBLE_TOKEN, SAKER_INGEST_TOKEN: LOAD_TOKEN }, fleet }
}

/** One request of the load. */
interface LoadRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** How many alerts it holds. */
  readonly alerts: number
}

const JSON_TYPE = { 'content-type': 'application/json' }
const SIDEKICK = { ...JSON_TYPE, 'user-agent': 'Falcosidekick' }

/** The n-th request: shells and dropped binaries in pods of the repository, and every tenth something that is not answered. */
function loadRequest(n: number, workloads: number): LoadRequest {
  const place = n % 5 === 4 ? 'edge' : 'prod'
  const path = `/clusters/${place}`
  const kind = n % 10
  const pod = `app-${n % workloads}`
  if (kind === 9) return oddRequest(Math.floor(n / 10), path)
  if (kind === 8) return request(path, SIDEKICK, alert(n, { pod: `ghost-${n % 40}` }))
  if (kind === 6) {
    const binary = { ...cloudEventHeaders(crypto.randomUUID()), 'ce-rule': 'Drop and execute new binary in container' }
    return request(path, binary, alert(n, { pod, rule: 'Drop and execute new binary in container' }))
  }
  // Falco itself names no uuid.
  return kind === 3
    ? request(path, JSON_TYPE, alert(n, { pod }).replace(/"uuid":"[^"]*",/u, ''))
    : request(path, SIDEKICK, alert(n, { pod }))
}

/** What is ignored or refused, and what a guard keeps from being done. */
function oddRequest(n: number, path: string): LoadRequest {
  const unmatched = alert(n, { rule: `${CHOSEN_BY_SENDERS} ${n}` })
  const batch = [unmatched, unmatched].map((data) => ({
    specversion: '1.0',
    id: crypto.randomUUID(),
    source: CHOSEN_BY_SENDERS,
    type: 'falco.rule.output.v1',
    data: JSON.parse(data) as unknown,
  }))
  const kinds: readonly LoadRequest[] = [
    request(path, SIDEKICK, unmatched),
    { ...request(path, { 'content-type': 'application/cloudevents-batch+json' }, JSON.stringify(batch)), alerts: 2 },
    request(path, { 'content-type': 'application/cloudevents+json' }, JSON.stringify(batch[0])),
    request(path, { ...SIDEKICK, authorization: 'Bearer wrong' }, unmatched),
    request(`/clusters/${CHOSEN_BY_SENDERS}`, SIDEKICK, unmatched),
    request(path, SIDEKICK, `{"rule": "${CHOSEN_BY_SENDERS}`),
    request(path, SIDEKICK, alert(n, { rule: 'Test rule' })),
    request(path, SIDEKICK, alert(n, { pod: null })),
    request('/clusters/prod', SIDEKICK, alert(n, { pod: 'dns', namespace: 'kube-system' })),
  ]
  const chosen = kinds[n % kinds.length]
  if (chosen === undefined) throw new Error('unreachable')
  return chosen
}

function request(path: string, headers: Readonly<Record<string, string>>, body: string): LoadRequest {
  return { path, headers: { authorization: `Bearer ${LOAD_TOKEN}`, ...headers }, body, alerts: 1 }
}

/** An alert of the n-th pod; every one differs in pod, time and process. Without a `pod` it is about the host. */
function alert(
  n: number,
  {
    rule = 'Terminal shell in container',
    pod = 'app-0',
    namespace = 'default',
  }: { readonly rule?: string; readonly pod?: string | null; readonly namespace?: string } = {},
): string {
  const suffix = Array.from({ length: 5 }, (_, at) => SUFFIX[Math.floor(n / 27 ** at) % 27]).join('')
  const place = pod === null ? {} : { 'k8s.ns.name': namespace, 'k8s.pod.name': `${pod}-77789455d6-${suffix}` }
  return JSON.stringify({
    uuid: crypto.randomUUID(),
    output: `${CHOSEN_BY_SENDERS} pid=${n}`,
    priority: 'Critical',
    rule,
    time: `2026-11-26T10:00:${String(n % 60).padStart(2, '0')}.${String(n).padStart(9, '0')}Z`,
    output_fields: { ...place, 'proc.cmdline': CHOSEN_BY_SENDERS },
    source: 'syscall',
    tags: ['container', CHOSEN_BY_SENDERS],
  })
}

/** Sends requests of the load, several at a time, and counts alerts by what was answered. */
export async function sendLoad(
  ingest: string,
  {
    from = 0,
    count,
    workloads = SMALL.workloads,
  }: { readonly from?: number; readonly count: number; readonly workloads?: number },
): Promise<Readonly<Record<string, number>>> {
  const answered: Record<string, number> = {}
  let next = from
  const send = async (): Promise<void> => {
    while (next < from + count) {
      const { path, headers, body, alerts } = loadRequest(next++, workloads)
      const answer = await fetch(ingest + path, { method: 'POST', headers, body })
      await answer.arrayBuffer()
      const result = answer.headers.get('saker-result') ?? String(answer.status)
      answered[result] = (answered[result] ?? 0) + alerts
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, send))
  return answered
}
