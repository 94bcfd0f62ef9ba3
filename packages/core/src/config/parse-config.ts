import type { z } from 'zod'
import { parsePriorityCondition } from '../alert/priority.ts'
import { laneOf } from '../lane/lane.ts'
import type { Response, ResponseMatch } from '../response/response.ts'
import { parseDurationMs } from '../text/duration.ts'
import type { AccessToken, CommitAuthor, Config, Repository, RepositoryAuth, RepositoryCluster } from './config.ts'
import { WrittenConfig, type WrittenRepository, type WrittenResponse } from './written-config.ts'

/** One thing wrong in a config: where, as keys and indexes from the top, and what. Never holds a value of the file. */
export interface ConfigFault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** A usable config, or everything that is wrong with it. */
export type ParsedConfig = { readonly config: Config } | { readonly faults: readonly ConfigFault[] }

/** Namespaces whose workloads keep a cluster alive; protected unless `guard.unprotectNamespaces` names them. */
const ALWAYS_PROTECTED = ['kube-system', 'kube-public', 'kube-node-lease', 'flux-system', 'argocd', 'falco'] as const

const DAY_MS = 24 * 3600 * 1000

const GITHUB_API = 'https://api.github.com'

/**
 * Checks a config as parsed from its file and normalises it. All faults are reported together: those of form first; those
 * of sense (two repositories for one lane, a response for an unknown cluster) once the form is right.
 *
 * `ownNamespace` is where Saker itself runs; it is protected too.
 */
export function parseConfig(written: unknown, options: { readonly ownNamespace?: string } = {}): ParsedConfig {
  const parsed = WrittenConfig.safeParse(written)
  if (!parsed.success) return { faults: parsed.error.issues.flatMap(faultsOf) }
  const faults = [...repositoryFaults(parsed.data), ...responseFaults(parsed.data)]
  return faults.length > 0 ? { faults } : { config: normalise(parsed.data, options.ownNamespace) }
}

function faultsOf(issue: z.core.$ZodIssue): ConfigFault[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: 'is not a known key' }))
  return [{ path, message: issue.message }]
}

function repositoryFaults(written: WrittenConfig): ConfigFault[] {
  const faults: ConfigFault[] = []
  const lanes = new Map<string, string>()
  const clusters = new Map<string, string>()
  for (const [name, repository] of Object.entries(written.repositories)) {
    const path = ['repositories', name]
    const locations = [repository.github, repository.git].filter((location) => location !== undefined)
    if (locations.length !== 1) {
      faults.push({ path, message: 'must have exactly one of github and git' })
      continue
    }
    faults.push(...authFaults(repository, [...path, 'auth']))
    if (repository.clusters !== undefined && (repository.paths ?? repository.file ?? repository.notify) !== undefined) {
      faults.push({
        path,
        message: 'has both clusters and paths, file or notify; the latter are short for clusters.default',
      })
    }
    const normal = normaliseRepository(name, repository)
    const { key } = laneOf(normal, 'commit')
    const twin = lanes.get(key)
    if (twin !== undefined)
      faults.push({ path, message: `is the same repository and branch as ${twin}; list its clusters there` })
    lanes.set(key, name)
    for (const cluster of normal.clusters) {
      const other = clusters.get(cluster.name)
      if (other !== undefined)
        faults.push({ path, message: `declares cluster ${cluster.name}, which ${other} declares too` })
      clusters.set(cluster.name, name)
    }
  }
  return faults
}

function authFaults(repository: WrittenRepository, path: string[]): ConfigFault[] {
  const { tokenFrom, app, ssh, username } = repository.auth ?? {}
  const ways = [tokenFrom, app, ssh].filter((way) => way !== undefined)
  if (ways.length > 1) return [{ path, message: 'must have only one of tokenFrom, app and ssh' }]
  if (repository.github !== undefined && (ssh !== undefined || ways.length === 0)) {
    return [{ path, message: 'must have tokenFrom or app for a GitHub repository' }]
  }
  if (repository.git !== undefined && app !== undefined)
    return [{ path, message: 'app works only for a GitHub repository' }]
  return username !== undefined && tokenFrom === undefined
    ? [{ path, message: 'username works only with tokenFrom' }]
    : []
}

function responseFaults(written: WrittenConfig): ConfigFault[] {
  const faults: ConfigFault[] = []
  const names = new Set<string>()
  const known = new Set(
    Object.entries(written.repositories).flatMap(([name, r]) =>
      normaliseRepository(name, r).clusters.map((c) => c.name),
    ),
  )
  for (const [index, response] of written.responses.entries()) {
    const path = ['responses', index]
    if (names.has(response.name))
      faults.push({ path: [...path, 'name'], message: 'is the name of an earlier response too' })
    names.add(response.name)
    for (const [at, cluster] of (response.match.clusters ?? []).entries()) {
      if (!known.has(cluster))
        faults.push({ path: [...path, 'match', 'clusters', at], message: 'is a cluster that no repository declares' })
    }
  }
  return faults
}

