import { readFile } from 'node:fs/promises'
import { ResponseError, type Config } from '@saker/core'
import { checkSecrets, readConfigFile, secretReader, type SecretReader } from '@saker/service'
import { dropInConfig, dropInFlagsOf } from './drop-in-config.ts'
import type { ServiceFlags } from './flags.ts'

/** A config with all its secrets in reach. */
export interface LoadedConfig {
  readonly config: Config
  readonly secrets: SecretReader
}

/** In a cluster, the namespace that Saker runs in; it must not be able to switch itself off. */
const OWN_NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

/** Reads the config file, or makes the config that the drop-in flags are short for. Ends in `CONFIG_INVALID`. */
export async function loadConfig(flags: ServiceFlags, env: NodeJS.ProcessEnv): Promise<LoadedConfig> {
  const ownNamespace = await namespaceOfThisPod()
  const options = ownNamespace === undefined ? {} : { ownNamespace }
  if (flags.config === undefined) {
    const { config, secrets } = dropInConfig(flags, { env, ...options })
    return { config, secrets: secretReader(secrets) }
  }
  const unused = dropInFlagsOf(flags)
  if (unused.length > 0) {
    throw new ResponseError(
      'CONFIG_INVALID',
      `--config already says what ${unused.join(', ')} would say; give one or the other`,
    )
  }
  const config = await readConfigFile(flags.config, options)
  const secrets = secretReader(env)
  await checkSecrets(config, secrets)
  return { config, secrets }
}

async function namespaceOfThisPod(): Promise<string | undefined> {
  try {
    return (await readFile(OWN_NAMESPACE_FILE, 'utf8')).trim() || undefined
  } catch {
    return undefined
  }
}
