import { parseConfig, silentLog, type Config, type ResponseJob } from '@saker/core'
import { expect, it } from 'vitest'
import { MemoryGuard } from '../../../../test/support/memory-guard.ts'
import { MemoryHost } from '../../../../test/support/memory-host.ts'
import { BranchMemory } from '../branch-memory.ts'
import { Layouts } from '../layouts.ts'
import { respond } from '../respond.ts'
import { readLedger } from './ledger.ts'
import { undo } from './undo.ts'

const { signal } = new AbortController()

const deployment = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: default } # ${name}
spec:
  replicas: 3
  selector: { matchLabels: { app: ${name} } }
  template: { metadata: { labels: { app: ${name} } }, spec: { containers: [{ name: ${name}, image: "a:1" }] } }
`

/** Repositories whose workloads are edited in different layers. */
const LAYOUTS: Readonly<Record<string, Record<string, string>>> = {
  'loose manifests': { 'web.yaml': deployment('web'), 'api.yaml': deployment('api') },
  'one file of several documents': { 'all.yaml': `# all\n---\n${deployment('web')}---\n${deployment('api')}` },
  'a base under two overlays': {
    'base/web.yaml': deployment('web'),
    'base/api.yaml': deployment('api'),
    'base/kustomization.yaml': 'resources: [web.yaml, api.yaml]\n',
    'prod/kustomization.yaml': 'resources:\n  - ../base   # shared\n',
    'test/kustomization.yaml': 'resources:\n- ../base\nnamespace: test\n',
  },
  'a bare Pod': {
    'web.yaml':
      'apiVersion: v1\nkind: Pod\nmetadata: { name: web-77789455d6-m7flp, namespace: default }\nspec: { containers: [] }\n',
    'api.yaml': deployment('api'),
  },
}

const ACTIONS: Readonly<Record<string, readonly object[]>> = {
  contain: [{ contain: {} }],
  isolate: [{ isolate: {} }],
  'contain, label and annotate': [{ contain: {} }, { label: { 'saker.dev/x': 'y' } }, { annotate: { a: 'b' } }],
}

function configOf(actions: readonly object[]): Config {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'file:///fleet' }, delivery: 'commit' } },
    responses: [{ name: 'stop', match: {}, actions }],
    guard: {},
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config
}

function job(name: string): ResponseJob {
  return {
    version: 1,
    id: `r-${name}`,
    response: 'stop',
    cluster: 'default',
    sighting: { namespace: 'default', podName: `${name}-77789455d6-m7flp` },
    alert: JSON.stringify({ rule: 'Terminal shell', priority: 'Notice', time: '2021-06-13T19:35:58Z' }),
    receivedAt: 1000,
    fingerprint: name,
  }
}

/** Has a burst of one commit carried out, and gives the branch with the ids of what was committed. */
async function committed(
  files: Record<string, string>,
  config: Config,
): Promise<{ host: MemoryHost; ids: readonly string[] }> {
  const host = new MemoryHost(files)
  const outcomes = await respond(
    { jobs: [job('web'), job('api')], recovering: false, signal },
    {
      host,
      guard: new MemoryGuard(),
      memory: new BranchMemory(),
      config,
      repository: 'fleet',
      delivery: 'commit',
      readNeighbour: async ({ name }) => Promise.reject(new Error(`nobody reads ${name}`)),
      layouts: new Layouts(),
      log: silentLog,
      observe: { conflict: () => undefined, committed: () => undefined },
      wait: async () => {},
      now: () => 1000,
      random: () => 0.5,
    },
  )
  const ids = [...outcomes].flatMap(([id, { outcome }]) => (outcome === 'committed' ? [id] : []))
  return { host, ids }
}

const CASES = Object.keys(LAYOUTS).flatMap((layout) =>
  Object.keys(ACTIONS).map((actions) => [actions, layout] as const),
)

it.each(CASES)(
  'undo takes back %s in %s, one response after the other, to the very first bytes',
  async (actions, layout) => {
    const files = LAYOUTS[layout] ?? {}
    const config = configOf(ACTIONS[actions] ?? [])
    const { host, ids } = await committed(files, config)
    const after = { ...host.tip.files }

    for (const id of ids) {
      const request = { id, all: false, dryRun: false, signal }
      const deps = { host, config, wait: async () => {}, random: () => 0, onProgress: () => undefined }
      expect(await undo(request, deps)).toMatchObject({ kind: 'undone', entries: [{ line: { id } }] })
    }

    expect(ids).not.toEqual([])
    expect(after).not.toEqual(files)
    expect(host.tip.files).toEqual(files)
    const ledger = await readLedger(host, { signal, isEnough: () => false })
    expect(ledger.entries().every(({ undoneBy }) => undoneBy !== undefined)).toBe(true)
  },
)
