import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lanesOf, parseConfig, type Lane } from '@saker/core'
import { BareRepository } from '../support/bare-repository.ts'
import type { GitHubDouble } from '../support/github-double/github-double.ts'
import { HostedRepository } from '../support/github-double/hosted-repository.ts'
import type { ChaosOptions } from './chaos-options.ts'
import { renderFleetFile, type FleetFile } from './fleet-file.ts'
import type { SeededRandom } from './seeded-random.ts'

/** A workload that alerts are about. */
export interface ChaosWorkload {
  readonly name: string
  readonly path: string
  /** How many replicas people want of it. */
  readonly wanted: number
}

/** One repository with what is declared in it. */
export interface ChaosLane {
  readonly name: string
  readonly cluster: string
  readonly repository: HostedRepository
  /** Whether Saker reaches it through GitHub's API, where faults can strike, or with the git program. */
  readonly host: 'github' | 'git'
  /** As the first commit has them. */
  readonly files: readonly FleetFile[]
  readonly firstCommit: string
  readonly workloads: readonly ChaosWorkload[]
  /** What Saker makes of it. */
  readonly queue: Lane
}

/** Everything that a run's Saker is configured with. */
export interface Fleet {
  readonly lanes: readonly ChaosLane[]
  readonly configFile: string
  /** Secrets that the config names. */
  readonly env: Readonly<Record<string, string>>
}

/** How long Saker takes alerts of one workload for the same, in milliseconds. */
export const DEDUPE_MS = 1000

const WORKLOADS_PER_FILE = 4

/** A file that nobody ever touches, and one that people only write. */
export const OTHER_FILES = {
  'README.md': '# fleet\n\nWhat runs in the cluster.\n',
  'NOTES.md': 'revision 0\n',
} as const

/** The token of one repository. Each has its own: GitHub lets one credential write 500 times an hour, less than a run does. */
export function tokenOf(index: number): string {
  return `github_pat_chaos${String(index).padStart(10, '0')}`
}

function tokenVariableOf(name: string): string {
  return `CHAOS_TOKEN_${name.replaceAll('-', '_').toUpperCase()}`
}

/** Makes the repositories, hosts them and writes the config. */
export async function makeFleet(
  options: ChaosOptions,
  { double, folder, random }: { readonly double: GitHubDouble; readonly folder: string; readonly random: SeededRandom },
): Promise<Fleet> {
  const made = await Promise.all(
    Array.from({ length: options.lanes }, (_, index) => makeLane(index, options, { double, random })),
  )
  const config = writtenConfig(made, double.apiUrl)
  const parsed = parseConfig(config)
  if ('faults' in parsed) throw new Error(`the config of the run is not valid: ${JSON.stringify(parsed.faults)}`)
  const queues = lanesOf(parsed.config, false)
  const lanes = made.map((lane): ChaosLane => {
    const queue = queues.find(({ repository }) => repository === lane.name)
    if (queue === undefined) throw new Error(`the config of the run has no lane for ${lane.name}`)
    return Object.assign(lane, { queue })
  })
  const configFile = join(folder, 'saker.yaml')
  await writeFile(configFile, JSON.stringify(config, undefined, 2))
  const env = Object.fromEntries(lanes.map(({ name }, index) => [tokenVariableOf(name), tokenOf(index)]))
  return { lanes, configFile, env }
}

async function makeLane(
  index: number,
  { workloads: count, lanes, git }: ChaosOptions,
  { double, random }: { readonly double: GitHubDouble; readonly random: SeededRandom },
): Promise<Omit<ChaosLane, 'queue'>> {
  const names = Array.from({ length: Math.ceil((count - index) / lanes) }, (_, at) => `web-${index}-${at}`)
  const files: FleetFile[] = []
  for (let at = 0; at < names.length; at += WORKLOADS_PER_FILE) {
    const declared = names
      .slice(at, at + WORKLOADS_PER_FILE)
      .map((name) => ({ name, replicas: random.between(1, 9), revision: 0 }))
    // Executable files cannot be committed with one mutation, so that commits through the Git Data API happen too.
    const mode = files.length % 2 === 1 ? '100755' : '100644'
    files.push({ path: `apps/team-${files.length}/workloads.yaml`, mode, declared })
  }
  const manifests = files.map((file) => [file.path, { content: renderFleetFile(file), mode: file.mode }] as const)
  const origin = await BareRepository.create({ ...OTHER_FILES, ...Object.fromEntries(manifests) })
  const name = `fleet-${index}`
  const host = git && index % 4 === 3 ? 'git' : 'github'
  const full = `chaos/${name}`
  const repository = host === 'github' ? double.host(full, origin) : new HostedRepository(full, origin)
  const firstCommit = (await origin.head()) ?? ''
  const workloads = files.flatMap(({ path, declared }) =>
    declared.map(({ name: workload, replicas }) => ({ path, name: workload, wanted: replicas })),
  )
  return { name, cluster: `cluster-${index}`, repository, host, files, firstCommit, workloads }
}

/** Short times, so that a run of minutes sees what otherwise takes hours. */
function writtenConfig(lanes: readonly Omit<ChaosLane, 'queue'>[], apiUrl: string): object {
  const repositories = lanes.map(({ name, cluster, host, repository }) => {
    const place =
      host === 'github'
        ? {
            github: { owner: repository.owner, repository: repository.name, apiUrl },
            auth: { tokenFrom: { env: tokenVariableOf(name) } },
          }
        : { git: { url: `file://${repository.origin.path}` } }
    return [name, { ...place, branch: 'main', delivery: 'commit', clusters: { [cluster]: { paths: ['./apps'] } } }]
  })
  return {
    version: 1,
    repositories: Object.fromEntries(repositories),
    responses: [
      {
        name: 'contain-shells',
        match: { alertRules: ['Terminal shell in container'] },
        actions: [{ contain: {} }],
      },
    ],
    // People set values back so that there is always something to contain again, and nothing may be left undone here.
    guard: { maxWorkloads: { count: 1_000_000 }, maxAge: '1d', muteFor: '0s' },
    dedupe: { window: `${DEDUPE_MS}ms` },
    coalesce: { quiet: '50ms', max: '300ms' },
  }
}
