import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import color from 'picocolors'
import { createSampleRepository, git, WORKLOAD_FILE } from './sample-repository.ts'
import { SakerProcess, type LogLine } from './saker-process.ts'
import { cloudEventHeaders, TUTORIAL_ALERT } from './tutorial-alert.ts'

const HELP = `Shows one Falco alert become one commit, on this machine, with nothing set up.

Usage: npx -y pnpm demo [--keep]

  --keep   leave it running afterwards, and print where everything is
  --help   this text
`

/** Exit code of a program that somebody ended. */
const ENDED_EARLY = 130

const say = (line = ''): void => void process.stdout.write(`${line}\n`)
const step = (title: string): void => say(`\n${color.bold(color.cyan(title))}`)
const fact = (name: string, value: string): void => say(`  ${color.dim(name.padEnd(11))}${value}`)
const ms = (from: number, to = performance.now()): string => color.yellow(`${Math.max(0, Math.round(to - from))} ms`)

function configFor(bare: string): string {
  return `version: 1
repositories:
  fleet-infra:
    git: { url: "file://${bare}" }
    branch: main
    delivery: commit
    paths: [./apps]
responses:
  - name: contain-shells
    match: { alertRules: [Terminal shell in container] }
    actions: [{ contain: {} }]
`
}

/** Sends the alert and gives the milliseconds until it was durably stored. */
async function sendAlert(ingest: string): Promise<number> {
  const from = performance.now()
  const answer = await fetch(ingest, {
    method: 'POST',
    headers: cloudEventHeaders(crypto.randomUUID()),
    body: TUTORIAL_ALERT,
  })
  if (answer.status !== 202) throw new Error(`Saker answered ${answer.status} to the alert: ${await answer.text()}`)
  return performance.now() - from
}

/** Proves from the repository alone that exactly the promised commit is in it. */
function checkCommit(bare: string, before: string, settled: LogLine): void {
  const head = git(bare, 'rev-parse', 'main').trim()
  const faults = [
    settled['outcome'] === 'committed'
      ? ''
      : `the outcome is ${String(settled['outcome'])}, not committed: ${JSON.stringify(settled)}`,
    head === settled['sha'] ? '' : `the branch is at ${head}, not at the commit that Saker reported`,
    git(bare, 'rev-parse', 'main^').trim() === before ? '' : 'the commit is not right behind the first one',
    /^ {4}replicas: 0 {7}# three zones$/mu.test(git(bare, 'show', `main:${WORKLOAD_FILE}`))
      ? ''
      : 'the file does not say replicas: 0',
    git(bare, 'log', '-1', '--format=%B', 'main').includes(String(settled['responseId']))
      ? ''
      : 'the commit does not name the response',
  ].filter((fault) => fault !== '')
  if (faults.length > 0) throw new Error(`the commit is not as promised:\n  ${faults.join('\n  ')}`)
}

