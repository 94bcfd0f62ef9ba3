import { readFile } from 'node:fs/promises'
import { asResponseError, parseConfig, ResponseError, type Config, type ConfigFault, type SecretRef } from '@saker/core'
import { readYamlWithPositions } from '@saker/manifest'
import type { SecretReader } from './secrets.ts'

/** Where a config text comes from, and what it is checked against. */
export interface ConfigTextOptions {
  /** The file's path, for messages. */
  readonly path: string
  /** Absent: the secrets that it names are not looked at. */
  readonly secrets?: SecretReader
  /** Parts of the config, by their first key, whose secrets have to be there. Absent: all. */
  readonly secretsOf?: readonly string[]
  /** The namespace that Saker itself runs in. */
  readonly ownNamespace?: string
}

/** The text of a config file. Ends in `CONFIG_INVALID` when it cannot be read. */
export async function readConfigText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    throw new ResponseError('CONFIG_INVALID', `config file ${path} cannot be read${why}`, { cause })
  }
}

/**
 * Makes a config of a file's text. Ends in `CONFIG_INVALID` with every fault on a line of its own, secrets that are missing
 * or empty among them, as `file:line:column path: what is wrong`; no line holds a value of the file.
 */
export async function parseConfigText(text: string, options: ConfigTextOptions): Promise<Config> {
  const { path, ownNamespace } = options
  const yaml = readYamlWithPositions(text)
  if (yaml.faults.length > 0) {
    throw invalid(
      path,
      yaml.faults.map(({ line, column, message }) => `${path}:${line}:${column} ${message}`),
    )
  }
  const parsed = parseConfig(yaml.value, ownNamespace === undefined ? {} : { ownNamespace })
  const faults = [...('faults' in parsed ? parsed.faults : []), ...(await secretFaults(yaml.value, options))]
  if ('config' in parsed && faults.length === 0) return parsed.config
  const located = faults.map((fault) => ({ fault, at: yaml.positionOf(fault.path) ?? { line: 1, column: 1 } }))
  located.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
  throw invalid(
    path,
    located.map(({ fault, at }) => `${path}:${at.line}:${at.column} ${describeFault(fault)}`),
  )
}

/** `responses[0].match.priority: must be …`, for faults that have no file, as for those that have one. */
export function describeFault({ path, message }: ConfigFault): string {
  const where = path.map(describeStep).join('').replace(/^\./u, '')
  return `${where === '' ? 'the config' : where}: ${message}`
}

/** Names of fields and labels hold dots themselves. */
function describeStep(key: string | number): string {
  return typeof key === 'string' && /^[\w-]+$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

/** Every file that a config text names for a secret, each once, whatever else is wrong with the text. */
export function secretFilesIn(text: string): readonly string[] {
  const files = secretRefsIn(readYamlWithPositions(text).value, []).flatMap(({ ref }) =>
    'file' in ref ? [ref.file] : [],
  )
  return [...new Set(files)]
}

/** One fault for every secret that is named in a config, right or wrong elsewhere, has to be there and cannot be read. */
async function secretFaults(
  written: unknown,
  { secrets, secretsOf }: ConfigTextOptions,
): Promise<readonly ConfigFault[]> {
  if (secrets === undefined) return []
  const needed = secretRefsIn(written, []).filter(({ path }) => secretsOf?.includes(String(path[0])) ?? true)
  const faults = needed.map(async ({ ref, path }): Promise<ConfigFault[]> => {
    try {
      await secrets.read(ref)
      return []
    } catch (thrown) {
      return [{ path, message: asResponseError(thrown).message }]
    }
  })
  return (await Promise.all(faults)).flat()
}

/** Secrets are named by keys that end in `From`. */
function secretRefsIn(value: unknown, path: ConfigFault['path']): { ref: SecretRef; path: ConfigFault['path'] }[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const at = [...path, Array.isArray(value) ? Number(key) : key]
    return key.endsWith('From') && isSecretRef(inner) ? [{ ref: inner, path: at }] : secretRefsIn(inner, at)
  })
}

function isSecretRef(value: unknown): value is SecretRef {
  if (typeof value !== 'object' || value === null) return false
  const [[key, place] = [], ...rest] = Object.entries(value)
  return rest.length === 0 && (key === 'env' || key === 'file') && typeof place === 'string' && place !== ''
}

function invalid(what: string, lines: readonly string[]): ResponseError {
  const count = lines.length === 1 ? 'one fault' : `${lines.length} faults`
  return new ResponseError(
    'CONFIG_INVALID',
    `${what} is invalid, ${count}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
  )
}
