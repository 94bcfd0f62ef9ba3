import { readFile } from 'node:fs/promises'
import { parseConfig, ResponseError, type Config, type ConfigFault, type SecretRef } from '@saker/core'
import { readYamlWithPositions } from '@saker/manifest'
import type { SecretReader } from './secrets.ts'

/**
 * Reads the config file. Ends in `CONFIG_INVALID` with every fault on a line of its own, as `file:line:column path:
 * what is wrong`; no line holds a value of the file.
 */
export async function readConfigFile(path: string, options: { readonly ownNamespace?: string } = {}): Promise<Config> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new ResponseError('CONFIG_INVALID', `config file ${path} cannot be read`, { cause })
  }
  const yaml = readYamlWithPositions(text)
  if (yaml.faults.length > 0) {
    throw invalid(
      path,
      yaml.faults.map(({ line, column, message }) => `${path}:${line}:${column} ${message}`),
    )
  }
  const parsed = parseConfig(yaml.value, options)
  if ('config' in parsed) return parsed.config
  const located = parsed.faults.map((fault) => ({ fault, at: yaml.positionOf(fault.path) ?? { line: 1, column: 1 } }))
  located.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
  throw invalid(
    path,
    located.map(({ fault, at }) => `${path}:${at.line}:${at.column} ${describeFault(fault)}`),
  )
}

/** `responses[0].match.priority: must be …`, for faults that have no file, as for those that have one. */
export function describeFault({ path, message }: ConfigFault): string {
  const where = path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at === 0 ? '' : '.'}${key}`)).join('')
  return `${where === '' ? 'the config' : where}: ${message}`
}

/** Reads every secret that a config names. Ends in `CONFIG_INVALID` listing all that are missing or empty. */
export async function checkSecrets(config: Config, secrets: SecretReader): Promise<void> {
  const results = await Promise.allSettled(secretRefsOf(config).map((ref) => secrets.read(ref)))
  const faults = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as Error).message] : []))
  if (faults.length > 0) throw invalid('the config', [...new Set(faults)])
}

function secretRefsOf(config: Config): readonly SecretRef[] {
  const ofRepositories = config.repositories.flatMap(({ auth, clusters }) => {
    const notify = clusters.flatMap((cluster) => cluster.notify)
    const credential =
      auth.kind === 'token'
        ? [auth.tokenFrom]
        : auth.kind === 'app'
          ? [auth.privateKeyFrom]
          : auth.kind === 'ssh'
            ? [auth.keyFrom]
            : []
    return [
      ...credential,
      ...notify.flatMap(({ urlFrom, hmacFrom }) => (hmacFrom === undefined ? [urlFrom] : [urlFrom, hmacFrom])),
    ]
  })
  return [...ofRepositories, ...[...config.ingest.tokens, ...config.admin.tokens].map(({ tokenFrom }) => tokenFrom)]
}

function invalid(what: string, lines: readonly string[]): ResponseError {
  const count = lines.length === 1 ? 'one fault' : `${lines.length} faults`
  return new ResponseError(
    'CONFIG_INVALID',
    `${what} is invalid, ${count}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
  )
}
