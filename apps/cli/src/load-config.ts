import { readFile } from 'node:fs/promises'
import { ResponseError, type Log } from '@saker/core'
import {
  configFileSource,
  LiveConfig,
  parseConfigText,
  readConfigText,
  secretReader,
  type ReloadObserver,
} from '@saker/service'
import { checkAccess, type Access, type Listening } from './access.ts'
import { dropInConfig, dropInFlagsOf } from './drop-in-config.ts'
import type { ConfigFlags, ServiceFlags } from './flags.ts'
import type { LoadedConfig } from './loaded-config.ts'

/** A config in use, and who may use the servers under it. */
export interface Setup extends LoadedConfig {
  readonly access: Access
}

/** What following a config needs. */
export interface FollowOptions {
  readonly flags: ServiceFlags
  readonly service: Service
  readonly listening: Listening
  readonly log: Log
  readonly observe: ReloadObserver
}

/** What a process of Saker serves. */
export type Service = 'up' | 'ingest' | 'worker'

/**
 * The parts of the config whose secrets a service uses. Ingest, which others can reach, gets along without the credentials
 * of repositories, and a worker without the tokens of senders.
 */
const SECRETS_OF: Readonly<Record<Service, readonly string[] | undefined>> = {
  up: undefined,
  ingest: ['ingest', 'admin'],
  worker: ['repositories', 'admin'],
}

/** In a cluster, the namespace that Saker runs in; it must not be able to switch itself off. */
const OWN_NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

/**
 * Reads the config file and follows it while Saker runs, or makes the config that the drop-in flags are short for, which
 * never changes. Ends in `CONFIG_INVALID`.
 */
export async function followConfig(options: FollowOptions): Promise<LiveConfig<Setup>> {
  const { flags, service, listening, log, observe } = options
  const ownNamespace = await namespaceOfThisPod()
  const named = ownNamespace === undefined ? {} : { ownNamespace }
  const withAccess = async (loaded: LoadedConfig): Promise<Setup> => ({
    ...loaded,
    access: await checkAccess(flags, loaded, listening),
  })
  const path = flags.config
  if (path === undefined) {
    const { config, secrets } = dropInConfig(flags, { env: process.env, ...named })
    const load = (): Promise<Setup> => withAccess({ config, secrets: secretReader(secrets) })
    return LiveConfig.follow({ read: async () => '', load }, { log, observe })
  }
  refuseDropInFlags(flags)
  const secrets = secretReader(process.env)
  const secretsOf = SECRETS_OF[service]
  const needed = secretsOf === undefined ? {} : { secretsOf }
  const load = async (text: string): Promise<Setup> =>
    withAccess({ config: await parseConfigText(text, { path, secrets, ...needed, ...named }), secrets })
  return LiveConfig.follow(configFileSource(path, load), { log, observe })
}

/**
 * Reads the config once, for a command that looks or acts and ends. Only the secrets that it uses need to be there. Ends in
 * `CONFIG_INVALID`.
 */
export async function loadConfigOnce(flags: Omit<ConfigFlags, 'dataDir'>): Promise<LoadedConfig> {
  const ownNamespace = await namespaceOfThisPod()
  const named = ownNamespace === undefined ? {} : { ownNamespace }
  const path = flags.config
  if (path === undefined) {
    const { config, secrets } = dropInConfig(flags, { env: process.env, ...named })
    return { config, secrets: secretReader(secrets) }
  }
  refuseDropInFlags(flags)
  const config = await parseConfigText(await readConfigText(path), { path, ...named })
  return { config, secrets: secretReader(process.env) }
}

function refuseDropInFlags(flags: Omit<ConfigFlags, 'dataDir'>): void {
  const unused = dropInFlagsOf(flags)
  if (unused.length === 0) return
  const message = `--config already says what ${unused.join(', ')} would say; give one or the other`
  throw new ResponseError('CONFIG_INVALID', message)
}

async function namespaceOfThisPod(): Promise<string | undefined> {
  try {
    return (await readFile(OWN_NAMESPACE_FILE, 'utf8')).trim() || undefined
  } catch {
    return undefined
  }
}
