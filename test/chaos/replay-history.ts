import { parseResponseLines } from '@saker/core'
import type { Findings } from './findings.ts'
import { copyOf, renderFleetFile, type FleetFile } from './fleet-file.ts'
import { OTHER_FILES, type ChaosLane } from './fleet.ts'
import { replayChange, type PersonCommit } from './person.ts'
import type { ChangedFile, HistoryCommit } from './read-history.ts'

/** What the history of one repository says, once it has been found to say nothing else. */
export interface ReplayedHistory {
  /** Commits of Saker. */
  readonly ours: number
  /** By response id: the commits whose message names it. */
  readonly commitsOf: ReadonlyMap<string, readonly string[]>
  /** By commit: the workloads that are contained at it. */
  readonly containedAt: ReadonlyMap<string, ReadonlySet<string>>
}

/**
 * Does again, on paper, what every commit says that it did, and compares the bytes: a commit of Saker sets the replicas of
 * the workloads that it names to 0 and changes nothing else; a commit of the person is what that person pushed; there are
 * no others, and none of them is missing.
 */
export function replayHistory(
  lane: ChaosLane,
  { history, pushed }: { readonly history: readonly HistoryCommit[]; readonly pushed: readonly PersonCommit[] },
  findings: Findings,
): ReplayedHistory {
  const files = new Map(lane.files.map((file) => [file.path, copyOf(file)]))
  const foreign = new Map(pushed.map((commit) => [commit.sha, commit]))
  const commitsOf = new Map<string, string[]>()
  const containedAt = new Map<string, ReadonlySet<string>>()
  const wrong = (sha: string, what: string): void => findings.add('wrong', `${lane.name} ${sha}: ${what}`)
  let ours = 0
  let tip: string | undefined
  for (const commit of history) {
    const { sha, parents } = commit
    if (parents.join() !== (tip ?? '')) wrong(sha, `stands on ${parents.join()} instead of ${tip ?? 'nothing'}`)
    tip = sha
    const person = foreign.get(sha)
    foreign.delete(sha)
    const before = new Map([...files.values()].map((file) => [file.path, renderFleetFile(file)]))
    let expected: ReadonlyMap<string, string>
    if (sha === lane.firstCommit) expected = new Map([...before, ...Object.entries(OTHER_FILES)])
    else if (person === undefined) {
      ours += 1
      expected = replayOurs(commit, { files, before, commitsOf }, (what) => wrong(sha, what))
    } else expected = new Map([replayChange(files, person.change)])
    const difference = differenceOf(expected, commit.changed, files)
    if (difference !== undefined) wrong(sha, difference)
    containedAt.set(sha, containedIn(files))
  }
  for (const { sha, change } of foreign.values())
    findings.add('lost', `${lane.name} ${sha}: a person's commit (${change.change}) is not in the history`)
  for (const [id, shas] of commitsOf) {
    if (shas.length > 1) findings.add('doubled', `${lane.name}: response ${id} is in ${shas.join(' and ')}`)
  }
  return { ours, commitsOf, containedAt }
}

interface Replaying {
  readonly files: ReadonlyMap<string, FleetFile>
  readonly before: ReadonlyMap<string, string>
  readonly commitsOf: Map<string, string[]>
}

/** Contains on paper what the message names, and gives the files that this changes. */
function replayOurs(
  { sha, message }: HistoryCommit,
  { files, before, commitsOf }: Replaying,
  wrong: (what: string) => void,
): ReadonlyMap<string, string> {
  const lines = parseResponseLines(message)
  if (lines.length === 0) wrong('is neither a commit of Saker nor one that the person pushed')
  for (const { id, workload } of lines) {
    commitsOf.set(id, [...(commitsOf.get(id) ?? []), sha])
    const declared = [...files.values()].flatMap((file) => file.declared)
    const state = declared.find(({ name }) => name === workload.name)
    if (state === undefined) wrong(`names ${workload.name}, which nobody declares`)
    else state.replicas = 0
  }
  const changed = [...files.values()].map((file) => [file.path, renderFleetFile(file)] as const)
  const expected = new Map(changed.filter(([path, text]) => before.get(path) !== text))
  if (expected.size === 0) wrong('was not needed: everything that it names was contained already')
  return expected
}

function differenceOf(
  expected: ReadonlyMap<string, string>,
  changed: readonly ChangedFile[],
  files: ReadonlyMap<string, FleetFile>,
): string | undefined {
  const paths = changed.map(({ path }) => path).toSorted()
  const expectedPaths = [...expected.keys()].toSorted()
  if (paths.join() !== expectedPaths.join())
    return `changes [${paths.join(', ')}] instead of [${expectedPaths.join(', ')}]`
  for (const { path, mode, content } of changed) {
    if (mode !== (files.get(path)?.mode ?? '100644')) return `${path} has mode ${mode} now`
    if (content !== expected.get(path)) return `${path} is not what it has to be, byte for byte`
  }
  return undefined
}

function containedIn(files: ReadonlyMap<string, FleetFile>): ReadonlySet<string> {
  const declared = [...files.values()].flatMap((file) => file.declared)
  return new Set(declared.filter(({ replicas }) => replicas === 0).map(({ name }) => name))
}
