import { ResponseError } from '@saker/core'
import type { ProposalText, PullRequest } from '@saker/engine'
import { textAt, valueAt } from './github-answer.ts'
import type { GitHubClient } from './github-client.ts'
import type { GitHubCall } from './github-exchange.ts'
import { pullRequestOfBody, theOneThatCounts } from './pull-request.ts'
import type { GitHubBranch } from './read-tree-query.ts'
import { repositoryPath } from './repository-path.ts'

/** A pull request that was opened just now. */
export interface OpenedPullRequest {
  readonly pullRequest: PullRequest
  /** GitHub's own id of it. */
  readonly id: string
  readonly notes: readonly string[]
}

/**
 * Requests on the pull requests from one branch into another of the same repository. Each ends in
 * `PULL_REQUEST_REJECTED` when GitHub refuses for good, in `BRANCH_MOVED` when the branch is gone, or as a read does.
 *
 * @see https://docs.github.com/en/rest/pulls/pulls
 */
export class PullRequests {
  readonly #client: GitHubClient
  readonly #base: GitHubBranch
  readonly #branch: string
  readonly #signal: AbortSignal

  constructor(client: GitHubClient, base: GitHubBranch, { branch, signal }: { branch: string; signal: AbortSignal }) {
    this.#client = client
    this.#base = base
    this.#branch = branch
    this.#signal = signal
  }

  /** Looks for the one that counts, ended or not. */
  async find(): Promise<(PullRequest & { readonly id: string }) | undefined> {
    const call = this.#call('findPullRequest', 'read')
    const head = `${this.#base.owner}:${this.#branch}`
    const query = new URLSearchParams({ state: 'all', head, base: this.#base.branch, per_page: '100' })
    const answer = await this.#client.rest(call, { route: `GET ${this.#path}?${query.toString()}` })
    if (!Array.isArray(answer)) throw this.#client.unreadable(call)
    const all = (answer as readonly unknown[]).flatMap((body) => {
      const found = pullRequestOfBody(body)
      return found === undefined || !this.#isOurs(body) ? [] : [{ ...found, id: textAt(body, 'node_id') ?? '' }]
    })
    return theOneThatCounts(all)
  }

  /** Opens one. Undefined when there is an open one already. */
  async open({ title, body, draft }: ProposalText): Promise<OpenedPullRequest | undefined> {
    const call = this.#call('openPullRequest', 'propose')
    const wanted = { title, body, head: this.#branch, base: this.#base.branch, draft }
    try {
      const answer = await this.#client.rest(call, { route: `POST ${this.#path}`, body: wanted })
      const pullRequest = pullRequestOfBody(answer)
      if (pullRequest === undefined) throw this.#client.unreadable(call)
      return { pullRequest, id: textAt(answer, 'node_id') ?? '', notes: [] }
    } catch (error) {
      if (!(error instanceof ResponseError) || error.code !== 'PULL_REQUEST_REJECTED') throw error
      if (/pull request already exists/iu.test(error.message)) return undefined
      if (/\bhead invalid\b/u.test(error.message)) throw this.#gone(error)
      if (!draft || !/draft pull requests are not supported/iu.test(error.message)) throw error
    }
    const opened = await this.open({ title, body, draft: false, labels: [], autoMerge: false })
    const note = 'it is no draft: the repository has no draft pull requests'
    return opened === undefined ? undefined : { ...opened, notes: [note] }
  }

  /** Gives one the text, and tells how it stands then. */
  async revise(number: number, { title, body }: Pick<ProposalText, 'title' | 'body'>): Promise<PullRequest> {
    const call = this.#call('revisePullRequest', 'propose')
    const answer = await this.#client.rest(call, { route: `PATCH ${this.#path}/${number}`, body: { title, body } })
    const pullRequest = pullRequestOfBody(answer)
    if (pullRequest === undefined) throw this.#client.unreadable(call)
    return pullRequest
  }

  /** Adds labels; GitHub makes those that the repository has not. */
  async label(number: number, labels: readonly string[]): Promise<void> {
    const call = this.#call('addLabels', 'propose')
    const path = this.#path.replace(/\/pulls$/u, `/issues/${number}/labels`)
    await this.#client.rest(call, { route: `POST ${path}`, body: { labels } })
  }

  /** Has GitHub merge it as soon as its rules allow. */
  async mergeByItself(id: string, method: Exclude<ProposalText['autoMerge'], false>): Promise<void> {
    const call = this.#call('enableAutoMerge', 'propose')
    const query = `mutation EnableAutoMerge($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { pullRequest { number } }
}`
    const input = { pullRequestId: id, mergeMethod: method.toUpperCase() }
    await this.#client.graphql(call, { query, variables: { input } })
  }

  get #path(): string {
    return `${repositoryPath(`${this.#base.owner}/${this.#base.name}`)}/pulls`
  }

  /** Not one from a branch of the same name in a fork. */
  #isOurs(body: unknown): boolean {
    const head = valueAt(body, 'head', 'repo', 'id')
    return (
      textAt(body, 'head', 'ref') === this.#branch && head !== undefined && head === valueAt(body, 'base', 'repo', 'id')
    )
  }

  #gone(cause: unknown): ResponseError {
    return new ResponseError('BRANCH_MOVED', `the branch ${this.#branch} is gone (${this.#client.place})`, { cause })
  }

  #call(operation: string, purpose: GitHubCall['purpose']): GitHubCall {
    return { operation, purpose, signal: this.#signal }
  }
}
