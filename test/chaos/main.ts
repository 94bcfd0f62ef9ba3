import { redisAvailable } from '../support/redis-server.ts'
import { CHAOS_HELP, parseChaosOptions } from './chaos-options.ts'
import { ChaosRun } from './chaos-run.ts'
import { printVerdict } from './print-verdict.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function main(): Promise<void> {
  const options = parseChaosOptions(process.argv.slice(2))
  if (options === undefined) return say(CHAOS_HELP)
  if (!redisAvailable) throw new Error('redis-server is not on the PATH')
  const run = new ChaosRun(options, say)
  process.on('SIGINT', () => run.cancel())
  process.on('SIGTERM', () => run.cancel())
  const verdict = await run.run()
  printVerdict(verdict, options, say)
  process.exitCode = verdict.findings.total === 0 ? 0 : 1
}

try {
  await main()
} catch (thrown) {
  process.stderr.write(`chaos: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
  process.exitCode = 1
}