async function showResponse(bare: string, saker: SakerProcess, ingest: string): Promise<void> {
  const before = git(bare, 'rev-parse', 'main').trim()

  step('The alert, as Falcosidekick sends it')
  const alert = JSON.parse(TUTORIAL_ALERT) as { rule: string; priority: string; output_fields: Record<string, string> }
  fact('rule', alert.rule)
  fact('priority', alert.priority)
  fact('pod', `${alert.output_fields['k8s.ns.name']}/${alert.output_fields['k8s.pod.name']}`)
  fact('command', alert.output_fields['proc.cmdline'] ?? '')
  const sentAt = Date.now()
  const storedMs = await sendAlert(ingest)
  const settled = await saker.line('done with the alert', ({ msg }) => msg === 'response settled')

  step('The decision')
  fact('response', String(settled['response']))
  fact('workload', String(settled['target']))
  fact('file', String(settled['path']))
  checkCommit(bare, before, settled)

  step('The diff')
  say(
    git(bare, 'diff', `--color=${color.isColorSupported ? 'always' : 'never'}`, before, 'main')
      .trimEnd()
      .replaceAll(/^/gmu, '  '),
  )

  step('The commit')
  say(git(bare, 'log', '-1', '--format=%h  %an%n%n%B', 'main').trimEnd().replaceAll(/^/gmu, '  '))

  const made = await saker.line('done with the commit', ({ msg }) => msg === 'commit made')
  const [readMs, planMs, commitMs] = ['readMs', 'planMs', 'commitMs'].map((name) => Number(made[name]))
  const totalMs = settled.time - sentAt
  step('The time')
  fact('202', `${color.yellow(`${Math.round(storedMs)} ms`)}  alert matched and stored in Redis`)
  fact(
    'settle',
    `${color.yellow(`${Math.round(totalMs - storedMs - (readMs ?? 0) - (planMs ?? 0) - (commitMs ?? 0))} ms`)}  wait for more alerts of the same burst`,
  )
  fact('read', `${color.yellow(`${readMs} ms`)}  repository read`)
  fact('plan', `${color.yellow(`${planMs} ms`)}  workload and file found, edit planned`)
  fact('commit', `${color.yellow(`${commitMs} ms`)}  written with the tip it was planned on`)
  fact('total', `${color.yellow(`${totalMs} ms`)}  alert to commit`)
  say(`\n${color.green('✔')} The commit is in the repository. Flux or Argo CD would now scale the workload to zero.`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } })
  if (values.help === true) return say(HELP)
  const folder = mkdtempSync(join(tmpdir(), 'saker-demo-'))
  const ending = whenAskedToEnd()
  let saker: SakerProcess | undefined
  try {
    const started = (one: SakerProcess): void => void (saker = one)
    await Promise.race([run(folder, { keep: values.keep === true, started }), ending])
  } finally {
    await saker?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Resolves when somebody presses Ctrl-C, closes the terminal or ends this process, or nobody reads its output any more. */
function whenAskedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve())
    process.stdout.on('error', () => resolve())
  })
}

async function run(
  folder: string,
  { keep, started }: { readonly keep: boolean; readonly started: (saker: SakerProcess) => void },
): Promise<void> {
  // Ended before the commit was seen is a failure; from there on it is the user's wish.
  process.exitCode = ENDED_EARLY
  const from = performance.now()
  step('Starting')
  const bare = createSampleRepository(folder)
  say(`  ${color.green('✔')} a Git repository with a sample app ${ms(from)}`)
  const config = join(folder, 'saker.yaml')
  writeFileSync(config, configFor(bare))
  const startedAt = performance.now()
  say(`  ${color.dim('… Saker: ingest, worker and a Redis of their own')}`)
  const loopback = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0']
  const saker = new SakerProcess({
    args: ['up', '--config', config, '--data-dir', join(folder, 'data'), '--allow-volatile', ...loopback],
  })
  started(saker)
  const ready = await saker.line('ready', ({ msg }) => msg === 'saker is ready')
  say(`  ${color.green('✔')} Saker is ready ${ms(startedAt)}`)
  if (saker.lines.some(({ msg }) => msg.startsWith('VOLATILE'))) {
    say(`  ${color.yellow('!')} no redis-server on the PATH: for this demo alerts are kept in memory`)
  }
  await showResponse(bare, saker, String(ready['ingest']))
  process.exitCode = 0
  if (!keep) return
  step('Still running')
  fact('alerts', `${String(ready['ingest'])}  (POST a Falco alert here)`)
  fact('admin', `${String(ready['admin'])}/metrics, /readyz, /healthz`)
  fact('repository', `git clone ${bare}`)
  say(`\n  Ctrl-C ends it and removes everything.`)
  await new Promise(() => {})
}

try {
  await main()
} catch (thrown) {
  process.stderr.write(`\n${color.red('✘')} ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
  process.exitCode = 1
}
