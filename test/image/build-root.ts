import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { layBaseImage } from './base-image.ts'
import { layContext } from './build-context.ts'
import { expand, readDockerfile, type ImageConfig, type Stage, type Step } from './read-dockerfile.ts'
import { runInRoot } from './run-in-root.ts'

/** What is built, and where. */
export interface RootBuild {
  /** The folder of the Dockerfile and the build context. */
  readonly source: string
  /** An empty folder, or one that is to be made. The root file system is `root` in it. */
  readonly folder: string
  /** Where base images and cache mounts are kept for the next build; within the folder by default, and gone with the build. */
  readonly cache?: string | undefined
  /** Values for ARGs. */
  readonly args?: Readonly<Record<string, string>>
  readonly say?: (text: string) => void
}

const EMPTY: ImageConfig = {
  user: '',
  env: {},
  workdir: '/',
  entrypoint: [],
  cmd: [],
  labels: {},
  ports: [],
  volumes: [],
  healthcheck: [],
}

interface Built {
  readonly root: string
  readonly config: ImageConfig
}

/**
 * Builds the last stage of a Dockerfile into a folder without a container engine, and gives the config that the image would
 * have. Needs root, mmdebstrap and unshare. Throws for what it does not understand, and what a failed command printed.
 */
export async function buildRoot(build: RootBuild): Promise<ImageConfig> {
  const { args, stages } = readDockerfile(await readFile(join(build.source, 'Dockerfile'), 'utf8'))
  const target = stages.at(-1)
  if (target === undefined) throw new Error('the Dockerfile has no stage')
  const work = resolve(build.folder, 'work')
  await rm(work, { recursive: true, force: true })
  await layContext(build.source, join(work, 'context'))
  const builder = new StageBuilder({ build, work, stages, globals: { ...args, ...build.args } })
  const { root, config } = await builder.built(target.name)
  await rm(join(build.folder, 'root'), { recursive: true, force: true })
  await rename(root, join(build.folder, 'root'))
  await rm(work, { recursive: true, force: true })
  return config
}

class StageBuilder {
  readonly #build: RootBuild
  readonly #work: string
  readonly #cache: string
  readonly #stages: readonly Stage[]
  readonly #globals: Readonly<Record<string, string>>
  readonly #built = new Map<string, Built>()

  constructor(parts: {
    readonly build: RootBuild
    readonly work: string
    readonly stages: readonly Stage[]
    readonly globals: Readonly<Record<string, string>>
  }) {
    this.#build = parts.build
    this.#work = parts.work
    this.#cache = resolve(parts.build.cache ?? join(parts.work, 'cache'))
    this.#stages = parts.stages
    this.#globals = parts.globals
  }

  /** A stage, built when it is needed for the first time. */
  async built(name: string): Promise<Built> {
    const known = this.#built.get(name)
    if (known !== undefined) return known
    const stage = this.#stages.find((candidate) => candidate.name === name)
    if (stage === undefined) throw new Error(`there is no stage ${name}`)
    let state = await this.#begin(stage)
    for (const step of stage.steps) {
      const change = await this.#take(step, state)
      state = { ...state, ...change }
    }
    const built = { root: state.root, config: state.config }
    this.#built.set(name, built)
    return built
  }

  async #begin({ name, base }: Stage): Promise<StageState> {
    const root = join(this.#work, 'stages', name)
    await mkdir(root, { recursive: true })
    const image = expand(base, this.#globals)
    if (image === 'scratch') return { root, config: EMPTY, args: {} }
    const from = this.#stages.some((stage) => stage.name === image)
      ? await this.built(image)
      : { root: await this.#baseImage(image), config: EMPTY }
    await execa('cp', ['-a', '--reflink=auto', '--no-target-directory', from.root, root])
    return { root, config: from.config, args: {} }
  }

  async #baseImage(reference: string): Promise<string> {
    const root = join(this.#cache, 'bases', reference.replaceAll(/[^\w.-]/gu, '_'))
    const done = `${root}.done`
    if (await exists(done)) return root
    this.#say(`FROM ${reference}`)
    await rm(root, { recursive: true, force: true })
    await layBaseImage(reference, root)
    await mkdir(done)
    return root
  }

  async #take(step: Step, state: StageState): Promise<Partial<StageState>> {
    const variables = { ...state.args, ...state.config.env }
    if (step.kind === 'arg') {
      const value = this.#build.args?.[step.name] ?? step.value ?? this.#globals[step.name]
      return value === undefined ? {} : { args: { ...state.args, [step.name]: value } }
    }
    if (step.kind === 'config') {
      const config = changed(state.config, step.change, variables)
      if (step.change.workdir !== undefined) await mkdir(join(state.root, config.workdir), { recursive: true })
      return { config }
    }
    await (step.kind === 'run' ? this.#run(step, state, variables) : this.#copy(step, state, variables))
    return {}
  }

  async #run(
    { script, caches }: Extract<Step, { kind: 'run' }>,
    { root, config }: StageState,
    env: Readonly<Record<string, string>>,
  ): Promise<void> {
    if (config.user !== '') throw new Error('RUN as another user than root is not understood')
    this.#say(`RUN ${script}`)
    const lent = Object.fromEntries(caches.map(({ id, target }) => [target, join(this.#cache, 'mounts', id)]))
    await runInRoot({ root, script, workdir: config.workdir, env, lent })
  }

  async #copy(
    { from, owner, sources, target }: Extract<Step, { kind: 'copy' }>,
    { root, config }: StageState,
    variables: Readonly<Record<string, string>>,
  ): Promise<void> {
    const origin = from === undefined ? join(this.#work, 'context') : (await this.built(from)).root
    const written = expand(target, variables)
    const destination = join(root, resolve(config.workdir, written))
    this.#say(`COPY ${from === undefined ? '' : `--from=${from} `}${sources.join(' ')} ${target}`)
    for (const source of sources) {
      const path = join(origin, expand(source, variables))
      const intoFolder = !(await stat(path)).isDirectory() && (written.endsWith('/') || sources.length > 1)
      const end = intoFolder ? join(destination, path.slice(path.lastIndexOf('/') + 1)) : destination
      await mkdir(resolve(end, '..'), { recursive: true })
      await execa('cp', ['-a', '--no-target-directory', path.replace(/(?<=.)\/$/u, ''), end.replace(/(?<=.)\/$/u, '')])
      if (owner !== undefined) await execa('chown', ['-R', owner, end])
    }
  }

  #say(text: string): void {
    this.#build.say?.(text)
  }
}

interface StageState extends Built {
  readonly args: Readonly<Record<string, string>>
}

function changed(
  config: ImageConfig,
  { env = {}, labels = {}, workdir, ...others }: Partial<ImageConfig>,
  variables: Readonly<Record<string, string>>,
): ImageConfig {
  const expanded = (entries: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, expand(value, variables)]))
  return {
    ...config,
    ...others,
    env: { ...config.env, ...expanded(env) },
    labels: { ...config.labels, ...expanded(labels) },
    workdir: workdir === undefined ? config.workdir : resolve(config.workdir, expand(workdir, variables)),
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
