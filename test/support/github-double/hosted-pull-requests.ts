import type { HostedRepository } from './hosted-repository.ts'

/** A pull request that the double hosts. */
export interface HostedPullRequest {
  readonly number: number
  readonly head: string
  readonly base: string
  /** Whether it comes from a fork, whose branch `head` then is. */
  readonly isFromFork: boolean
  title: string
  body: string
  draft: boolean
  state: 'open' | 'closed' | 'merged'
  /** Where its branch was when that was there last. */
  headSha: string
  labels: readonly string[]
  autoMerge: 'MERGE' | 'SQUASH' | 'REBASE' | undefined
  readonly createdAt: string
  updatedAt: string
  endedAt: string | undefined
}

/** What one is opened with. */
export interface NewPullRequest {
  readonly title: string
  readonly body: string
  readonly head: string
  readonly base: string
  readonly draft: boolean
  readonly isFromFork?: boolean
}

/** Who merges on the double. */
const MERGER = {
  GIT_AUTHOR_NAME: 'A Reviewer',
  GIT_AUTHOR_EMAIL: 'reviewer@example.test',
  GIT_COMMITTER_NAME: 'GitHub',
  GIT_COMMITTER_EMAIL: 'noreply@github.com',
}

/** The pull requests of a repository, with what people do to them. */
export class HostedPullRequests {
  readonly all: HostedPullRequest[] = []
  readonly #repository: HostedRepository

  constructor(repository: HostedRepository) {
    this.#repository = repository
  }

  get(number: number): HostedPullRequest {
    const found = this.all.find((one) => one.number === number)
    if (found === undefined) throw new Error(`there is no pull request ${number}`)
    return found
  }

  /** Opens one; whether GitHub would has been judged before. */
  open({ title, body, head, base, draft, isFromFork = false }: NewPullRequest, headSha: string): HostedPullRequest {
    const now = nowText()
    const about = { title, body, head, base, draft, isFromFork, headSha, createdAt: now, updatedAt: now }
    const number = this.all.length + 1
    this.all.push({ ...about, number, state: 'open', labels: [], autoMerge: undefined, endedAt: undefined })
    return this.get(number)
  }

  /** Merges one as somebody who may: with a merge commit, as one commit, or commit by commit. */
  async merge(
    number: number,
    method: 'merge' | 'squash' | 'rebase' = 'merge',
    squashBody: 'body' | 'commits' = 'body',
  ): Promise<void> {
    const pullRequest = this.get(number)
    const { base, head, title, body } = pullRequest
    await this.noteHeads()
    const [from, to] = [pullRequest.headSha, (await this.#repository.head(base)) ?? '']
    const own = (await this.#git(['rev-list', '--reverse', `${to}..${from}`])).split('\n').filter((sha) => sha !== '')
    if (pullRequest.state !== 'open' || own.length === 0) throw new Error(`#${number} cannot be merged`)
    let tip = to
    if (method === 'rebase') {
      for (const sha of own) {
        const tree = await this.#git(['merge-tree', '--write-tree', tip, sha])
        tip = await this.#commit(tree, [tip], await this.#git(['log', '-1', '--format=%B', sha]))
      }
    } else {
      const tree = await this.#git(['merge-tree', '--write-tree', to, from])
      const said =
        squashBody === 'body' ? body : await this.#git(['log', '--reverse', '--format=* %B', `${to}..${from}`])
      tip =
        method === 'merge'
          ? await this.#commit(tree, [to, from], `Merge pull request #${number} from ${head}\n\n${title}`)
          : await this.#commit(tree, [to], `${title} (#${number})\n\n${said}`)
    }
    if (!(await this.#repository.moveBranch(base, tip, to)))
      throw new Error(`${base} moved while #${number} was merged`)
    end(pullRequest, 'merged')
    if (this.#repository.traits.deleteBranchOnMerge) await this.deleteBranch(head)
  }

  close(number: number): void {
    end(this.get(number), 'closed')
  }

  reopen(number: number): void {
    const pullRequest = this.get(number)
    if (pullRequest.state !== 'closed') throw new Error(`#${number} is not closed`)
    pullRequest.state = 'open'
    pullRequest.endedAt = undefined
    pullRequest.updatedAt = nowText()
  }

  /** Removes a branch, which closes the open pull requests from it. */
  async deleteBranch(name: string): Promise<void> {
    await this.noteHeads()
    await this.#git(['update-ref', '-d', `refs/heads/${name}`])
    for (const one of this.all) {
      if (one.head === name && !one.isFromFork && one.state === 'open') end(one, 'closed')
    }
  }

  /** Notes where the branches of open pull requests are. */
  async noteHeads(): Promise<void> {
    const refs = await this.#repository.refs()
    for (const one of this.all) {
      if (one.state === 'open' && !one.isFromFork) one.headSha = refs.get(`refs/heads/${one.head}`) ?? one.headSha
    }
  }

  #commit(tree: string, parents: readonly string[], message: string): Promise<string> {
    const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])]
    return this.#repository.git(args, { env: MERGER, input: message })
  }

  #git(args: readonly string[]): Promise<string> {
    return this.#repository.git(args)
  }
}

/** The time as GitHub writes it. */
export function nowText(): string {
  return new Date().toISOString().replace(/\.\d+Z$/u, 'Z')
}

function end(pullRequest: HostedPullRequest, state: 'merged' | 'closed'): void {
  pullRequest.state = state
  pullRequest.endedAt = nowText()
  pullRequest.updatedAt = nowText()
  pullRequest.autoMerge = undefined
}
