import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import createIgnore from '@balena/dockerignore'

/** Which paths of a folder are sent to a build, as its .dockerignore says. */
export async function readDockerignore(folder: string): Promise<(path: string) => boolean> {
  const rules = createIgnore.default().add(await readFile(join(folder, '.dockerignore'), 'utf8'))
  return (path) => !rules.ignores(path)
}

/** Lays the files of a folder that are sent to a build into another one. */
export async function layContext(folder: string, target: string): Promise<void> {
  const isSent = await readDockerignore(folder)
  for await (const path of filesUnder(folder, '')) {
    if (!isSent(path)) continue
    await mkdir(dirname(join(target, path)), { recursive: true })
    await copyFile(join(folder, path), join(target, path))
  }
}

/** Folders that are large, and that .dockerignore names: not looked into. */
const SKIPPED = new Set(['.git', 'node_modules'])

async function* filesUnder(folder: string, path: string): AsyncGenerator<string> {
  for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
    const inner = path === '' ? entry.name : `${path}/${entry.name}`
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) yield* filesUnder(folder, inner)
    } else yield inner
  }
}
