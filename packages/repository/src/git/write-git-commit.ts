import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { blobOid, DEFAULT_AUTHOR, ResponseError } from '@saker/core'
import type { ChangeSet, Edit } from '@saker/engine'
import type { ObjectCache } from './object-cache.ts'

/**
 * Puts a commit together in the cache, with exactly the given message and files, and gives its id. Nobody sees it before
 * it is pushed. The base has to be in the cache.
 *
 * Ends in `BRANCH_MOVED` when the base has a file that is to be new, in `MANIFEST_MISSING` or `MANIFEST_NOT_A_FILE` when the base has no such file, in `MANIFEST_NOT_TEXT` when its
 * bytes are not those of `before`, or as the cache does.
 */
export async function writeGitCommit(cache: ObjectCache, changeSet: ChangeSet, signal: AbortSignal): Promise<string> {
  const { baseSha, edits, message, author = DEFAULT_AUTHOR } = changeSet
  await checkEdits(cache, changeSet, signal)
  const index = join(cache.folder, `index-${randomUUID()}`)
  const env = { GIT_INDEX_FILE: index }
  try {
    const entries: string[] = []
    for (const { path, mode, after } of edits) {
      // Mode 0 takes an entry out (https://git-scm.com/docs/git-update-index#_using_index_info).
      if (after === null) entries.push(`0 ${'0'.repeat(baseSha.length)}\t${path}\0`)
      if (after === null) continue
      const oid = await line(cache, ['hash-object', '-w', '--no-filters', '--stdin'], { input: after, signal })
      entries.push(`${mode} ${oid}\t${path}\0`)
    }
    await cache.git(['read-tree', baseSha], { env, signal })
    await cache.git(['update-index', '-z', '--index-info'], { env, input: entries.join(''), signal })
    const tree = await line(cache, ['write-tree'], { env, signal })
    const identity = {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_COMMITTER_NAME: author.name,
      GIT_COMMITTER_EMAIL: author.email,
    }
    const args = ['commit-tree', tree, '-p', baseSha, '-F', '-']
    return await line(cache, args, { env: identity, input: message, signal })
  } finally {
    await Promise.all([index, `${index}.lock`].map((file) => rm(file, { force: true })))
  }
}

async function line(cache: ObjectCache, ...call: Parameters<ObjectCache['git']>): Promise<string> {
  return (await cache.git(...call)).toString('utf8').trim()
}

async function checkEdits(cache: ObjectCache, { baseSha, edits }: ChangeSet, signal: AbortSignal): Promise<void> {
  const paths = edits.map(({ path }) => path)
  if (paths.length === 0) return
  const listing = await cache.git(['ls-tree', '-z', '--full-tree', baseSha, '--', ...paths], { signal })
  const base = new Map(
    listing
      .toString('utf8')
      .split('\0')
      .map((entry) => {
        const [facts = '', path = ''] = entry.split(/\t(.*)/su)
        return [path, facts] as const
      }),
  )
  for (const edit of edits) checkEdit(edit, base.get(edit.path))
}

/** `facts` are `<mode> <type> <id>` of the entry at the edit's path. */
function checkEdit({ path, before }: Edit, facts: string | undefined): void {
  if (before === null) {
    if (facts === undefined) return
    throw new ResponseError('BRANCH_MOVED', `${path} has come to be since the edit was planned`)
  }
  if (facts === undefined) throw new ResponseError('MANIFEST_MISSING', `there is no file ${path} to edit`)
  const [mode = '', type, oid] = facts.split(' ')
  if (type !== 'blob' || mode === '120000') {
    throw new ResponseError('MANIFEST_NOT_A_FILE', `${path} is not a plain file`)
  }
  if (oid !== blobOid(before, oid)) {
    throw new ResponseError('MANIFEST_NOT_TEXT', `the bytes of ${path} are not those that the edit was planned on`)
  }
}
