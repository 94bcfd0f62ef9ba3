#!/usr/bin/env node
import { asResponseError } from '@saker/core'
import { Command } from 'commander'
import { addServiceFlags, dropUnsetEnvironment, type ServiceFlags } from './flags.ts'
import type { Service } from './load-config.ts'
import { VERSION } from './version.ts'

const EXAMPLE = `
Examples:
  GITHUB_TOKEN=… saker up --owner acme --repository fleet-infra --file apps/web.yaml --listen 127.0.0.1:8080
  REDIS_URL=redis://redis:6379 saker ingest --config saker.yaml
  REDIS_URL=redis://redis:6379 saker worker --config saker.yaml
  saker history --config saker.yaml --since 7d
  saker undo 01k8w3c7qz4v9m2x5h --config saker.yaml --reason 'false alarm'
  saker check --config saker.yaml
  saker simulate --config saker.yaml alerts.jsonl
  SAKER_ADMIN_TOKEN=… saker retry 01k8w3c7qz4v9m2x5h --reason 'token renewed'
  SAKER_ADMIN_TOKEN=… saker pause fleet --as zoe --reason 'planned load test'

Every flag has an environment variable, which saker COMMAND --help names; the flag wins over it.`

/** Adds a command, or several, to the program. */
type AddCommand = (program: Command) => void

function service(name: Service, summary: string): AddCommand {
  return (program) => {
    addServiceFlags(program.command(name).description(summary)).action(async (flags: ServiceFlags) => {
      const { runService } = await import('./run-service.ts')
      process.exit(await runService(name, flags, process.argv.slice(3)))
    })
  }
}

const up = service(
  'up',
  'take alerts in and answer them, in one process tree; starts a private Redis unless REDIS_URL names one',
)
const loadOperatorCommands = async (): Promise<AddCommand> =>
  (await import('./operator-commands.ts')).addOperatorCommands

/** Where each command is, in the order of the help. What a command does not need is not loaded for it: that takes long. */
const COMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ['up', async () => up],
  ['ingest', async () => service('ingest', 'only take alerts in; needs REDIS_URL')],
  ['worker', async () => service('worker', 'only answer them; needs REDIS_URL')],
  ['history', async () => (await import('./history-command.ts')).addHistoryCommand],
  ['undo', async () => (await import('./undo-command.ts')).addUndoCommand],
  ['check', async () => (await import('./check-command.ts')).addCheckCommand],
  ['simulate', async () => (await import('./simulate-command.ts')).addSimulateCommand],
  ...['retry', 'release', 'drop', 'pause', 'resume'].map((name) => [name, loadOperatorCommands] as const),
])

/** The program with the command that is asked for; with all of them for anything else, such as `--help`. */
async function buildProgram(asked: string | undefined): Promise<Command> {
  const program = new Command('saker')
    .description('Answers Falco alerts in Git: edits the desired state that Flux and Argo CD apply.')
    .version(VERSION)
    .showHelpAfterError('(run it with --help for what there is)')
    .addHelpText('after', EXAMPLE)
  const one = COMMANDS.get(asked ?? '')
  const loaders = one === undefined ? new Set(COMMANDS.values()) : [one]
  for (const load of loaders) (await load())(program)
  return program
}

dropUnsetEnvironment(process.env)
try {
  const program = await buildProgram(process.argv[2])
  await program.parseAsync()
} catch (thrown) {
  const { code, message, cause } = asResponseError(thrown)
  const why = code === 'INTERNAL' && cause instanceof Error ? `\n${cause.stack ?? ''}` : ''
  process.stderr.write(`saker: ${message} (${code})${why}\n`)
  process.exitCode = 1
}
