import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildRoot } from './build-root.ts'

/**
 * `pnpm image-root FOLDER [--cache FOLDER] [--arg NAME=VALUE]…`: the root file system of the image in FOLDER/root, and what
 * the image says about it in FOLDER/config.json.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { cache: { type: 'string' }, arg: { type: 'string', multiple: true, default: [] } },
})
const [folder] = positionals
if (folder === undefined) throw new Error('say where: pnpm image-root FOLDER')
await mkdir(folder, { recursive: true })
const started = Date.now()
const config = await buildRoot({
  source: resolve(import.meta.dirname, '../..'),
  folder: resolve(folder),
  cache: values.cache,
  args: Object.fromEntries(values.arg.map((arg) => [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)])),
  say: (text) => process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1)} s  ${text}\n`),
})
await writeFile(join(folder, 'config.json'), `${JSON.stringify(config, undefined, 2)}\n`)
process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1)} s  done\n`)
