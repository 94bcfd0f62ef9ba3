import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  asResponseError,
  parseDurationMs,
  ResponseError,
  type ErrorCode,
  type Finding,
  type Verdict,
} from '@saker/core'
import { Option, type Command } from 'commander'
import { systemsOf, type CheckedSystem } from './check-systems.ts'
import { addConfigFlags, type ConfigFlags } from './flags.ts'
import { loadConfigOnce } from './load-config.ts'
import { paintFor, plainText, type Paint } from './terminal-text.ts'

interface CheckFlags extends Omit<ConfigFlags, 'dataDir'> {
  readonly json?: boolean
  readonly timeout: number
}

/** A finding, and of what system. */
interface CheckedRow extends Finding {
  readonly subject: string
}

const HELP = `
Everything is asked at the same time, and nothing is written: no commit, no branch, no call of a receiver. REDIS_URL says
which Redis, as for saker ingest. What cannot be asked without doing it stands in a row of its own as "not asked".

The exit code is 1 when anything would fail, and when the config is wrong.

Examples:
  GITHUB_TOKEN=… REDIS_URL=redis://redis:6379 saker check --config saker.yaml
  saker check --config saker.yaml --json | jq '.[] | select(.verdict == "fail")'`

/** Adds `saker check`. */
export function addCheckCommand(program: Command): void {
  const command = program
    .command('check')
    .description('ask every system that the config names whether Saker may do what the config asks')
    .addOption(new Option('--json', 'print an array of {subject, what, verdict, message, remedy} for machines'))
    .addOption(
      new Option('--timeout <duration>', 'how long each system may take')
        .default(30_000, '30s')
        .argParser(parseTimeout),
    )
    .addHelpText('after', HELP)
  addConfigFlags(command, { keeps: false }).action(async (flags: CheckFlags) => {
    process.exitCode = await check(flags)
  })
}

function parseTimeout(written: string): number {
  const ms = parseDurationMs(written)
  if (ms === undefined || ms <= 0)
    throw new ResponseError('CONFIG_INVALID', '--timeout must be a duration, such as 30s')
  return ms
}

async function check(flags: CheckFlags): Promise<number> {
  const loaded = await loadConfigOnce(flags)
  const dataDir = await mkdtemp(join(tmpdir(), 'saker-check-'))
  const interrupted = (): never => {
    rmSync(dataDir, { recursive: true, force: true })
    process.exit(130)
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  try {
    const systems = systemsOf({ loaded, env: process.env, dataDir })
    const names = loaded.config.repositories.map(({ name }) => name).join(', ')
    process.stderr.write(`saker: the config is valid (repositories: ${names}); asking ${systems.length} systems\n`)
    const asked = await Promise.all(systems.map((system) => askInTime(system, flags.timeout)))
    const rows = asked.flat()
    const paint = paintFor(process.stdout, process.env)
    process.stdout.write(flags.json === true ? `${JSON.stringify(rows, undefined, 2)}\n` : tableOf(rows, paint))
    return rows.some(({ verdict }) => verdict === 'fail') ? 1 : 0
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Whatever a system does, it ends in rows. */
async function askInTime({ subject, ask }: CheckedSystem, timeoutMs: number): Promise<readonly CheckedRow[]> {
  const signal = AbortSignal.timeout(timeoutMs)
  const late = new Promise<never>((_, reject) => {
    // Half a second more, so that whoever listens to the signal can say itself what it was waiting for.
    const giveUp = (): void => reject(new ResponseError('REPOSITORY_UNAVAILABLE', 'no answer in time'))
    signal.addEventListener('abort', () => setTimeout(giveUp, 500).unref(), { once: true })
  })
  const findings = await Promise.race([ask(signal), late]).catch((thrown: unknown) => [findingOf(thrown, signal)])
  process.stderr.write(`saker: ${plainText(subject)}: asked\n`)
  return findings.map((finding) => ({ subject, ...finding }))
}

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  CREDENTIAL_INVALID: 'renew the credential where the config says it stands',
  CREDENTIAL_FORBIDDEN: 'give the credential the permission that is missing',
  REPOSITORY_NOT_FOUND: 'correct its name, or give the credential access to it',
  BRANCH_NOT_FOUND: 'correct the branch in the config, or make it',
  REPOSITORY_EMPTY: 'commit something to it first',
  REPOSITORY_UNAVAILABLE: 'find out why it cannot be reached from here: address, network, certificate, proxy',
}

function findingOf(thrown: unknown, signal: AbortSignal): Finding {
  if (signal.aborted && !(thrown instanceof ResponseError)) {
    const remedy = 'find out why it is slow, or give it more time with --timeout'
    return { verdict: 'fail', what: 'reachable', message: 'no answer in time', remedy }
  }
  const { code, message } = asResponseError(thrown)
  const remedy = REMEDIES[code] ?? `see ${code} in docs/errors.md`
  return { verdict: 'fail', what: 'reachable', message: `${message} (${code})`, remedy }
}

const WORDS = {
  ok: { text: 'ok', color: 'green' },
  warn: { text: 'warn', color: 'yellow' },
  fail: { text: 'FAIL', color: 'red' },
  unasked: { text: 'not asked', color: 'dim' },
} as const satisfies Record<Verdict, object>

function tableOf(rows: readonly CheckedRow[], paint: Paint): string {
  const width = (cells: readonly string[]): number => Math.max(0, ...cells.map((cell) => cell.length))
  const subjects = width(rows.map(({ subject }) => subject))
  const whats = width(rows.map(({ what }) => what))
  const verdicts = width(Object.values(WORDS).map(({ text }) => text))
  const lines = rows.flatMap(({ verdict, subject, what, message, remedy }) => {
    const { text, color } = WORDS[verdict]
    const place = plainText(`${subject.padEnd(subjects)}  ${what.padEnd(whats)}`)
    const line = `${paint(color, text.padEnd(verdicts))}  ${place}  ${plainText(message)}`
    const told = remedy === undefined ? [] : [`${' '.repeat(verdicts + subjects + whats + 6)}→ ${plainText(remedy)}`]
    return [line, ...told]
  })
  return lines.map((line) => `${line}\n`).join('')
}
