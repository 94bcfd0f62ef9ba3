import { readFile } from 'node:fs/promises'
import { ResponseError, Secret, type SecretRef } from '@saker/core'

/** Reads secrets where the config says they stand. */
export interface SecretReader {
  /** The secret as it is now. Ends in `CONFIG_INVALID` when it is missing or empty; the message names the place, never the value. */
  read(ref: SecretRef): Promise<Secret>
}

/**
 * A reader over environment variables and files. Files are read at every call, so that a rotated one is seen at once; a
 * line end behind the value is not part of it, because editors and `echo` add one.
 */
export function secretReader(env: Readonly<Record<string, string | undefined>>): SecretReader {
  return {
    async read(ref) {
      const place = 'env' in ref ? `environment variable ${ref.env}` : `file ${ref.file}`
      const value = 'env' in ref ? env[ref.env] : await textOf(ref.file)
      if (value === undefined) throw new ResponseError('CONFIG_INVALID', `secret in ${place} is missing`)
      const trimmed = value.replace(/\r?\n$/u, '')
      if (trimmed === '') throw new ResponseError('CONFIG_INVALID', `secret in ${place} is empty`)
      return new Secret(trimmed)
    },
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new ResponseError('CONFIG_INVALID', `secret file ${path} cannot be read`, { cause })
  }
}
