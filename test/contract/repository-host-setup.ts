import type { CommitAuthor, FileMode } from '@saker/core'
import type { ChangeSet, Commit, Edit, Head, RepositoryHost } from '@saker/engine'
import { onTestFinished } from 'vitest'
import { BareRepository, type FileContent } from '../support/bare-repository.ts'

/** How a suite is told to open the host under test; both are given only where a test is about them. */
export interface HostOptions {
  /** Files whose text is wanted whatever they are called. */
  readonly files?: readonly string[]
  /** Who commits, where the host has to know it before; every change set carries it too. */
  readonly author?: CommitAuthor
}

/** Opens the host under test on branch `main` of a repository that the test can see into. */
export type OpenHost = (origin: BareRepository, options?: HostOptions) => Promise<RepositoryHost>

/** Makes a repository with these files (none: an empty one) and opens the host on it; both end with the test. */
export type Start = (
  files?: Readonly<Record<string, FileContent>>,
  options?: HostOptions,
) => Promise<{ readonly origin: BareRepository; readonly host: RepositoryHost }>

/** The file that the suites edit. */
export const WEB = 'apps/web.yaml'
/** Another manifest beside it. */
export const API = 'apps/api.yaml'
/** A manifest with comments and a number to change. */
export const webText = (replicas: number): string =>
  `# web\nkind: Deployment\nspec:\n  replicas: ${replicas}   # set by hand\n`
/** What a repository holds at first. */
export const FILES = { [WEB]: webText(3), [API]: 'kind: Service\n', 'README.md': '# Fleet\n' }

/** Asks the host for the tip. */
export const current = { freshness: 'current' } as const
/** Takes what the host saw last. */
export const cached = { freshness: 'cached' } as const

/** Starts hosts of one kind. */
export function startOf(open: OpenHost): Start {
  return async (files = FILES, options = {}) => {
    const origin = await BareRepository.create(files)
    onTestFinished(() => origin.remove())
    return { origin, host: await openClosed(open, origin, options) }
  }
}

/** Opens one more host on a repository; it is closed when the test ends. */
export async function openClosed(
  open: OpenHost,
  origin: BareRepository,
  options: HostOptions = {},
): Promise<RepositoryHost> {
  const host = await open(origin, options)
  onTestFinished(() => host.close())
  return host
}

/** Reads with a signal that never fires. */
export function read(
  host: RepositoryHost,
  options: { freshness: 'cached' | 'current'; past?: number } = current,
): Promise<Head> {
  return host.read({ ...options, signal: new AbortController().signal })
}

/** Commits with a signal that never fires. */
export function commit(host: RepositoryHost, changeSet: ChangeSet): Promise<Commit> {
  return host.commit(changeSet, { signal: new AbortController().signal })
}

/** One edit of a plain file. */
export function edit(path: string, before: string | null, after: string | null, mode: FileMode = '100644'): Edit {
  return { path, before, after, mode }
}

/** The change that most tests commit: another number in `apps/web.yaml`. */
export function scaleWeb(baseSha: string, from = 3, to = 0): ChangeSet {
  return { baseSha, message: `scale web to ${to}\n`, edits: [edit(WEB, webText(from), webText(to))] }
}

/** Git's own id of a file's content at a revision. */
export async function oidAt(origin: BareRepository, path: string, revision = 'main'): Promise<string> {
  return (await origin.git(['rev-parse', `${revision}:${path}`])).trim()
}

/** The exact message of a commit, less the final line end, on which Git hosts differ. */
export async function messageOf(origin: BareRepository, revision: string): Promise<string> {
  return (await origin.git(['cat-file', 'commit', revision])).replace(/^[^]*?\n\n/u, '').replace(/\n$/u, '')
}
