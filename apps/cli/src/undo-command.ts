import { setTimeout as sleep } from 'node:timers/promises'
import { asResponseError, laneOf, ResponseError, silentLog, workloadTitle, type Config } from '@saker/core'
import { diffOf, undo, type LedgerEntry, type RepositoryHost, type UndoOutcome } from '@saker/engine'
import type { Command } from 'commander'
import { addConfigFlags, type ConfigFlags } from './flags.ts'
import { loadConfigOnce } from './load-config.ts'
import { progressOf, withPastHosts, type PastHost } from './past-hosts.ts'

interface UndoFlags extends ConfigFlags {
  readonly all: boolean
  readonly as?: string
  readonly reason?: string
  readonly dryRun: boolean
  readonly commit: boolean
}

const HELP = `
What the response wrote goes, and what stood there before comes back, byte for byte, at each place that its commit names;
what others have changed elsewhere stays. It is computed from Git alone: neither a running Saker nor Redis is needed.

  - Something was changed since at one of the places: nothing is written, and who changed it is said (UNDO_CONFLICT).
  - Another response wants the same state: nothing is written, and it is named (UNDO_SHARED); --all takes both back.
  - It was taken back before: says so, and exits 0.
  - Delivery is pull-request: the commit goes to the open pull request, or opens one; --commit commits to the branch.
  - It still waits in a pull request: it is taken back there.
  - The branch is protected: proposed in the same way, unless --commit is given.

The workload is left alone for guard.muteFor afterwards. Running workers read that from the branch; with REDIS_URL in the
environment those of other branches know it too.

Examples:
  saker undo 01k8w3c7qz4v9m2x5h --config saker.yaml --as zoe --reason 'false alarm'
  saker undo 01k8w3c7qz4v9m2x5h --config saker.yaml --dry-run
  GITHUB_TOKEN=… saker undo 01k8w3c7qz4v9m2x5h --owner acme --repository fleet-infra`

/** Adds `saker undo`. */
export function addUndoCommand(program: Command): void {
  const command = program
    .command('undo')
    .description('take back exactly what a response changed, in one commit')
    .argument('<id>', 'response id, as saker history, the log and the commit show it')
  addConfigFlags(command)
    .option('--all', 'also take back every other response that wants the same state', false)
    .option('--as <name>', 'who asks, for the commit')
    .option('--reason <text>', 'why, for the commit')
    .option('--dry-run', 'show the change, write nothing', false)
    .option('--commit', 'commit to the branch also where delivery is not commit', false)
    .addHelpText('after', HELP)
    .action(async (id: string, flags: UndoFlags) => {
      const loaded = await loadConfigOnce(flags)
      await withPastHosts(loaded, flags.dataDir, async (hosts, signal) => {
        const { outcome, at } = await undoAnywhere(id, { hosts, flags, config: loaded.config, signal })
        process.stdout.write(told(id, outcome))
        if (outcome.kind === 'undone') await mute(outcome.entries, at, loaded.config)
      })
    })
}

interface Undoing {
  readonly hosts: readonly PastHost[]
  readonly flags: UndoFlags
  readonly config: Config
  readonly signal: AbortSignal
}

interface Undone {
  readonly outcome: UndoOutcome
  readonly at: PastHost
}

/**
 * Looks for the response in one branch after the other, then in what is proposed to those that are committed to. Ends in
 * `RESPONSE_UNKNOWN` when none has it.
 */
async function undoAnywhere(id: string, undoing: Undoing): Promise<Undone> {
  let unread: ResponseError | undefined
  for (const at of undoing.hosts) {
    try {
      const outcome = await undoAt(id, at, undoing)
      if (outcome.kind !== 'unknown') return { outcome, at }
    } catch (thrown) {
      if (!isUnreadable(thrown)) throw thrown
      unread = asResponseError(thrown)
    }
  }
  for (const at of undoing.hosts) {
    if (looksThereFirst(at, undoing.flags) || !(await hasProposal(at, undoing.signal))) continue
    const outcome = await undoIn(at.proposed, id, { at, undoing, dryRun: undoing.flags.dryRun })
    if (outcome.kind !== 'unknown') return { outcome, at }
  }
  if (unread !== undefined) throw unread
  throw new ResponseError('RESPONSE_UNKNOWN', `no branch of the config has a commit with response ${id}`)
}

/** Whether the branch is looked at through its open proposal from the beginning. */
function looksThereFirst({ repository }: PastHost, flags: UndoFlags): boolean {
  return repository.delivery === 'pull-request' && !flags.commit
}

function isDirect({ repository }: PastHost, flags: UndoFlags): boolean {
  return repository.delivery === 'commit' || flags.commit
}

/** In the branch, or by a proposal to it, as the repository is written to. */
async function undoAt(id: string, at: PastHost, undoing: Undoing): Promise<UndoOutcome> {
  const { flags } = undoing
  const { dryRun } = flags
  if (isDirect(at, flags)) return undoIn(at.host, id, { at, undoing, dryRun }).catch(proposeInstead(id, at, undoing))
  // Whether it is here at all has to be known before it is refused.
  const onlyLook = { at, undoing, dryRun: true }
  if (at.repository.delivery === 'observe') {
    const outcome = await undoIn(at.host, id, onlyLook)
    if (outcome.kind === 'planned' && !dryRun) throw notDirect(at)
    return outcome
  }
  const outcome = await undoIn(at.proposed, id, { at, undoing, dryRun })
  const open = at.proposed.open?.proposal
  if (outcome.kind !== 'unknown' || open === undefined) return outcome
  const inBase = await undoIn(at.host, id, onlyLook)
  if (inBase.kind === 'planned') throw behind(at, open.url ?? open.branch)
  return inBase
}

