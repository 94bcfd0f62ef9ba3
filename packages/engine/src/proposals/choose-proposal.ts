import type { ProposalBranch, PullRequest } from '../proposal-host.ts'
import { namedFor, type NamedFor, type ProposalNaming } from './proposal-name.ts'

/** A branch of the lane, with what it is named for. */
interface OwnBranch extends ProposalBranch {
  readonly first: NamedFor
}

/** A branch that is there, with a pull request that is open, or with none that anybody knows of. */
export interface LiveBranch extends OwnBranch {
  readonly sha: string
}

/** A branch whose pull request has ended. */
export interface EndedBranch extends OwnBranch {
  readonly pullRequest: PullRequest & { readonly state: 'merged' | 'closed' }
}

/** What of a listing concerns a lane. */
export interface ChosenProposal {
  /** The branch that goes on: of the oldest open pull request, else the newest without any. */
  readonly live?: LiveBranch
  readonly ended: readonly EndedBranch[]
}

/**
 * Finds the proposal that goes on. A person may have opened a closed one again beside it; the oldest stands then. A branch
 * without a pull request was left by whoever died before opening one, or lies on a host that has none; older ones beside it
 * are done with.
 */
export function chooseProposal(listed: readonly ProposalBranch[], naming: ProposalNaming): ChosenProposal {
  const own = listed.flatMap((branch): readonly OwnBranch[] => {
    const first = namedFor(branch.name, naming)
    return first === undefined ? [] : [{ ...branch, first }]
  })
  const living = own.filter(isLive)
  const byNumber = living
    .filter(({ pullRequest }) => pullRequest !== undefined)
    .toSorted((a, b) => (a.pullRequest?.number ?? 0) - (b.pullRequest?.number ?? 0))
  // Ids sort by age.
  const byAge = living
    .filter(({ pullRequest }) => pullRequest === undefined)
    .toSorted((a, b) => (a.first.id < b.first.id ? 1 : -1))
  const live = byNumber[0] ?? byAge[0]
  return { ended: own.filter(isEnded), ...(live === undefined ? {} : { live }) }
}

function isLive(branch: OwnBranch): branch is LiveBranch {
  return branch.sha !== undefined && (branch.pullRequest === undefined || branch.pullRequest.state === 'open')
}

function isEnded(branch: OwnBranch): branch is EndedBranch {
  return branch.pullRequest !== undefined && branch.pullRequest.state !== 'open'
}
