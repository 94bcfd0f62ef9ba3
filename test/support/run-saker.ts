import { join } from 'node:path'
import { execa } from 'execa'

const ROOT = join(import.meta.dirname, '../..')
const CLI = join(ROOT, 'apps/cli/src/main.ts')

/** How a command ended. */
export interface EndedCommand {
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** How a command is run. */
export interface CommandRun {
  /** Beside what of our environment does not concern Saker. */
  readonly env?: Readonly<Record<string, string>>
  /** Standard input; empty by default. */
  readonly input?: string
  /** The root of this repository by default. */
  readonly cwd?: string
}

/** Runs a `saker` command that ends by itself. */
export async function runSaker(
  args: readonly string[],
  { env = {}, input = '', cwd = ROOT }: CommandRun = {},
): Promise<EndedCommand> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:SAKER_|REDIS_URL$|GITHUB_TOKEN$|NO_COLOR$|FORCE_COLOR$)/u.test(name),
  )
  const { exitCode, stdout, stderr } = await execa(process.execPath, ['--conditions=saker-source', CLI, ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    extendEnv: false,
    input,
    cwd,
    reject: false,
    stripFinalNewline: false,
  })
  return { exitCode, stdout, stderr }
}
