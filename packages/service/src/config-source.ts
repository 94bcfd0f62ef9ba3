import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { readConfigText, secretFilesIn } from './config-file.ts'
import type { ConfigSource } from './live-config.ts'

/**
 * A config file, and the files of the secrets that it names, as one source: a secret that appears, changes or is emptied
 * counts as a change of the config, also of one that was refused because the secret was not there yet.
 */
export function configFileSource<T>(path: string, load: (text: string) => Promise<T>): ConfigSource<T> {
  let secretFiles: readonly string[] = []
  return {
    read: async () => `${await digestOf(secretFiles)}\n${await readConfigText(path)}`,
    load: async (source) => {
      const text = source.slice(source.indexOf('\n') + 1)
      secretFiles = secretFilesIn(text)
      return load(text)
    },
  }
}

/** Tells one state of the files from another, and nothing of what stands in them. */
async function digestOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) {
    const content = await readFile(file).catch(() => undefined)
    hash.update(content === undefined ? 'missing' : createHash('sha256').update(content).digest())
  }
  return hash.digest('hex')
}
