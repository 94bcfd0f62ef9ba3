#!/usr/bin/env node
import { asResponseError } from '@saker/core'
import { Command } from 'commander'
import { addServiceFlags, dropUnsetEnvironment, type ServiceFlags } from './flags.ts'
import { runServices, type Parts } from './run-services.ts'
import { VERSION } from './version.ts'

const EXAMPLE = `
Examples:
  GITHUB_TOKEN=… saker up --owner acme --repository fleet-infra --file apps/web.yaml --listen 127.0.0.1:8080
  REDIS_URL=redis://redis:6379 saker ingest --config saker.yaml
  REDIS_URL=redis://redis:6379 saker worker --config saker.yaml

Every flag has an environment variable, named with each flag below; the flag wins over it.`

function service(program: Command, name: string, about: { summary: string; parts: Parts; dropIn: boolean }): void {
  const command = program.command(name).description(about.summary)
  addServiceFlags(command, about).action(async (flags: ServiceFlags) => {
    process.exitCode = await runServices(about.parts, flags)
  })
}

function buildProgram(): Command {
  const program = new Command('saker')
    .description('Answers Falco alerts in Git: edits the desired state that Flux and Argo CD apply.')
    .version(VERSION)
    .showHelpAfterError('(run saker --help for what there is)')
    .addHelpText('after', EXAMPLE)
  service(program, 'up', {
    summary: 'take alerts in and answer them, in one process; starts a private Redis unless REDIS_URL names one',
    parts: { ingest: true, worker: true },
    dropIn: true,
  })
  service(program, 'ingest', {
    summary: 'only take alerts in; needs REDIS_URL',
    parts: { ingest: true, worker: false },
    dropIn: true,
  })
  service(program, 'worker', {
    summary: 'only answer them; needs REDIS_URL',
    parts: { ingest: false, worker: true },
    dropIn: true,
  })
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
