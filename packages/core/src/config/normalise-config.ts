import { parseDurationMs } from '../text/duration.ts'
import type {
  AccessToken,
  CommitAuthor,
  Config,
  Guard,
  Notification,
  Pin,
  PullRequestSettings,
  Repository,
  RepositoryAuth,
} from './config.ts'
import { normaliseResponse } from './normalise-response.ts'
import type { WrittenConfig } from './written-config.ts'
import type { WrittenRepository } from './written-repository.ts'

/** Namespaces whose workloads keep a cluster alive; protected unless `guard.unprotectNamespaces` names them. */
const ALWAYS_PROTECTED = ['kube-system', 'kube-public', 'kube-node-lease', 'flux-system', 'argocd', 'falco'] as const

const DAY_MS = 24 * 3600 * 1000

const GITHUB_API = 'https://api.github.com'

/** Writes out the short forms of a valid config and fills in its defaults. */
export function normaliseConfig(written: WrittenConfig, ownNamespace: string | undefined): Config {
  const { coalesce = {}, outcomes = {}, commit = {}, ingest = {}, admin = {} } = written
  const author = commit.author === undefined ? undefined : authorOf(commit.author)
  return {
    repositories: Object.entries(written.repositories).map(([name, repository]) =>
      normaliseRepository(name, repository),
    ),
    responses: written.responses.map(normaliseResponse),
    guard: normaliseGuard(written.guard, ownNamespace),
    dedupe: { windowMs: durationMs(written.dedupe?.window, 60_000) },
    outcomes: {
      keepMs: durationMs(outcomes.keep, 7 * DAY_MS),
      keepFailedMs: durationMs(outcomes.keepFailed, 30 * DAY_MS),
    },
    coalesce: { quietMs: durationMs(coalesce.quiet, 200), maxMs: durationMs(coalesce.max, 2000) },
    commit: {
      ...(author === undefined ? {} : { author }),
      signOff: commit.signOff ?? false,
      includeFields: commit.includeFields ?? [],
    },
    ingest: { tokens: (ingest.tokens ?? []) as AccessToken[], allowAnonymous: ingest.allowAnonymous ?? false },
    admin: { tokens: admin.tokens ?? [] },
  }
}

function normaliseGuard(written: WrittenConfig['guard'] = {}, ownNamespace: string | undefined): Guard {
  const { count = 20, per, otherwise = 'hold' } = written.maxWorkloads ?? {}
  const protectedNamespaces = new Set<string>([
    ...ALWAYS_PROTECTED,
    ...(ownNamespace === undefined ? [] : [ownNamespace]),
  ])
  for (const namespace of written.unprotectNamespaces ?? []) protectedNamespaces.delete(namespace)
  for (const namespace of written.protectedNamespaces ?? []) protectedNamespaces.add(namespace)
  return {
    onlyNamespaces: written.onlyNamespaces ?? [],
    protectedNamespaces,
    maxWorkloads: { count, perMs: durationMs(per, 3_600_000), otherwise },
    maxAgeMs: durationMs(written.maxAge, 15 * 60_000),
    muteForMs: durationMs(written.muteFor, 3_600_000),
  }
}

function durationMs(written: string | undefined, defaultMs: number): number {
  return (written === undefined ? undefined : parseDurationMs(written)) ?? defaultMs
}

function authorOf(written: string): CommitAuthor | undefined {
  const [, name, email] = /^([^<>]+) <([^<>]+)>$/u.exec(written) ?? []
  return name === undefined || email === undefined ? undefined : { name: name.trim(), email }
}

/** One repository with its short forms written out. Total: parts that are wrong come out as they can. */
export function normaliseRepository(name: string, written: WrittenRepository): Repository {
  const clusters = written.clusters ?? { default: written }
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
    pullRequest: normalisePullRequest(written.pullRequest),
    clusters: Object.entries(clusters).map(([cluster, place]) => ({
      name: cluster,
      paths: (place.paths ?? ['.']).map(normalisePath),
      ...(place.file === undefined ? {} : { file: normalisePath(place.file) }),
      pins: (place.pins ?? []).map((pin): Pin => ({ ...pin, file: normalisePath(pin.file) })),
      notify: (place.notify ?? []) as Notification[],
    })),
  }
}

function normalisePullRequest(written: WrittenRepository['pullRequest'] = {}): PullRequestSettings {
  const { labels = ['saker'], autoMerge = false, branchPrefix = 'saker/', draft = false } = written
  return { labels, autoMerge, branchPrefix, draft }
}

/** `./clusters/prod/` and `clusters//prod` are `clusters/prod`; the root is the empty path. */
export function normalisePath(path: string): string {
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
