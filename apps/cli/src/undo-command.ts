import { setTimeout as sleep } from 'node:timers/promises'
import { asResponseError, laneOf, ResponseError, silentLog, workloadTitle, type Config } from '@saker/core'
import { diffOf, undo, type LedgerEntry, type UndoOutcome } from '@saker/engine'
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

/** Looks for the response in one branch after the other. Ends in `RESPONSE_UNKNOWN` when none has it. */
async function undoAnywhere(
  id: string,
  { hosts, flags, config, signal }: Undoing,
): Promise<{ outcome: UndoOutcome; at: PastHost }> {
  let unread: ResponseError | undefined
  for (const at of hosts) {
    const { repository, host } = at
    const { as, reason, all } = flags
    const isDirect = repository.delivery === 'commit' || flags.commit
    const request = {
      id,
      all,
      signal,
      // Whether it is here at all has to be known before it is refused.
      dryRun: flags.dryRun || !isDirect,
      ...(as === undefined ? {} : { as }),
      ...(reason === undefined ? {} : { reason }),
    }
    const wait = (ms: number, stop: AbortSignal): Promise<void> => sleep(ms, undefined, { signal: stop })
    try {
      const outcome = await undo(request, {
        host,
        config,
        wait,
        random: Math.random,
        onProgress: progressOf(repository),
      })
      if (outcome.kind === 'planned' && !flags.dryRun) throw notDirect(at)
      if (outcome.kind !== 'unknown') return { outcome, at }
    } catch (thrown) {
      if (!isUnreadable(thrown)) throw thrown
      unread = asResponseError(thrown)
    }
  }
  if (unread !== undefined) throw unread
  throw new ResponseError('RESPONSE_UNKNOWN', `no branch of the config has a commit with response ${id}`)
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
  const { sha = '', url } = outcome.commit ?? {}
  return `${lines}taken back in ${url ?? sha}\n`
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
