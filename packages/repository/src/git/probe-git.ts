import { join, resolve } from 'node:path'
import { asResponseError, type Finding } from '@saker/core'
import type { GitRepositoryOptions } from './git-repository.ts'
import { gitPlaceOf } from './git-place.ts'
import { GitServer } from './git-server.ts'
import { ObjectCache } from './object-cache.ts'

const TIMEOUT_MS = 15_000

/**
 * Asks a Git server for the branch and, where `writes`, whether it lets us push: by a push of what is there already, which
 * is a dry run besides. Hooks that judge new commits are not run by it. Ends as a read of the port does when the branch cannot
 * be had.
 */
export async function probeGit(
  { location, branch, auth, dataDir, timeoutMs = TIMEOUT_MS }: GitRepositoryOptions,
  { writes, signal }: { readonly writes: boolean; readonly signal: AbortSignal },
): Promise<readonly Finding[]> {
  const place = gitPlaceOf(location, branch, auth)
  const server = new GitServer({ place, auth, timeoutMs })
  const parent = join(resolve(dataDir), 'git')
  let format: ObjectCache['format'] = 'sha1'
  for (;;) {
    const cache = await ObjectCache.create({ parent, name: place.slug, format, signal })
    try {
      const tip = await server.fetchTip(cache, 1, signal)
      const reachable: Finding = { verdict: 'ok', what: 'reachable', message: `${branch} is at ${tip.slice(0, 12)}` }
      return writes ? [reachable, await pushFinding(server, { cache, tip, signal })] : [reachable]
    } catch (thrown) {
      if (cache.serverFormat === undefined || cache.serverFormat === format) throw thrown
      format = cache.serverFormat
    } finally {
      await cache.remove()
    }
  }
}

async function pushFinding(
  server: GitServer,
  { cache, tip, signal }: { readonly cache: ObjectCache; readonly tip: string; readonly signal: AbortSignal },
): Promise<Finding> {
  try {
    await server.tryPush(cache, tip, signal)
    const message = 'the server lets Saker push; whether its hooks and branch rules take a new commit shows only then'
    return { verdict: 'ok', what: 'push', message }
  } catch (thrown) {
    const { message, code } = asResponseError(thrown)
    const remedy = 'give the credential write access to the repository'
    return { verdict: 'fail', what: 'push', message: `${message} (${code})`, remedy }
  }
}
