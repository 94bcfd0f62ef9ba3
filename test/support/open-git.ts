import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChangeSet, RepositoryHost } from '@saker/engine'
import { openGitRepository, type GitRepositoryOptions } from '@saker/repository'
import { onTestFinished } from 'vitest'
import { BareRepository, type FileContent } from './bare-repository.ts'

/** A signal that never fires. */
export const unaborted = (): AbortSignal => new AbortController().signal

/** A repository with one manifest, `a.yaml`, unless told otherwise; removed when the test ends. */
export async function makeOrigin(
  files: Readonly<Record<string, FileContent>> = { 'a.yaml': 'a: 1\n' },
): Promise<BareRepository> {
  const origin = await BareRepository.create(files)
  onTestFinished(() => origin.remove())
  return origin
}

/** An empty folder that is removed when the test ends. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'saker-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Opens a repository through the git program on branch `main`, closed when the test ends. */
export async function openGit(
  url: string,
  options: Partial<GitRepositoryOptions> = {},
): Promise<{ readonly host: RepositoryHost; readonly dataDir: string }> {
  const dataDir = options.dataDir ?? (await makeFolder())
  const location = { kind: 'git', url } as const
  const host = openGitRepository({ branch: 'main', auth: { kind: 'none' }, ...options, location, dataDir })
  onTestFinished(() => host.close())
  return { host, dataDir }
}

/** Turns `a: 1` into `a: 2` in `a.yaml`. */
export function changeA(baseSha: string, message = 'change a\n'): ChangeSet {
  return { baseSha, message, edits: [{ path: 'a.yaml', before: 'a: 1\n', after: 'a: 2\n', mode: '100644' }] }
}

/** Reads the tip now and gives its id. */
export async function tipOf(host: RepositoryHost): Promise<string> {
  return (await host.read({ freshness: 'current', signal: unaborted() })).tree.sha
}
