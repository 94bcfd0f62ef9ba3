import { spawnSync } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Programs without which some tests cannot run. `.ci/run` installs them all. */
const PROGRAMS: readonly (readonly [program: string, versionFlag: string, tests: string])[] = [
  ['redis-server', '--version', 'tests over a real Redis'],
  ['openssl', 'version', 'tests of client certificates'],
  ['sshd', '-V', 'the test over a real ssh server'],
  ['kustomize', 'version', 'proofs of plans by the real kustomize'],
  ['chromium', '--version', 'tests in a real browser'],
  ['helm', 'version', 'tests of the Helm chart'],
  ['promtool', '--version', 'tests of the alerts about Saker'],
  ['prometheus', '--version', 'tests of what a real Prometheus makes of the metrics'],
  ['hadolint', '--version', 'the linter of the Dockerfile'],
]

/** Runs once before all tests: says which programs are missing, and what is skipped for that. */
export function setup(): void {
  const goPrograms = join(process.env['GOPATH'] ?? join(homedir(), 'go'), 'bin')
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin:${goPrograms}`
  for (const [program, flag, tests] of PROGRAMS) {
    const found = spawnSync(program, [flag], { env: { ...process.env, PATH: path } }).error === undefined
    if (!found) process.stderr.write(`SKIPPED: ${tests}, because there is no ${program} on this machine\n`)
  }
  if (process.env['SAKER_IMAGE_ROOT'] === undefined)
    process.stderr.write('SKIPPED: tests of the built image, because SAKER_IMAGE_ROOT names none: pnpm test:image\n')
}
