import type { Commit, Head, PresentedProposal, ProposalBranch, ProposalHost, ProposalText } from '@saker/engine'
import type { BareRepository } from '../support/bare-repository.ts'
import { commit, edit, read, WEB, webText } from './repository-host-setup.ts'

/** A host with proposals, as a suite sees and changes it from outside. Base branch `main`, holding `FILES`. */
export interface ProposalWorld {
  /** Opens the host under test on the proposals into `main` below `saker/main-`; it is closed when the test ends. */
  openProposals(): ProposalHost
  /** Commits to a branch as somebody else would, and gives the commit's id. */
  push(branch: string, files: Readonly<Record<string, string>>): Promise<string>
  /** Makes a branch where `main` is. */
  makeBranch(branch: string): Promise<void>
  /** Removes a branch; an open pull request from it is closed by that. */
  deleteBranch(branch: string): Promise<void>
  /** The tip of a branch, or undefined when there is none. */
  head(branch: string): Promise<string | undefined>
  /** A file as a branch has it. */
  textAt(branch: string, path: string): Promise<string | undefined>
  /** The messages of a branch, newest first, without their final line ends. */
  messages(branch: string): Promise<readonly string[]>
}

/** A host whose pull requests can be read and steered. */
export interface PullRequestWorld extends ProposalWorld {
  merge(number: number, method: MergeMethod): Promise<void>
  closePullRequest(number: number): Promise<void>
  reopen(number: number): Promise<void>
  /** Numbers of all pull requests so far. */
  numbers(): Promise<readonly number[]>
}

/** How a pull request is merged: with a commit of its own, as one commit, or commit by commit. */
type MergeMethod = 'merge' | 'squash' | 'rebase'

/** The branch that most tests propose. */
export const BRANCH = 'saker/main-1'

/** What most tests present. */
export const TEXT: ProposalText = {
  title: 'contain default/Deployment/web',
  body: 'Stops web.\n\nSaker-Response: r-1 contain default/default/Deployment/web apps/web.yaml#x until=-\n',
  labels: ['saker', 'security'],
  draft: false,
  autoMerge: false,
}

const unaborted = (): { readonly signal: AbortSignal } => ({ signal: new AbortController().signal })

/** Lists with a signal that never fires. */
export function list(host: ProposalHost): Promise<readonly ProposalBranch[]> {
  return host.list(unaborted())
}

/** Presents with a signal that never fires. */
export function present(host: ProposalHost, text: ProposalText = TEXT, branch = BRANCH): Promise<PresentedProposal> {
  return host.present(branch, text, unaborted())
}

/** Commits a number to `apps/web.yaml` on a branch, planned on its tip as it is now; the text goes with it. */
export async function propose(
  host: ProposalHost,
  { branch = BRANCH, from = 3, to = 0, text = TEXT } = {},
): Promise<{ readonly commit: Commit; readonly base: Head }> {
  const opened = host.open(branch)
  try {
    const base = await read(opened)
    const edits = [edit(WEB, webText(from), webText(to))]
    const message = `scale web to ${to}\n`
    return { base, commit: await commit(opened, { baseSha: base.tree.sha, message, edits, proposal: text }) }
  } finally {
    await opened.close()
  }
}

/** What somebody else does to a repository that the test can see into. */
export function originControls(
  origin: BareRepository,
): Pick<ProposalWorld, 'push' | 'makeBranch' | 'deleteBranch' | 'head' | 'textAt' | 'messages'> {
  return {
    push: (branch, files) => origin.commit(files, 'a foreign change', branch),
    async makeBranch(branch) {
      await origin.git(['update-ref', `refs/heads/${branch}`, 'refs/heads/main', '0'.repeat(40)])
    },
    async deleteBranch(branch) {
      await origin.git(['update-ref', '-d', `refs/heads/${branch}`])
    },
    head: (branch) => origin.head(branch),
    textAt: (branch, path) => origin.read(path, branch).catch(() => undefined),
    async messages(branch) {
      const log = await origin.git(['log', '-z', '--format=tformat:%B', branch])
      return log
        .split('\0')
        .slice(0, -1)
        .map((message) => message.trimEnd())
    },
  }
}
