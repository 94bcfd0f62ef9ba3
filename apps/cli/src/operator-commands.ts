import { asResponseError } from '@saker/core'
import { Option, type Command } from 'commander'
import { AdminClient, concernsAll, DEFAULT_SERVER, type AdminFlags, type Decision } from './admin-client.ts'
import { environmentNameOf } from './flags.ts'

const ADMIN_OPTIONS: readonly Option[] = [
  new Option('--server <url>', 'admin address of the running Saker')
    .default(DEFAULT_SERVER)
    .env(environmentNameOf('--server')),
  new Option('--admin-token <token>', 'better given in the environment, where ps does not show it').env(
    environmentNameOf('--admin-token'),
  ),
  new Option('--as <name>', 'who asks, for the audit'),
  new Option('--reason <text>', 'why, for the audit'),
]

/** The commands that decide about single responses. */
const DECISIONS: readonly { readonly verb: Decision; readonly summary: string; readonly done: string }[] = [
  {
    verb: 'retry',
    summary: 'run failed responses again, once what made them fail is gone',
    done: 'runs again',
  },
  {
    verb: 'release',
    summary: 'let held responses run at once, whatever guard.maxWorkloads and guard.maxAge say',
    done: 'released',
  },
  { verb: 'drop', summary: 'end held responses for good, without running them', done: 'dropped' },
]

/**
 * Has the same decided about each response and prints a line per id. Gives the exit code: 1 when any could not. What concerns
 * all of them (no server, no token) ends in that error at once.
 */
async function decideAll(
  ids: readonly string[],
  { verb, done }: (typeof DECISIONS)[number],
  flags: AdminFlags,
): Promise<number> {
  const client = new AdminClient(flags)
  let exitCode = 0
  for (const id of new Set(ids)) {
    try {
      const { response, target, lane } = await client.decide(verb, id)
      process.stdout.write(oneLine(`${id}  ${done}: ${response} ${target}, lane ${lane}`))
    } catch (thrown) {
      const error = asResponseError(thrown)
      if (concernsAll(error)) throw error
      process.stderr.write(oneLine(`${id}  ${error.message} (${error.code})`))
      exitCode = 1
    }
  }
  return exitCode
}

/** Prints a line per lane. Gives the exit code: 1 when a write is still under way. */
async function pause(lane: string | undefined, flags: AdminFlags): Promise<number> {
  const { lanes, writing } = await new AdminClient(flags).pause(lane)
  for (const slug of lanes) {
    const still = writing.includes(slug) ? '; a write that began before is still under way' : ''
    process.stdout.write(oneLine(`${slug}  paused: alerts are taken and kept, nothing is committed${still}`))
  }
  if (lanes.length === 0) process.stdout.write('paused: the config has no lane\n')
  return writing.length > 0 ? 1 : 0
}

/** Prints a line per lane. Gives the exit code: 1 when one is still paused. */
async function resume(lane: string | undefined, flags: AdminFlags): Promise<number> {
  const { lanes, paused } = await new AdminClient(flags).resume(lane)
  for (const slug of lanes) {
    const told = paused.includes(slug) ? 'still paused, because all lanes are; see saker resume' : 'resumed'
    process.stdout.write(oneLine(`${slug}  ${told}`))
  }
  return paused.length > 0 ? 1 : 0
}

/** Text from elsewhere may hold what a terminal would obey. */
function oneLine(text: string): string {
  return `${text.replaceAll(/\p{Cc}+/gu, ' ')}\n`
}

function addAdminOptions(command: Command): Command {
  for (const option of ADMIN_OPTIONS) command.addOption(option)
  return command
}

/** Adds `saker retry ID…`, `saker release ID…`, `saker drop ID…`, `saker pause [LANE]` and `saker resume [LANE]`. */
export function addOperatorCommands(program: Command): void {
  for (const decision of DECISIONS) {
    const command = program
      .command(decision.verb)
      .description(decision.summary)
      .argument('<id...>', 'response ids, as the log, /api/responses and Bull Board show them')
    addAdminOptions(command).action(async (ids: readonly string[], flags: AdminFlags) => {
      process.exitCode = await decideAll(ids, decision, flags)
    })
  }
  const switches = [
    { name: 'pause', act: pause, summary: 'stop all commits at once; alerts are still taken and kept' },
    { name: 'resume', act: resume, summary: 'let commits be made again; what waited longer than guard.maxAge is held' },
  ]
  for (const { name, act, summary } of switches) {
    const command = program
      .command(name)
      .description(summary)
      .argument('[lane]', 'slug of a lane, or name of a repository (default: all lanes)')
    addAdminOptions(command).action(async (lane: string | undefined, flags: AdminFlags) => {
      process.exitCode = await act(lane, flags)
    })
  }
}
