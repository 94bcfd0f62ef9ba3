import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

const BARE_ENVIRONMENT = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
}

/** How the program ended. */
export interface GitResult {
  readonly exitCode: number | null
  readonly stdout: Buffer
}

/** What the program is given beside its arguments. */
export interface GitInput {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Runs git in a folder, without a shell and without the machine's own settings. Plain `spawn`, because a double starts
 * the program hundreds of times per test run. Never rejects for an exit code.
 */
export async function runGit(
  folder: string,
  args: readonly string[],
  { input, env }: GitInput = {},
): Promise<GitResult> {
  const child = spawn('git', args, {
    cwd: folder,
    env: { ...BARE_ENVIRONMENT, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  // Git may end before it has read everything; its exit code tells.
  child.stdin.on('error', () => {})
  child.stdin.end(input ?? '')
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  const [stdout, exitCode] = await Promise.all([buffer(child.stdout), ended])
  return { exitCode, stdout }
}

/** Its standard output as text without the final line end; throws when git fails. */
export async function gitText(folder: string, args: readonly string[], given: GitInput = {}): Promise<string> {
  const { exitCode, stdout } = await runGit(folder, args, given)
  if (exitCode !== 0) throw new Error(`git ${args[0] ?? ''} ended with ${exitCode} in ${folder}`)
  return stdout.toString('utf8').replace(/\n$/u, '')
}

/** Its standard output as it comes. Closing that ends the program. */
export function streamGit(folder: string, args: readonly string[]): Readable {
  const child = spawn('git', args, { cwd: folder, env: BARE_ENVIRONMENT, stdio: ['ignore', 'pipe', 'ignore'] })
  child.once('error', (error) => child.stdout.destroy(error))
  child.stdout.once('close', () => child.kill())
  return child.stdout
}
