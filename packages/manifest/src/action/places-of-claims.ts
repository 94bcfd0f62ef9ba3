import type { Layout } from '../layout/layout-model.ts'
import { openManifest, type OpenManifest } from '../yaml/open-manifest.ts'
import { placesOf, type RepositoryPlace } from './changed-places.ts'
import type { Claim } from './progress.ts'

/** The places that each claim changes, as `placesOf` names them; every file is opened once. */
export function placesOfClaims(
  layout: Layout,
  claims: readonly Claim[],
): ReadonlyMap<Claim, readonly RepositoryPlace[]> {
  // A burst may go to and fro between more files than are remembered from plan to plan.
  const opened = new Map<string, OpenManifest>()
  const open = (text: string, path: string): OpenManifest => {
    const known = opened.get(text)
    const file = known?.path === path ? known : openManifest(text, path)
    opened.set(text, file)
    return file
  }
  return new Map(claims.map((claim) => [claim, placesOf(layout, claim.candidate.edits, open)]))
}