/** A branch that takes no commit gets its responses by pull request, and so what takes them back. */
function proposeInstead(id: string, at: PastHost, undoing: Undoing): (thrown: unknown) => Promise<UndoOutcome> {
  return async (thrown) => {
    const { code, message } = asResponseError(thrown)
    if (code !== 'BRANCH_PROTECTED' || undoing.flags.commit) throw thrown
    process.stderr.write(`${at.repository.name}: ${message} (${code}): it is proposed\n`)
    return undoIn(at.proposed, id, { at, undoing, dryRun: false })
  }
}

async function undoIn(
  host: RepositoryHost,
  id: string,
  { at, undoing, dryRun }: { readonly at: PastHost; readonly undoing: Undoing; readonly dryRun: boolean },
): Promise<UndoOutcome> {
  const { flags, config, signal } = undoing
  const { as, reason, all } = flags
  const words = { ...(as === undefined ? {} : { as }), ...(reason === undefined ? {} : { reason }) }
  return undo(
    { id, all, signal, dryRun, ...words },
    {
      host,
      config,
      wait: (ms, stop) => sleep(ms, undefined, { signal: stop }),
      random: Math.random,
      onProgress: progressOf(at.repository),
    },
  )
}

/** A host that tells nothing of proposals has none to take something back in. */
async function hasProposal({ repository, proposed, isProposedTo }: PastHost, signal: AbortSignal): Promise<boolean> {
  if (!isProposedTo) return false
  try {
    await proposed.look({ signal })
    return proposed.open !== undefined
  } catch (thrown) {
    const { code, message } = asResponseError(thrown)
    process.stderr.write(`${repository.name}: proposals cannot be read: ${message} (${code})\n`)
    return false
  }
}

function behind({ repository }: PastHost, open: string): ResponseError {
  const message = `${open} is older than what the response wrote in ${repository.branch}: merge or close it, or bring it up to date; --commit commits to the branch`
  return new ResponseError('PROPOSAL_BEHIND', message)
}

/** One repository that is away must not hide what another one has. */
function isUnreadable(thrown: unknown): boolean {
  const { code } = asResponseError(thrown)
  return code === 'REPOSITORY_UNAVAILABLE' || code === 'REPOSITORY_NOT_FOUND' || code === 'BRANCH_NOT_FOUND'
}

function notDirect({ repository: { name, delivery } }: PastHost): ResponseError {
  const message = `repository ${name} has delivery ${delivery}: nothing was written; --dry-run shows the change, --commit commits it to the branch`
  return new ResponseError('UNDO_NOT_DIRECT', message)
}

function told(id: string, outcome: UndoOutcome): string {
  if (outcome.kind === 'unknown') return ''
  if (outcome.kind === 'already') {
    const by = outcome.entry.undoneBy
    return `${id}  taken back already${by === undefined ? '' : `, by ${by.author} in ${by.sha}`}\n`
  }
  const lines = outcome.entries.map(({ line }) => `${line.id}  ${describe(line)}\n`).join('')
  if (outcome.kind === 'planned') return `would be taken back:\n${lines}${outcome.edits.map(diffOf).join('')}`
  const { sha = '', url, proposal } = outcome.commit ?? {}
  if (proposal === undefined) return `${lines}taken back in ${url ?? sha}\n`
  const notes = proposal.notes.map((note) => `${note}\n`).join('')
  return `${lines}proposed to be taken back in ${proposal.url ?? `branch ${proposal.branch}`}\n${notes}`
}

function describe({ response, workload }: LedgerEntry['line']): string {
  return `${response} of ${workloadTitle(workload)} in cluster ${workload.cluster}`.replaceAll(/\p{C}+/gu, ' ')
}

/** Tells the replicas that serve other branches, where there is a Redis to tell it by. */
async function mute(entries: readonly LedgerEntry[], { repository }: PastHost, { guard }: Config): Promise<void> {
  const redisUrl = process.env['REDIS_URL'] ?? ''
  if (redisUrl === '' || guard.muteForMs === 0) return
  const { WorkloadGuards } = await import('@saker/queue')
  const guards = new WorkloadGuards({ redisUrl, log: silentLog })
  try {
    const ofLane = guards.ofLane(laneOf(repository, 'commit').slug)
    const now = Date.now()
    for (const { line } of entries) {
      await ofLane.mute(line.workload, { reason: 'Undone', until: now + guard.muteForMs, cause: line.id }, now)
    }
    process.stdout.write(`left alone until ${new Date(now + guard.muteForMs).toISOString()}\n`)
  } catch (thrown) {
    const { message, code } = asResponseError(thrown)
    process.stderr.write(`not muted in Redis, workers learn it from the branch: ${message} (${code})\n`)
  } finally {
    await guards.close()
  }
}
