import { join, resolve } from 'node:path'
import { asResponseError, type Finding } from '@saker/core'
import type { GitRepositoryOptions } from './git-repository.ts'
import { gitPlaceOf } from './git-place.ts'
import { GitServer } from './git-server.ts'
import { ObjectCache } from './object-cache.ts'

const TIMEOUT_MS = 15_000

/** What is to be pushed. */
interface GitProbe {
  /** Whether commits go to the branch itself. */
  readonly commits: boolean
  /** A branch such as those that are proposed, where any are. */
  readonly proposed: string | undefined
  readonly signal: AbortSignal
}

/**
 * Asks a Git server for the branch and whether it lets us push where the config means to: by a push of what is there
 * already, which is a dry run besides. Hooks that judge new commits are not run by it. Ends as a read of the port does when
 * the branch cannot be had.
 */
export async function probeGit(
  { location, branch, auth, dataDir, timeoutMs = TIMEOUT_MS }: GitRepositoryOptions,
  { commits, proposed, signal }: GitProbe,
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
      const findings = [reachable]
      if (commits) findings.push(await pushFinding(server, { cache, tip, branch, signal }))
      if (proposed === undefined) return findings
      const attempt = { cache, tip, branch: proposed, signal }
      const mayPush = commits ? findings : [...findings, await pushFinding(server, attempt)]
      return [...mayPush, ...(await optionsFindings(server, attempt))]
    } catch (thrown) {
      if (cache.serverFormat === undefined || cache.serverFormat === format) throw thrown
      format = cache.serverFormat
    } finally {
      await cache.remove()
    }
  }
}

interface Attempt {
  readonly cache: ObjectCache
  readonly tip: string
  readonly branch: string
  readonly signal: AbortSignal
}

async function pushFinding(server: GitServer, { cache, tip, branch, signal }: Attempt): Promise<Finding> {
  try {
    await server.tryPush(cache, { sha: tip, branch }, signal)
    const message = 'the server lets Saker push; whether its hooks and branch rules take a new commit shows only then'
    return { verdict: 'ok', what: 'push', message }
  } catch (thrown) {
    const { message, code } = asResponseError(thrown)
    const remedy = 'give the credential write access to the repository'
    return { verdict: 'fail', what: 'push', message: `${message} (${code})`, remedy }
  }
}

/** Whether pull requests can come of pushed branches by themselves. Nothing where it lets nobody push at all. */
async function optionsFindings(
  server: GitServer,
  { cache, tip, branch, signal }: Attempt,
): Promise<readonly Finding[]> {
  const what = 'pull requests'
  const option = 'merge_request.create'
  const takesOptions = await server.tryPush(cache, { sha: tip, branch, option }, signal).catch(() => undefined)
  if (takesOptions === undefined) return []
  if (takesOptions) {
    const message = 'the server takes push options: a GitLab opens a merge request for what Saker pushes'
    return [{ verdict: 'ok', what, message }]
  }
  const message = 'the server takes no push options: Saker pushes a branch, and opens no pull request from it'
  return [{ verdict: 'warn', what, message, remedy: 'open the pull requests by hand, at the address in the outcome' }]
}
