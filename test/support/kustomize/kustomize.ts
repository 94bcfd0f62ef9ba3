import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { JsonObject } from './json-object.ts'
import type { RepositoryFiles } from './repository-files.ts'

/** What a build came to: the objects in kustomize's order, or why there are none. */
export type Build =
  | { readonly objects: readonly JsonObject[]; readonly error?: undefined }
  | { readonly error: string; readonly objects?: undefined }

/** Where Go installs programs, beside the PATH. */
const PATH = `${process.env['PATH'] ?? ''}:${join(process.env['GOPATH'] ?? join(homedir(), 'go'), 'bin')}`
const MAX_OUTPUT_BYTES = 64_000_000

/** Whether there is a kustomize on this machine. */
export function isKustomizeInstalled(): boolean {
  return spawnSync('kustomize', ['version'], { env: { ...process.env, PATH } }).error === undefined
}

const builds = new Map<string, Promise<Build>>()

/**
 * Builds a folder by the real kustomize, as Flux does: references out of the folder allowed, no plugins, no charts. Equal
 * files give the same build without starting it again.
 */
export function kustomizeBuild(files: RepositoryFiles, folder: string): Promise<Build> {
  const digest = createHash('sha256').update(folder)
  for (const [path, { mode, content }] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    digest.update(`\0${path}\0${mode}\0${content.length}\0`).update(content)
  }
  const key = digest.digest('hex')
  const build = builds.get(key) ?? buildAfresh(files, folder)
  builds.set(key, build)
  return build
}

async function buildAfresh(files: RepositoryFiles, folder: string): Promise<Build> {
  const place = mkdtempSync(join(tmpdir(), 'saker-kustomize-'))
  try {
    for (const [path, { mode, content }] of files) {
      mkdirSync(dirname(join(place, path)), { recursive: true })
      if (mode === '120000') symlinkSync(content.toString(), join(place, path))
      else writeFileSync(join(place, path), content)
    }
    mkdirSync(join(place, folder), { recursive: true })
    return await run(place, folder)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

function run(place: string, folder: string): Promise<Build> {
  const args = ['build', '--load-restrictor', 'LoadRestrictionsNone', join(place, folder)]
  const env = { ...process.env, PATH, GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'none' }
  return new Promise((resolve) => {
    execFile('kustomize', args, { env, cwd: place, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error !== null) resolve({ error: stderr.replaceAll(place, '').trim() || error.message })
      else resolve(objectsIn(stdout))
    })
  })
}

function objectsIn(output: string): Build {
  const documents = parseAllDocuments(output, { logLevel: 'silent' })
  const objects = [...documents].map((document) => document.toJS({ maxAliasCount: -1 }) as JsonObject | null)
  return { objects: objects.filter((object) => object !== null) }
}
