import type { Layout } from '../layout/layout-model.ts'
import { openManifest, type OpenManifest } from '../yaml/open-manifest.ts'
import { pointerOf } from '../yaml/pointer.ts'
import type { RepositoryPlace } from './changed-places.ts'
import type { Claim } from './progress.ts'

/** The places that each claim changes, as `placesOf` names them; every file is opened once. */
export function placesOfClaims(
  layout: Layout,
  claims: readonly Claim[],
): ReadonlyMap<Claim, readonly RepositoryPlace[]> {
  const opened = new Map<string, OpenManifest>()
  const open = (repository: string, path: string): OpenManifest => {
    const key = `${repository} ${path}`
    const file = opened.get(key) ?? openManifest(layout.textOf({ repository, path }) ?? '', path)
    opened.set(key, file)
    return file
  }
  const places = claims.map((claim) => {
    const changed = claim.candidate.edits.flatMap((edit): readonly RepositoryPlace[] => {
      if (!('changes' in edit)) return []
      const { repository, path, changes } = edit
      return changes.map((change) => ({ repository, path, ...pointerOf(open(repository, path), change) }))
    })
    return [claim, changed] as const
  })
  return new Map(places)
}
