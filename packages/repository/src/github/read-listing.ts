import { TREE_LIMITS } from '@saker/core'
import { Pauses } from '../tree/pauses.ts'
import type { TreeEntry, TreeGate } from '../tree/tree-gate.ts'
import { listAt, textAt, valueAt } from './github-answer.ts'
import type { GitHubClient } from './github-client.ts'
import type { GitHubCall } from './github-exchange.ts'
import { fileModeOf } from './nested-tree.ts'
import { repositoryPath } from './repository-path.ts'
import type { Tip } from './tip.ts'

/** Parsed at once. A whole listing of 100,000 entries would stop everything else for the better part of a second. */
const PIECE_LENGTH = 200_000
const BETWEEN_ENTRIES = '},{"path":"'
/** An entry is its path and some 300 characters. */
const MAX_BYTES = TREE_LIMITS.entries * 600

/**
 * Lists all entries of the tip in one request, without texts. Undefined when GitHub has more than it lists in one answer.
 *
 * @see https://docs.github.com/en/rest/git/trees#get-a-tree
 */
export async function readListing(
  client: GitHubClient,
  { nameWithOwner, treeSha }: Tip,
  { gate, signal }: { readonly gate: TreeGate; readonly signal: AbortSignal },
): Promise<readonly TreeEntry[] | undefined> {
  const call: GitHubCall = { operation: 'listTree', purpose: 'read', signal }
  const route = `GET ${repositoryPath(nameWithOwner)}/git/trees/${treeSha}?recursive=1`
  const entries: TreeEntry[] = []
  let isComplete = false
  const end = await client.stream(call, {
    route,
    consume: async (body) => {
      const pauses = new Pauses()
      for await (const piece of piecesOf(body)) {
        await pauses.due()
        if (piece === undefined) return 'unreadable'
        if (valueAt(piece, 'truncated') === true) return 'truncated'
        if (valueAt(piece, 'truncated') === false) isComplete = true
        for (const entry of listAt(piece, 'tree') ?? []) addEntry(entry, { gate, entries })
      }
      return isComplete ? 'complete' : 'unreadable'
    },
  })
  if (end === 'unreadable') throw client.unreadable(call)
  return end === 'complete' ? entries : undefined
}

function addEntry(entry: unknown, { gate, entries }: { readonly gate: TreeGate; readonly entries: TreeEntry[] }): void {
  const path = textAt(entry, 'path')
  const oid = textAt(entry, 'sha')
  const written = textAt(entry, 'mode') ?? ''
  if (path === undefined || oid === undefined) return
  if (written === '040000') gate.addFolder(path)
  const mode = fileModeOf(written)
  if (mode === undefined) return
  const size = valueAt(entry, 'size')
  entries.push(gate.addFile({ path, mode, oid, bytes: typeof size === 'number' ? size : 0 }))
}

/**
 * The answer's object in pieces: each holds a part of `tree`, the other keys are in one or the other of them. Cut where
 * one entry ends and the next begins, which cannot be inside a text: there the quotes would be escaped. Where it can be
 * cut nowhere it is one piece. Undefined stands for a piece that cannot be understood.
 */
async function* piecesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void, undefined> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) {
      yield { truncated: true }
      return
    }
    text += decoder.decode(chunk, { stream: true })
    const cut = text.length < PIECE_LENGTH ? -1 : text.lastIndexOf(BETWEEN_ENTRIES)
    if (cut === -1) continue
    yield parsed(`${text.slice(0, cut)}}]}`)
    text = `{"tree":[${text.slice(cut + 2)}`
  }
  yield parsed(text + decoder.decode())
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
