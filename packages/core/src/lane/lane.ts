import { createHash } from 'node:crypto'
import type { GitHubLocation, GitLocation, Repository } from '../config/config.ts'
import type { Delivery } from '../response/response.ts'
import { decodePercent } from '../text/decode-percent.ts'

/** The unit that is serialised: one repository, one branch, one way of delivery. */
export interface Lane {
  /** Identity: normalised URL, branch and delivery. */
  readonly key: string
  /** The key as a name for queues, logs and metrics: `[a-z0-9._-]`, readable, and distinct for distinct keys. */
  readonly slug: string
  /** Name of the repository in the config. */
  readonly repository: string
  readonly delivery: Delivery
}

/**
 * One spelling for the many URLs of a repository: host and path without scheme, user, port of the scheme, `.git` and
 * trailing slashes. github.com compares owners and names without regard to case; other servers may not.
 */
export function normalisedUrl(location: GitHubLocation | GitLocation): string {
  if (location.kind === 'github') {
    const host = new URL(location.apiUrl).host.replace(/^api\./u, '')
    return `${host}/${location.owner}/${location.repository}`.toLowerCase()
  }
  const url = new URL(location.url)
  const path = decodePercent(url.pathname)
    .replaceAll(/\/{2,}/gu, '/')
    .replace(/\/$/u, '')
    .replace(/\.git$/u, '')
  if (url.protocol === 'file:') return `file:${path}`
  // URL itself drops the default port of http and https, but knows none for ssh
  const host = url.host.toLowerCase().replace(url.protocol === 'ssh:' ? /:22$/u : /^$/u, '')
  return host === 'github.com' ? `${host}${path}`.toLowerCase() : `${host}${path}`
}

/** Ingest asks for each alert; a config never changes, a new one brings repositories of its own. */
const lanes = new WeakMap<Repository, Map<Delivery, Lane>>()

/** The lane that serves a repository under a delivery. */
export function laneOf(repository: Repository, delivery: Delivery): Lane {
  const known = lanes.get(repository) ?? new Map<Delivery, Lane>()
  lanes.set(repository, known)
  const lane = known.get(delivery) ?? makeLane(repository, delivery)
  known.set(delivery, lane)
  return lane
}

function makeLane(repository: Repository, delivery: Delivery): Lane {
  const key = `${normalisedUrl(repository.location)}#${repository.branch}#${delivery}`
  const readable = key
    .replace(/#commit$/u, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._]+/gu, '-')
    .replaceAll(/^-+|-+$/gu, '')
    .slice(-60)
  const slug = `${readable}-${createHash('sha256').update(key).digest('hex').slice(0, 6)}`
  return { key, slug, repository: repository.name, delivery }
}