function normalise(written: WrittenConfig, ownNamespace: string | undefined): Config {
  const { guard = {}, coalesce = {}, outcomes = {}, commit = {}, ingest = {}, admin = {} } = written
  const protectedNamespaces = new Set<string>([
    ...ALWAYS_PROTECTED,
    ...(ownNamespace === undefined ? [] : [ownNamespace]),
  ])
  for (const namespace of guard.unprotectNamespaces ?? []) protectedNamespaces.delete(namespace)
  for (const namespace of guard.protectedNamespaces ?? []) protectedNamespaces.add(namespace)
  const author = commit.author === undefined ? undefined : authorOf(commit.author)
  return {
    repositories: Object.entries(written.repositories).map(([name, repository]) =>
      normaliseRepository(name, repository),
    ),
    responses: written.responses.map(normaliseResponse),
    guard: { protectedNamespaces },
    dedupe: { windowMs: durationMs(written.dedupe?.window, 60_000) },
    coalesce: { quietMs: durationMs(coalesce.quiet, 200), maxMs: durationMs(coalesce.max, 2000) },
    outcomes: {
      keepMs: durationMs(outcomes.keep, 7 * DAY_MS),
      keepFailedMs: durationMs(outcomes.keepFailed, 30 * DAY_MS),
    },
    commit: {
      ...(author === undefined ? {} : { author }),
      signOff: commit.signOff ?? false,
      includeFields: commit.includeFields ?? [],
    },
    ingest: { tokens: (ingest.tokens ?? []) as AccessToken[], allowAnonymous: ingest.allowAnonymous ?? false },
    admin: { tokens: admin.tokens ?? [] },
  }
}

function durationMs(written: string | undefined, defaultMs: number): number {
  return (written === undefined ? undefined : parseDurationMs(written)) ?? defaultMs
}

function authorOf(written: string): CommitAuthor | undefined {
  const [, name, email] = /^([^<>]+) <([^<>]+)>$/u.exec(written) ?? []
  return name === undefined || email === undefined ? undefined : { name: name.trim(), email }
}

function normaliseRepository(name: string, written: WrittenRepository): Repository {
  const clusters = written.clusters ?? { default: { paths: written.paths, file: written.file, notify: written.notify } }
  return {
    name,
    location:
      written.github === undefined
        ? { kind: 'git', url: written.git?.url ?? '' }
        : {
            kind: 'github',
            owner: written.github.owner,
            repository: written.github.repository,
            apiUrl: written.github.apiUrl ?? GITHUB_API,
          },
    auth: normaliseAuth(written.auth),
    branch: written.branch,
    delivery: written.delivery,
    clusters: Object.entries(clusters).map(([cluster, place]) => ({
      name: cluster,
      paths: (place.paths ?? ['.']).map(normalisePath),
      ...(place.file === undefined ? {} : { file: normalisePath(place.file) }),
      notify: (place.notify ?? []) as RepositoryCluster['notify'],
    })),
  }
}

/** `./clusters/prod/` and `clusters//prod` are `clusters/prod`; the root is the empty path. */
function normalisePath(path: string): string {
  return path
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/')
}

function normaliseAuth(written: WrittenRepository['auth']): RepositoryAuth {
  if (written?.app !== undefined) {
    const { id, installationId, privateKeyFrom } = written.app
    return { kind: 'app', appId: String(id), installationId: String(installationId), privateKeyFrom }
  }
  if (written?.ssh !== undefined) return { kind: 'ssh', ...written.ssh }
  if (written?.tokenFrom === undefined) return { kind: 'none' }
  return {
    kind: 'token',
    tokenFrom: written.tokenFrom,
    ...(written.username === undefined ? {} : { username: written.username }),
  }
}

function normaliseResponse(written: WrittenResponse): Response {
  const { priority, ...conditions } = written.match
  const condition = priority === undefined ? undefined : parsePriorityCondition(priority)
  return {
    name: written.name,
    match: { ...conditions, ...(condition === undefined ? {} : { priority: condition }) } as ResponseMatch,
    actions: written.actions.map(() => ({ action: 'contain' as const })),
    ...(written.delivery === undefined ? {} : { delivery: written.delivery }),
    continue: written.continue ?? false,
  }
}
