import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ImageRoot } from './image-container.ts'
import type { ImageConfig } from './read-dockerfile.ts'

const folder = process.env['SAKER_IMAGE_ROOT']

/** Why tests of the built image cannot run here; empty where they can. `pnpm test:image` builds it and runs them. */
export const NO_IMAGE =
  folder === undefined
    ? ' (skipped: SAKER_IMAGE_ROOT names no built image)'
    : process.getuid?.() === 0
      ? ''
      : ' (skipped: only root can enter the image)'

/** The image that `pnpm image-root` has built into the folder of SAKER_IMAGE_ROOT. */
export function builtImage(): ImageRoot {
  const built = resolve(import.meta.dirname, '../..', folder ?? '')
  const root = join(built, 'root')
  if (!existsSync(root)) throw new Error(`there is no image in ${built}: pnpm image-root ${folder} makes it`)
  return { root, config: JSON.parse(readFileSync(join(built, 'config.json'), 'utf8')) as ImageConfig }
}
