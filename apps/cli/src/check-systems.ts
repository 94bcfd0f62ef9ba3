import { connect } from 'node:net'
import {
  asResponseError,
  deliveryOf,
  type Config,
  type Delivery,
  type Finding,
  type Repository,
  type Secret,
  type SecretRef,
  type Tree,
} from '@saker/core'
import { checkLayout } from '@saker/engine'
import { openRepository, probeRepository, type OpenRepositoryOptions } from '@saker/repository'
import type { LoadedConfig } from './loaded-config.ts'

/** Something that is asked as one. */
export interface CheckedSystem {
  readonly subject: string
  /** May reject; that is a finding too. */
  readonly ask: (signal: AbortSignal) => Promise<readonly Finding[]>
}

/** What the systems are asked with. */
export interface CheckSurroundings {
  readonly loaded: LoadedConfig
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder for what the git program fetches. */
  readonly dataDir: string
}

/** Everything that a config needs, in the order in which it is told: secrets, Redis, each repository, what is called. */
export function systemsOf({ loaded, env, dataDir }: CheckSurroundings): readonly CheckedSystem[] {
  const { config, secrets } = loaded
  const options = { readSecret: (ref: SecretRef): Promise<Secret> => secrets.read(ref), dataDir, observe: () => {} }
  const trees = new TreesOf(config, options)
  return [
    { subject: 'secrets', ask: () => secretFindings(loaded) },
    { subject: 'Redis', ask: (signal) => redisFindings(env['REDIS_URL'], signal) },
    ...config.repositories.flatMap((repository): readonly CheckedSystem[] => [
      {
        subject: `repository ${repository.name}`,
        ask: async (signal) => probeRepository(repository, options, { ...intentOf(config, repository), signal }),
      },
      { subject: `manifests of ${repository.name}`, ask: (signal) => trees.findings(repository, signal) },
    ]),
    ...notifyRefs(config).map((ref): CheckedSystem => ({
      subject: `notify ${placeOf(ref)}`,
      ask: async (signal) => receiverFindings((await secrets.read(ref)).reveal(), signal),
    })),
  ]
}

function intentOf(
  config: Config,
  repository: Repository,
): { readonly deliveries: readonly Delivery[]; readonly namesAuthor: boolean } {
  const deliveries = new Set(config.responses.map((response) => deliveryOf(repository, response, false)))
  const exceeds = config.guard.maxWorkloads.otherwise
  if (deliveries.has('commit') && exceeds !== 'hold') deliveries.add(exceeds)
  return { deliveries: [...deliveries], namesAuthor: config.commit.author !== undefined }
}

async function redisFindings(url: string | undefined, signal: AbortSignal): Promise<readonly Finding[]> {
  if (url !== undefined && url !== '') {
    const { probeRedis } = await import('@saker/queue')
    return probeRedis(url, signal)
  }
  const message = 'REDIS_URL is not set: saker up starts a private one, saker ingest and saker worker need it'
  return [{ verdict: 'unasked', what: 'reachable', message }]
}

/** Reads the trees of all repositories, each once, and looks into them. */
class TreesOf {
  readonly #config: Config
  readonly #options: OpenRepositoryOptions
  readonly #trees = new Map<string, Promise<Tree>>()

  constructor(config: Config, options: OpenRepositoryOptions) {
    this.#config = config
    this.#options = options
  }

  async findings(repository: Repository, signal: AbortSignal): Promise<readonly Finding[]> {
    const own = await this.#treeOf(repository, signal)
    const others = this.#config.repositories.filter(({ name }) => name !== repository.name)
    // What another one declares only matters here where it can be read; that it cannot be is told under its own name.
    const readable = await Promise.all(
      others.map(async (one) => {
        const tree = await this.#treeOf(one, signal).catch(() => undefined)
        return tree === undefined ? [] : [[one.name, tree] as const]
      }),
    )
    const trees = new Map([[repository.name, own], ...readable.flat()])
    return checkLayout({ config: this.#config, repository, trees })
  }

  #treeOf(repository: Repository, signal: AbortSignal): Promise<Tree> {
    const tree = this.#trees.get(repository.name) ?? this.#read(repository, signal)
    this.#trees.set(repository.name, tree)
    return tree
  }

  async #read(repository: Repository, signal: AbortSignal): Promise<Tree> {
    const host = openRepository(repository, this.#options)
    try {
      return (await host.read({ freshness: 'current', signal })).tree
    } finally {
      await host.close()
    }
  }
}

async function secretFindings({ config, secrets }: LoadedConfig): Promise<readonly Finding[]> {
  const places = new Map(secretRefs(config).map((ref) => [placeOf(ref), ref]))
  const findings = await Promise.all(
    Array.from(places, async ([place, ref]): Promise<Finding> => {
      try {
        await secrets.read(ref)
        return { verdict: 'ok', what: place, message: 'there' }
      } catch (thrown) {
        const remedy = 'set it where Saker runs; it may be there, and only be missing here'
        return { verdict: 'fail', what: place, message: asResponseError(thrown).message, remedy }
      }
    }),
  )
  return findings
}

function secretRefs(config: Config): readonly SecretRef[] {
  const ofRepositories = config.repositories.flatMap(({ auth }) => {
    if (auth.kind === 'token') return [auth.tokenFrom]
    if (auth.kind === 'app') return [auth.privateKeyFrom]
    return auth.kind === 'ssh' ? [auth.keyFrom] : []
  })
  const hmacs = notifications(config).flatMap(({ hmacFrom }) => (hmacFrom === undefined ? [] : [hmacFrom]))
  const tokens = [...config.ingest.tokens, ...config.admin.tokens].map(({ tokenFrom }) => tokenFrom)
  return [...ofRepositories, ...notifyRefs(config), ...hmacs, ...tokens]
}

function notifications(config: Config) {
  return config.repositories.flatMap(({ clusters }) => clusters.flatMap(({ notify }) => notify))
}

function notifyRefs(config: Config): readonly SecretRef[] {
  const refs = notifications(config).map(({ urlFrom }) => urlFrom)
  return [...new Map(refs.map((ref) => [placeOf(ref), ref])).values()]
}

function placeOf(ref: SecretRef): string {
  return 'env' in ref ? ref.env : ref.file
}

/** A receiver is called to act, so it is not called: only whether its host takes a connection is asked. Its URL is secret. */
async function receiverFindings(written: string, signal: AbortSignal): Promise<readonly Finding[]> {
  const url = URL.parse(written)
  if (url === null || !/^https?:$/u.test(url.protocol)) {
    const remedy = 'give it the whole http or https URL of the receiver'
    return [{ verdict: 'fail', what: 'URL', message: 'it is not an http or https URL', remedy }]
  }
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const host = url.hostname.replace(/^\[|\]$/gu, '')
  const problem = await connectionProblem(host, port, signal)
  if (problem !== undefined) {
    const remedy = 'correct the URL, or let Saker reach it; without it the cluster pulls at its own interval'
    return [{ verdict: 'warn', what: 'host', message: `${host}:${port} takes no connection: ${problem}`, remedy }]
  }
  return [
    { verdict: 'ok', what: 'host', message: `${host}:${port} takes connections` },
    { verdict: 'unasked', what: 'receiver', message: 'calling it would set it off; its path and key are not proven' },
  ]
}

async function connectionProblem(host: string, port: number, signal: AbortSignal): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const socket = connect({ host, port })
  signal.addEventListener('abort', () => resolve('no answer in time'), { once: true })
  socket.once('connect', () => resolve(undefined))
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}
