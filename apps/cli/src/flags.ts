import { LOG_LEVELS, parseDurationMs, ResponseError, type LogLevel } from '@saker/core'
import { Option, type Command } from 'commander'

/** What the flags of `up`, `ingest` and `worker` resolve to: flag, then environment, then default. */
export interface ServiceFlags {
  readonly config?: string
  readonly listen: string
  readonly adminListen: string
  readonly dataDir: string
  readonly logLevel: LogLevel
  readonly dryRun: boolean
  readonly allowAnonymous: boolean
  readonly allowVolatile: boolean
  /** How long a worker that says nothing counts as alive, in milliseconds. */
  readonly lockDuration?: number
  /** How often is looked what has become of an open pull request, in milliseconds. */
  readonly proposalInterval?: number
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsClientCa?: string
  readonly owner?: string
  readonly repository?: string
  readonly file?: string
  readonly ref?: string
  readonly githubToken?: string
  readonly notifyUrl?: string
  readonly githubApiUrl?: string
}

/** Below a second, a busy but healthy worker would lose its jobs to the others. */
const MIN_LOCK_MS = 1000
/** Each look is a request. */
const MIN_INTERVAL_MS = 1000

function atLeast(flag: string, leastMs: number): (written: string) => number {
  return (written) => {
    const ms = parseDurationMs(written)
    if (ms !== undefined && ms >= leastMs) return ms
    throw new ResponseError('CONFIG_INVALID', `${flag} must be a duration of at least ${leastMs / 1000}s, such as 15s`)
  }
}

const SERVICE_FLAGS: readonly Option[] = [
  new Option('--config <file>', 'the config file'),
  new Option('--listen <host:port>', 'where alerts are taken in').default('0.0.0.0:8080'),
  new Option('--admin-listen <host:port>', 'where operators look: /queues, /api, /metrics, /readyz, /healthz').default(
    '127.0.0.1:8081',
  ),
  new Option('--data-dir <folder>', 'for the private Redis and caches of the git program').default('./.saker'),
  new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS).default('info'),
  new Option('--dry-run', 'decide everything, write nothing: every delivery becomes observe').default(false),
  new Option('--allow-anonymous', 'take alerts from anybody who can connect').default(false),
  new Option('--allow-volatile', 'without any Redis, keep alerts in memory; they are lost when Saker stops').default(
    false,
  ),
  new Option('--lock-duration <duration>', 'how long a worker that says nothing counts as alive (default: 15s)')
    .argParser(atLeast('--lock-duration', MIN_LOCK_MS))
    .hideHelp(),
  new Option('--proposal-interval <duration>', 'how often open pull requests are looked at (default: 60s)')
    .argParser(atLeast('--proposal-interval', MIN_INTERVAL_MS))
    .hideHelp(),
  new Option('--tls-cert <file>', 'certificate with which ingest serves https'),
  new Option('--tls-key <file>', 'its private key'),
  new Option('--tls-client-ca <file>', 'clients with a certificate of this authority may send alerts'),
]

const DROP_IN_FLAGS: readonly Option[] = [
  new Option('--owner <owner>', 'without a config file: owner of the one repository on GitHub'),
  new Option('--repository <name>', 'its name'),
  new Option('--file <path>', 'the file that declares the workloads (default: Saker finds it)'),
  new Option('--ref <branch>', 'the branch (default: main)'),
  new Option('--github-token <token>', 'better given as GITHUB_TOKEN in the environment, where ps does not show it'),
  new Option('--notify-url <url>', 'called after each commit, such as the URL of a Flux Receiver'),
  new Option('--github-api-url <url>', 'of GitHub Enterprise, such as https://github.example.com/api/v3'),
]

/** The environment variable that stands for a flag: `--admin-listen` is `SAKER_ADMIN_LISTEN`. */
export function environmentNameOf(flag: string): string {
  return `SAKER_${flag.replace(/^--/u, '').replaceAll('-', '_').toUpperCase()}`
}

/** What says where the config is, for commands that need nothing else. */
export type ConfigFlags = Pick<
  ServiceFlags,
  'config' | 'dataDir' | 'owner' | 'repository' | 'file' | 'ref' | 'githubToken' | 'githubApiUrl'
>

const CONFIG_FLAGS = new Set(['--config', '--data-dir'])

/**
 * Gives a command the flags that say where the config is, each with its environment variable; without `--data-dir` for one
 * that keeps nothing.
 */
export function addConfigFlags(command: Command, { keeps = true }: { readonly keeps?: boolean } = {}): Command {
  const named = SERVICE_FLAGS.filter(({ long = '' }) => CONFIG_FLAGS.has(long) && (keeps || long !== '--data-dir'))
  const dropIn = DROP_IN_FLAGS.filter(({ long }) => long !== '--notify-url')
  for (const option of [...named, ...dropIn]) command.addOption(option.env(environmentNameOf(option.long ?? '')))
  return command
}

/** Gives a command the flags of a service, each with its environment variable. */
export function addServiceFlags(command: Command): Command {
  for (const option of [...SERVICE_FLAGS, ...DROP_IN_FLAGS]) {
    command.addOption(option.env(environmentNameOf(option.long ?? '')))
  }
  return command
}

/**
 * Removes what must not count as set: empty variables, and switches set to `false`, `0` or `no`, which the command line
 * parser would take for "on" because the variable is there.
 */
export function dropUnsetEnvironment(env: Record<string, string | undefined>): void {
  for (const option of [...SERVICE_FLAGS, ...DROP_IN_FLAGS]) {
    const name = environmentNameOf(option.long ?? '')
    const value = env[name]
    const off = option.isBoolean() && /^(?:false|0|no|off)$/iu.test(value ?? '')
    if (value === '' || off) delete env[name]
  }
}
