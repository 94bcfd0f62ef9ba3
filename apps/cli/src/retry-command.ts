import { asResponseError } from '@saker/core'
import { Option, type Command } from 'commander'
import { AdminClient, concernsAll, DEFAULT_SERVER, type AdminFlags } from './admin-client.ts'
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

/**
 * Has each response run again and prints a line per id. Gives the exit code: 1 when any could not. What concerns all of
 * them (no server, no token) ends in that error at once.
 */
async function retryResponses(ids: readonly string[], flags: AdminFlags): Promise<number> {
  const client = new AdminClient(flags)
  let exitCode = 0
  for (const id of new Set(ids)) {
    try {
      const { response, target, lane } = await client.retry(id)
      process.stdout.write(oneLine(`${id}  runs again: ${response} ${target}, lane ${lane}`))
    } catch (thrown) {
      const error = asResponseError(thrown)
      if (concernsAll(error)) throw error
      process.stderr.write(oneLine(`${id}  ${error.message} (${error.code})`))
      exitCode = 1
    }
  }
  return exitCode
}

/** Text from elsewhere may hold what a terminal would obey. */
function oneLine(text: string): string {
  return `${text.replaceAll(/\p{Cc}+/gu, ' ')}\n`
}

/** Adds `saker retry ID…`. */
export function addRetryCommand(program: Command): void {
  const command = program
    .command('retry')
    .description('run failed responses again, once what made them fail is gone')
    .argument('<id...>', 'response ids, as the log, /api/responses and Bull Board show them')
  for (const option of ADMIN_OPTIONS) command.addOption(option)
  command.action(async (ids: readonly string[], flags: AdminFlags) => {
    process.exitCode = await retryResponses(ids, flags)
  })
}
