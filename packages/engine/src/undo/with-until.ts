import type { CommittedResponse, Response } from '@saker/core'

/** A response that is about to be committed, with the time at which it is to be taken back by itself, if the config names one. */
export function withUntil(
  committed: CommittedResponse,
  responses: readonly Response[],
  now: number,
): CommittedResponse {
  const revertAfterMs = responses.find(({ name }) => name === committed.response)?.revertAfterMs
  return revertAfterMs === undefined ? committed : { ...committed, until: new Date(now + revertAfterMs).toISOString() }
}
