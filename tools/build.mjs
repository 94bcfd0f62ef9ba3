// Compiles the packages and apps to JavaScript: src/X.ts of each becomes dist/X.js, which is what its `exports` name where
// the condition `saker-source` is not set. The image runs that; everything in this repository runs the sources.
//
//   node tools/build.mjs [FOLDER]
//
// With a folder, the same tree of dist folders is laid there and not beside the sources.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
const out = resolve(process.argv[2] ?? ROOT)

/** TypeScript lays everything under one folder; each package gets its own part of it. */
function lay(compiled) {
  for (const room of ['apps', 'packages']) {
    for (const name of readdirSync(join(compiled, room))) {
      const dist = join(out, room, name, 'dist')
      rmSync(dist, { recursive: true, force: true })
      mkdirSync(join(out, room, name), { recursive: true })
      cpSync(join(compiled, room, name, 'src'), dist, { recursive: true })
    }
  }
}

const compiled = mkdtempSync(join(tmpdir(), 'saker-build-'))
try {
  const compiler = join(ROOT, 'node_modules', '.bin', 'tsc')
  const { status } = spawnSync(compiler, ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', compiled], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exitCode = status ?? 1
  else lay(compiled)
} finally {
  rmSync(compiled, { recursive: true, force: true })
}
