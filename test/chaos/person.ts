import { renderFleetFile, revisionLine, type FleetFile } from './fleet-file.ts'
import type { ChaosLane, ChaosWorkload } from './fleet.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What somebody changed in one commit. */
export type PersonChange =
  /** Set all contained workloads of a file back to what people want of them. */
  | { readonly change: 'reset'; readonly path: string; readonly replicas: ReadonlyMap<string, number> }
  /** Rewrote a comment in a file that Saker writes too. */
  | { readonly change: 'comment'; readonly path: string; readonly workload: string; readonly revision: number }
  /** Wrote a file that Saker has nothing to do with. */
  | { readonly change: 'notes'; readonly text: string }

/** A commit of somebody else that is in the branch. */
export interface PersonCommit {
  readonly lane: ChaosLane
  readonly sha: string
  readonly change: PersonChange
}

const IDENTITY = { name: 'A Person', email: 'person@example.test' }

/** Lost races after which the person gives up, as people do. */
const MAX_TRIES = 50

/** Somebody who works in the same repositories: reads the tip, changes a little, pushes without force, tries again. */
export class Person {
  /** Everything that landed. */
  readonly commits: PersonCommit[] = []
  readonly #random: SeededRandom
  #count = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** Pushes one commit to a repository. */
  async push(lane: ChaosLane): Promise<void> {
    const workload = this.#random.pick(lane.workloads)
    const wish = this.#random.next()
    this.#count += 1
    const count = this.#count
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (await this.#tryOnce(lane, { workload, wish, count })) return
    }
    throw new Error(`a person lost ${MAX_TRIES} races in a row for ${lane.name}`)
  }

  async #tryOnce(
    lane: ChaosLane,
    { workload, wish, count }: { readonly workload: ChaosWorkload; readonly wish: number; readonly count: number },
  ): Promise<boolean> {
    const { repository } = lane
    const head = await repository.head('main')
    if (head === undefined) throw new Error(`${lane.name} has lost its branch`)
    const text = await repository.origin.read(workload.path, head)
    const { change, path, mode, content } = changed({ lane, workload, text, wish, count })
    const oid = await repository.writeBlob(content)
    const tree = await repository.writeTree(head, [{ path, mode, oid }])
    if (tree === undefined) throw new Error(`a person could not write a tree on ${head} of ${lane.name}`)
    const message = `a person's change ${count}: ${change.change}\n`
    const sha = await repository.writeCommit({ tree, parents: [head], message, author: IDENTITY, committer: IDENTITY })
    if (!(await repository.moveBranch('main', sha, head))) return false
    this.commits.push({ lane, sha, change })
    return true
  }
}

function changed({
  lane,
  workload: { name, path },
  text,
  wish,
  count,
}: {
  readonly lane: ChaosLane
  readonly workload: ChaosWorkload
  readonly text: string
  readonly wish: number
  readonly count: number
}): { readonly change: PersonChange; readonly path: string; readonly mode: string; readonly content: string } {
  const mode = lane.files.find((file) => file.path === path)?.mode ?? '100644'
  const stopped = lane.workloads.filter((one) => one.path === path && /replicas: 0/u.test(manifestOf(text, one.name)))
  if (wish < 0.7 && stopped.length > 0) {
    const replicas = new Map(stopped.map((one) => [one.name, one.wanted]))
    let content = text
    for (const one of stopped) {
      const before = manifestOf(text, one.name)
      content = content.replace(before, before.replace(/replicas: 0/u, `replicas: ${one.wanted}`))
    }
    return { change: { change: 'reset', path, replicas }, path, mode, content }
  }
  if (wish < 0.9) {
    const block = manifestOf(text, name)
    const after = revisionLine({ name, revision: count })
    const content = text.replace(block, block.replace(/^#.*\n/u, after))
    return { change: { change: 'comment', path, workload: name, revision: count }, path, mode, content }
  }
  const notes = `revision ${count}\n`
  return { change: { change: 'notes', text: notes }, path: 'NOTES.md', mode: '100644', content: notes }
}

/** The part of a file that declares a workload. */
function manifestOf(text: string, name: string): string {
  const block = text.split('---\n').find((one) => one.includes(`    name: ${name}\n`))
  if (block === undefined) throw new Error(`the manifest of ${name} is gone`)
  return block
}

/** Does to the expected state what the person did to the repository. */
export function replayChange(files: ReadonlyMap<string, FleetFile>, change: PersonChange): readonly [string, string] {
  if (change.change === 'notes') return ['NOTES.md', change.text]
  const file = files.get(change.path)
  if (file === undefined) throw new Error(`there is no ${change.path}`)
  for (const state of file.declared) {
    if (change.change === 'reset') state.replicas = change.replicas.get(state.name) ?? state.replicas
    else if (state.name === change.workload) state.revision = change.revision
  }
  return [change.path, renderFleetFile(file)]
}
