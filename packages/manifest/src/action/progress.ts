import type { FileEdit, Layout } from '../layout/layout-model.ts'
import type { Candidate } from './candidate.ts'
import { placesOf, type RepositoryPlace } from './changed-places.ts'
import { filesAfter } from './file-changes.ts'
import type { Goal } from './proof.ts'

/** An edit that is proven to do what is wanted, and nothing else. */
interface ProvenStep {
  readonly candidate: Candidate
  readonly files: readonly FileEdit[]
  readonly places: readonly RepositoryPlace[]
}

/** An edit that is taken to do what is wanted, because it is proven later, together with others. */
export interface Claim {
  readonly cluster: string
  readonly candidate: Candidate
  readonly goals: readonly Goal[]
}

/** A layout on the way from what it was to what is wanted. */
export interface Progress {
  readonly layout: Layout
  readonly steps: readonly ProvenStep[]
  /** Where what is to be proven later is put. Absent: every step is proven at once. */
  readonly claims?: Claim[]
}

/** A candidate tried on a layout. */
export interface Tried {
  readonly candidate: Candidate
  readonly files: readonly FileEdit[]
  readonly layout: Layout
}

/** Makes the edits of a candidate, in memory. Throws as `filesAfter` does. */
export function tryCandidate({ layout }: Progress, candidate: Candidate): Tried {
  const files = filesAfter(layout, candidate.edits)
  return { candidate, files, layout: layout.with(files) }
}

/** The progress after a candidate that holds. */
export function provenStep({ layout, steps }: Progress, { candidate, files, layout: after }: Tried): Progress {
  const places = placesOf(layout, candidate.edits)
  return { layout: after, steps: [...steps, { candidate, files, places }] }
}
