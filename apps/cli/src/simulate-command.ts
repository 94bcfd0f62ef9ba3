import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  asResponseError,
  clusterNames,
  ResponseError,
  type Config,
  type Repository,
  type Secret,
  type SecretRef,
  type Tree,
} from '@saker/core'
import { Simulation } from '@saker/engine'
import { openRepository } from '@saker/repository'
import { Option, type Command } from 'commander'
import { alertInputs, describePlace, type AlertInput } from './alert-inputs.ts'
import { addConfigFlags, type ConfigFlags } from './flags.ts'
import { loadConfigOnce } from './load-config.ts'
import type { LoadedConfig } from './loaded-config.ts'
import { jsonPrinter, SimulationTally, textPrinter, type RecordPrinter } from './simulate-output.ts'
import { recordsOf } from './simulated-record.ts'
import { paintFor, plainText } from './terminal-text.ts'

interface SimulateFlags extends Omit<ConfigFlags, 'dataDir'> {
  readonly cluster?: string
  readonly json?: boolean
}

const HELP = `
Each FILE holds alerts as Falco, Falcosidekick (webhook, Talon, CloudEvents) or an archive of them writes them: one JSON
per line, or one JSON document, which may be an array. Without a FILE, and for -, standard input is read.

Nothing is written: not to a repository, not to Redis, which is not asked at all. Each alert is planned by itself on the
newest commit; allowed and protected namespaces count, while caps, mutes, age and the merging of repeated alerts do not.

The exit code is 1 when an input, an alert or a repository could not be read; everything else is shown all the same.

Examples:
  saker simulate --config saker.yaml alerts.jsonl
  kubectl logs -n falco daemonset/falco | grep '^{' | saker simulate --config saker.yaml --cluster prod
  saker simulate --config saker.yaml --json alerts.jsonl | jq 'map(select(.outcome == "failed"))'`

/** Adds `saker simulate [FILE…]`. */
export function addSimulateCommand(program: Command): void {
  const command = program
    .command('simulate')
    .description('show what alerts would lead to: response, workload, file and diff; writes nothing anywhere')
    .argument('[file...]', 'files with alerts (default: standard input)')
    .addOption(
      new Option('--cluster <name>', 'the cluster that the alerts are of; needed where the config has several'),
    )
    .addOption(new Option('--json', 'print an array for machines, documented in docs/simulate.md'))
    .addHelpText('after', HELP)
  addConfigFlags(command, { keeps: false }).action(async (files: readonly string[], flags: SimulateFlags) => {
    process.exitCode = await simulate(files.length === 0 ? ['-'] : files, flags)
  })
}

async function simulate(files: readonly string[], flags: SimulateFlags): Promise<number> {
  const loaded = await loadConfigOnce(flags)
  const { config } = loaded
  const cluster = chooseCluster(config, flags.cluster)
  const dataDir = await mkdtemp(join(tmpdir(), 'saker-simulate-'))
  const end = (exitCode: number): never => {
    rmSync(dataDir, { recursive: true, force: true })
    process.exit(exitCode)
  }
  process.once('SIGINT', () => end(130)).once('SIGTERM', () => end(143))
  // A reader that has read enough, such as head, is gone without a word.
  process.stdout.once('error', () => end(0))
  try {
    const tell = (text: string): void => void process.stderr.write(`saker: ${text}\n`)
    const trees = new TreeReader({ loaded, dataDir, tell })
    const simulation = new Simulation({ config, cluster, read: (one) => trees.read(one), now: Date.now })
    const isJson = flags.json === true
    const print = isJson
      ? jsonPrinter(process.stdout)
      : textPrinter(process.stdout, paintFor(process.stdout, process.env))
    const faults = await simulateAll(alertInputs(files, process.stdin), { cluster, simulation, print, tell })
    return faults > 0 || trees.failures > 0 ? 1 : 0
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Ends in `CLUSTER_UNSPECIFIED` or `CLUSTER_UNKNOWN`. */
function chooseCluster(config: Config, named: string | undefined): string {
  const known = clusterNames(config)
  const cluster = named ?? (known.length === 1 ? known[0] : undefined)
  const choice = `--cluster must be one of ${known.join(', ')}`
  if (cluster === undefined) throw new ResponseError('CLUSTER_UNSPECIFIED', choice)
  if (!known.includes(cluster)) throw new ResponseError('CLUSTER_UNKNOWN', choice)
  return cluster
}

interface TreeReaderOptions {
  readonly loaded: LoadedConfig
  readonly dataDir: string
  readonly tell: (text: string) => void
}

/** Reads repositories, each with a host that is closed right after, and says what it reads and what it cannot. */
class TreeReader {
  readonly #options: TreeReaderOptions
  /** Repositories that could not be read. */
  failures = 0

  constructor(options: TreeReaderOptions) {
    this.#options = options
  }

  async read(repository: Repository): Promise<Tree> {
    const { loaded, dataDir, tell } = this.#options
    const { name } = repository
    tell(`reading repository ${name}`)
    const readSecret = (ref: SecretRef): Promise<Secret> => loaded.secrets.read(ref)
    const host = openRepository(repository, { readSecret, dataDir, observe: () => {} })
    try {
      return (await host.read({ freshness: 'current', signal: new AbortController().signal })).tree
    } catch (thrown) {
      const { message, code } = asResponseError(thrown)
      this.failures += 1
      tell(plainText(`repository ${name} cannot be read: ${message} (${code})`))
      throw thrown
    } finally {
      await host.close()
    }
  }
}

interface Simulating {
  readonly cluster: string
  readonly simulation: Simulation
  readonly print: RecordPrinter
  readonly tell: (text: string) => void
}

/** Prints what comes of all alerts, and gives how many of them, or of their inputs, could not be read. */
async function simulateAll(
  inputs: AsyncIterable<AlertInput>,
  { cluster, simulation, print, tell }: Simulating,
): Promise<number> {
  const tally = new SimulationTally(tell)
  for await (const one of inputs) {
    if ('fault' in one) {
      tally.addFault()
      tell(plainText(`${describePlace(one)}: ${one.fault.message} (${one.fault.code})`))
      continue
    }
    const { alert, ...place } = one
    const records = recordsOf({ alert, index: tally.alerts, place, cluster }, await simulation.answer(alert))
    tally.add(records)
    await print.records(records)
  }
  await print.end()
  tell(tally.summary())
  return tally.faults
}
