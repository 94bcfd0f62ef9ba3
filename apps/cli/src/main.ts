#!/usr/bin/env node
import { asResponseError } from '@saker/core'
import { Command } from 'commander'
import { addCheckCommand } from './check-command.ts'
import { addServiceFlags, dropUnsetEnvironment, type ServiceFlags } from './flags.ts'
import { addHistoryCommand } from './history-command.ts'
import { addOperatorCommands } from './operator-commands.ts'
import type { Service } from './load-config.ts'
import { runService } from './run-service.ts'
import { addUndoCommand } from './undo-command.ts'
import { addSimulateCommand } from './simulate-command.ts'
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

function addService(program: Command, name: Service, summary: string): void {
  const command = program.command(name).description(summary)
  addServiceFlags(command).action(async (flags: ServiceFlags) => {
    process.exit(await runService(name, flags, process.argv.slice(3)))
  })
}

function buildProgram(): Command {
  const program = new Command('saker')
    .description('Answers Falco alerts in Git: edits the desired state that Flux and Argo CD apply.')
    .version(VERSION)
    .showHelpAfterError('(run it with --help for what there is)')
    .addHelpText('after', EXAMPLE)
  addService(
    program,
    'up',
    'take alerts in and answer them, in one process tree; starts a private Redis unless REDIS_URL names one',
  )
  addService(program, 'ingest', 'only take alerts in; needs REDIS_URL')
  addService(program, 'worker', 'only answer them; needs REDIS_URL')
  addHistoryCommand(program)
  addUndoCommand(program)
  addCheckCommand(program)
  addSimulateCommand(program)
  addOperatorCommands(program)
  return program
}

dropUnsetEnvironment(process.env)
try {
  await buildProgram().parseAsync()
} catch (thrown) {
  const { code, message, cause } = asResponseError(thrown)
  const why = code === 'INTERNAL' && cause instanceof Error ? `\n${cause.stack ?? ''}` : ''
  process.stderr.write(`saker: ${message} (${code})${why}\n`)
  process.exitCode = 1
}
