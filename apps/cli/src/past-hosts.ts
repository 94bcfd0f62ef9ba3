import { lanesOf, normalisedUrl, silentLog, type Config, type Repository, type SecretRef } from '@saker/core'
import { ProposedBranch, type ProposalHost, type RepositoryHost } from '@saker/engine'
import { openProposals, openRepository } from '@saker/repository'
import type { LoadedConfig } from './loaded-config.ts'

/** A repository of the config, opened for one command. */
export interface PastHost {
  readonly repository: Repository
  readonly host: RepositoryHost
  readonly proposals: ProposalHost
  /** The proposals as if they were one branch. */
  readonly proposed: ProposedBranch
  /** Whether the config leads anything there. */
  readonly isProposedTo: boolean
}

/** Opens each branch of the config once, has `work` done with them, and closes them again, however it ends. */
export async function withPastHosts<T>(
  { config, secrets }: LoadedConfig,
  dataDir: string,
  work: (hosts: readonly PastHost[], signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stopping = new AbortController()
  const stop = (): void => stopping.abort(new Error('interrupted'))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const options = { readSecret: (ref: SecretRef) => secrets.read(ref), dataDir, observe: () => {} }
  const hosts = branchesOf(config).map((repository): PastHost => {
    const host = openRepository(repository, options)
    const proposals = openProposals(repository, { ...options, base: host })
    const isProposedTo = lanesOf(config, false).some(
      (lane) => lane.delivery === 'pull-request' && lane.repository === repository.name,
    )
    const proposed = proposedBranch(repository, { host, proposals, config })
    return { repository, host, proposals, proposed, isProposedTo }
  })
  try {
    return await work(hosts, stopping.signal)
  } finally {
    await Promise.all(hosts.map(({ proposed }) => proposed.close()))
    await Promise.all(hosts.map(({ host }) => host.close()))
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

/** What has become of proposals is the running worker's to tell, and to mend. */
function proposedBranch(
  { branch, pullRequest }: Repository,
  { host, proposals, config }: Pick<PastHost, 'host' | 'proposals'> & { readonly config: Config },
): ProposedBranch {
  return new ProposedBranch({
    host: proposals,
    base: host,
    baseName: branch,
    settings: pullRequest,
    muteForMs: () => config.guard.muteForMs,
    heals: false,
    onEnded: async () => {},
    onBegun: () => {},
    log: silentLog,
    now: Date.now,
  })
}

function branchesOf({ repositories }: Config): readonly Repository[] {
  const branches = new Map<string, Repository>()
  for (const one of repositories) {
    const key = `${normalisedUrl(one.location)}#${one.branch}`
    if (!branches.has(key)) branches.set(key, one)
  }
  return [...branches.values()]
}

/** Commits after each so many of which a long search says on standard error how far it is. */
const TOLD_EACH = 1000

/** Tells on standard error how far a search through a history is, when it is a long one. */
export function progressOf({ name }: Repository): (commits: number) => void {
  let told = 0
  return (commits) => {
    if (commits - told < TOLD_EACH) return
    told = commits
    process.stderr.write(`${name}: ${commits} commits looked through\n`)
  }
}
