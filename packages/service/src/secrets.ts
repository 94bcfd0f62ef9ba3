import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ResponseError, Secret, type SecretRef } from '@saker/core'

/** Reads secrets where the config says they stand. */
export interface SecretReader {
  /** The secret as it is now. Ends in `CONFIG_INVALID` when it is missing or empty; the message names the place, never the value. */
  read(ref: SecretRef): Promise<Secret>
}

/** A file that is just being replaced is away or empty for a moment, and a response must not fail for that. */
const TRIES = 3
const TRY_AGAIN_MS = 100

/**
 * A reader over environment variables and files. Files are read at every call, so that a rotated one is seen at once; a
 * line end behind the value is not part of it, because editors and `echo` add one.
 */
export function secretReader(
  env: Readonly<Record<string, string | undefined>>,
  wait: (ms: number) => Promise<unknown> = sleep,
): SecretReader {
  return {
    async read(ref) {
      const place = 'env' in ref ? `environment variable ${ref.env}` : `file ${ref.file}`
      const value = 'env' in ref ? env[ref.env] : await settledText(ref.file, wait)
      if (value === undefined) throw new ResponseError('CONFIG_INVALID', `secret in ${place} is missing`)
      const trimmed = value.replace(/\r?\n$/u, '')
      if (trimmed === '') throw new ResponseError('CONFIG_INVALID', `secret in ${place} is empty`)
      return new Secret(trimmed)
    },
  }
}

async function settledText(path: string, wait: (ms: number) => Promise<unknown>): Promise<string | undefined> {
  for (let left = TRIES - 1; left > 0; left--) {
    const text = await textOf(path).catch(() => undefined)
    if (text !== undefined && text.trim() !== '') return text
    await wait(TRY_AGAIN_MS)
  }
  return textOf(path)
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new ResponseError('CONFIG_INVALID', `secret file ${path} cannot be read`, { cause })
  }
}
