import type { Config } from '@saker/core'
import type { SecretReader } from '@saker/service'

/** A config with all its secrets in reach. */
export interface LoadedConfig {
  readonly config: Config
  readonly secrets: SecretReader
}
