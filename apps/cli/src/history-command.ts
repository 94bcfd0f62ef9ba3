import { asResponseError, parseDurationMs, ResponseError, workloadTitle, type ResponseLine } from '@saker/core'
import { readPastResponses, readProposals, type PastResponse, type ProposedEntry } from '@saker/engine'
import type { Command } from 'commander'
import { addConfigFlags, type ConfigFlags } from './flags.ts'
import { loadConfigOnce } from './load-config.ts'
import { progressOf, withPastHosts, type PastHost } from './past-hosts.ts'

interface HistoryFlags extends ConfigFlags {
  readonly limit: number
  readonly since?: number
  readonly json: boolean
}

/** A response as `saker history --json` prints it. */
interface ShownResponse {
  readonly id: string
  readonly response: string
  /** `namespace/Kind/name`. */
  readonly target: string
  readonly cluster: string
  readonly repository: string
  readonly commit: string
  /** Page of the commit; of the pull request for one that is proposed, or was. */
  readonly url?: string
  /** The branch in which it is proposed, or was. */
  readonly branch?: string
  readonly time: string
  readonly state: string
  readonly until?: string
  readonly undoneBy?: string
  /** `path#document:pointer` of each changed place. */
  readonly places: readonly string[]
}

const HELP = `
It is read from the messages and files of Git alone: neither a running Saker nor Redis is needed, only the config and the
credential of the repository. Secrets of the config that are not used need not be there.

States:
  done          stands as it was written
  undone        taken back by saker undo, or because its time was over
  reverted      somebody else has restored what stood there before
  changedSince  something else stands there by now
  unknown       a file of it cannot be read any more
  proposed      waits in a pull request, or in a branch, to be merged
  closed        its pull request was closed without merging, within the last days

Examples:
  saker history --config saker.yaml
  saker history --config saker.yaml --since 7d --json
  GITHUB_TOKEN=… saker history --owner acme --repository fleet-infra`

/** Adds `saker history`. */
export function addHistoryCommand(program: Command): void {
  const command = program.command('history').description('what was done, newest first, read from Git itself')
  addConfigFlags(command)
    .option('--limit <count>', 'how many at most', parseLimit, 50)
    .option(
      '--since <when>',
      'nothing older than this: a duration such as 24h, or a time such as 2026-05-25',
      parseSince,
    )
    .option('--json', 'an array, for machines', false)
    .addHelpText('after', HELP)
    .action(async (flags: HistoryFlags) => {
      const shown = await withPastHosts(await loadConfigOnce(flags), flags.dataDir, (hosts, signal) =>
        readAll(hosts, flags, signal),
      )
      process.stdout.write(flags.json ? `${JSON.stringify(shown, null, 2)}\n` : tableOf(shown))
    })
}

async function readAll(
  hosts: readonly PastHost[],
  { limit, since }: HistoryFlags,
  signal: AbortSignal,
): Promise<readonly ShownResponse[]> {
  const each = await Promise.all(
    hosts.map(async (at) => {
      const { repository, host } = at
      const query = { limit, signal, onProgress: progressOf(repository) }
      const found = await readPastResponses(host, since === undefined ? query : { ...query, since })
      const shown = found.map((one) => shownOf(one, repository.name))
      const done = new Set(shown.map(({ id }) => id))
      const proposed = (await proposedIn(at, signal)).filter(
        ({ line, at: time }) => !done.has(line.id) && time >= (since ?? 0),
      )
      return [...proposed.map((one) => shownProposal(one, repository.name)), ...shown]
    }),
  )
  // Those of one repository keep their order: clocks of committers differ.
  return each
    .flat()
    .toSorted((a, b) => (a.repository === b.repository ? 0 : b.time.localeCompare(a.time)))
    .slice(0, limit)
}

/** A host that tells nothing of proposals must not hide what was done. */
async function proposedIn(
  { repository, host, proposals, isProposedTo }: PastHost,
  signal: AbortSignal,
): Promise<readonly ProposedEntry[]> {
  if (!isProposedTo) return []
  const naming = { prefix: repository.pullRequest.branchPrefix, base: repository.branch }
  return readProposals({ host: proposals, base: host, naming, signal }).catch((thrown: unknown) => {
    const { code, message } = asResponseError(thrown)
    process.stderr.write(`${repository.name}: proposals cannot be read: ${message} (${code})\n`)
    return []
  })
}

function shownProposal({ line, state, at, sha = '', proposal }: ProposedEntry, repository: string): ShownResponse {
  const { url, branch } = proposal
  return shownLine(line, { repository, commit: sha, url, branch, at, state })
}

function shownOf({ entry, state }: PastResponse, repository: string): ShownResponse {
  const { line, commit, undoneBy } = entry
  return shownLine(line, {
    repository,
    commit: commit.sha,
    url: commit.url,
    at: commit.at,
    state,
    undoneBy: undoneBy?.sha,
  })
}

/** Where a response is, and what has become of it. */
interface Whereabouts extends Pick<ShownResponse, 'repository' | 'commit' | 'state'> {
  readonly url: string | undefined
  readonly branch?: string
  readonly at: number
  readonly undoneBy?: string | undefined
}

function shownLine(line: ResponseLine, about: Whereabouts): ShownResponse {
  const { repository, commit, url, branch, at, state, undoneBy } = about
  return {
    id: line.id,
    response: line.response,
    target: workloadTitle(line.workload),
    cluster: line.workload.cluster,
    repository,
    commit,
    ...(url === undefined ? {} : { url }),
    ...(branch === undefined ? {} : { branch }),
    time: new Date(at).toISOString(),
    state,
    ...(line.until === undefined ? {} : { until: line.until }),
    ...(undoneBy === undefined ? {} : { undoneBy }),
    places: line.places,
  }
}

function tableOf(shown: readonly ShownResponse[]): string {
  if (shown.length === 0) return 'nothing was done\n'
  const rows = [
    ['TIME', 'ID', 'STATE', 'RESPONSE', 'CLUSTER', 'TARGET', 'COMMIT'],
    ...shown.map(({ time, id, state, response, cluster, target, commit }) =>
      // What a message holds may hold what a terminal would obey.
      [time, id, state, response, cluster, target, commit.slice(0, 12)].map((text) => text.replaceAll(/\p{C}+/gu, ' ')),
    ),
  ]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map(
      (row) =>
        `${row
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function parseLimit(written: string): number {
  const limit = Number(written)
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new ResponseError('CONFIG_INVALID', '--limit must be a whole number of at least 1')
  return limit
}

function parseSince(written: string): number {
  const ms = parseDurationMs(written)
  const since = ms === undefined ? Date.parse(written) : Date.now() - ms
  if (Number.isNaN(since))
    throw new ResponseError(
      'CONFIG_INVALID',
      '--since must be a duration such as 24h or a time such as 2026-05-25T13:00:00Z',
    )
  return since
}
