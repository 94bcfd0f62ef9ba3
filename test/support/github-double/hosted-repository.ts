import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { BareRepository } from '../bare-repository.ts'
import { GitObjects } from './git-objects.ts'
import { HostedPullRequests } from './hosted-pull-requests.ts'
import { gitText, runGit, streamGit, type GitInput } from './run-git.ts'

/** What a repository on the double is like; all of it may be changed while the double runs. */
export interface RepositoryTraits {
  archived: boolean
  private: boolean
  /** How direct commits are refused: by a classic branch protection, or by a ruleset. */
  protection: 'none' | 'classic' | 'ruleset'
  /** The branches that `protection` is about. */
  protects: RegExp
  /** Whether pull requests are switched on, and who may open them. */
  pullRequests: 'all' | 'collaborators_only' | 'off'
  /** Whether there are draft pull requests. */
  drafts: boolean
  /** Whether pull requests may merge by themselves. */
  autoMerge: boolean
  /** Whether a pull request may be merged at once, or has to wait for something. */
  mergeable: 'clean' | 'blocked'
  /** Whether the branch of a pull request is deleted when that is merged. */
  deleteBranchOnMerge: boolean
  /** Whether whoever asks may bypass its rulesets. */
  bypass: 'always' | 'pull_requests_only' | 'never'
  /** Rules of its rulesets beside those of `protection`, by their types. */
  rules: readonly string[]
  /** Whether whoever asks may push, by their role. */
  push: boolean
  /** Names (`owner/name`) it had before; they lead on to the new one. */
  formerNames: readonly string[]
  /** Texts longer than this many bytes come truncated through GraphQL. */
  truncateTextAt: number
  /** Entries that a listing of a tree holds at most. */
  listingLimit: number
}

/** One path to set (`oid`) or to take out (`null`) in a new tree. */
export interface TreeChange {
  readonly path: string
  readonly mode: string
  readonly oid: string | null
}

/** Who commits, where GitHub is told. */
export interface CommitIdentity {
  readonly name: string
  readonly email: string
  readonly date?: string | undefined
}

/** What a commit is made of. */
export interface NewCommit {
  readonly tree: string
  readonly parents: readonly string[]
  readonly message: string
  readonly author: CommitIdentity
  readonly committer: CommitIdentity
}

/** A repository that the double hosts, backed by a real one. */
export class HostedRepository {
  readonly owner: string
  readonly name: string
  readonly origin: BareRepository
  readonly traits: RepositoryTraits
  readonly objects: GitObjects
  readonly pullRequests: HostedPullRequests

  constructor(nameWithOwner: string, origin: BareRepository, traits: Partial<RepositoryTraits> = {}) {
    const [owner = '', name = ''] = nameWithOwner.split('/')
    this.owner = owner
    this.name = name
    this.origin = origin
    this.objects = new GitObjects(origin.path)
    this.pullRequests = new HostedPullRequests(this)
    this.traits = {
      archived: false,
      private: true,
      protection: 'none',
      protects: /^main$/u,
      pullRequests: 'all',
      drafts: true,
      autoMerge: true,
      mergeable: 'blocked',
      deleteBranchOnMerge: false,
      bypass: 'never',
      rules: [],
      push: true,
      formerNames: [],
      truncateTextAt: 512_000,
      listingLimit: 100_000,
      ...traits,
    }
  }

  get nameWithOwner(): string {
    return `${this.owner}/${this.name}`
  }

  /** Full names of all branches and tags with what they point to. */
  async refs(): Promise<ReadonlyMap<string, string>> {
    const lines = (await this.#git(['for-each-ref', '--format=%(refname) %(objectname)'])).split('\n')
    return new Map(lines.filter((line) => line !== '').map((line) => line.split(' ') as [string, string]))
  }

  /** The commit a branch points to, or undefined when there is no such branch. */
  async head(branch: string): Promise<string | undefined> {
    return (await this.refs()).get(`refs/heads/${branch}`)
  }

  /** Where `HEAD` points, whether that branch exists or not. */
  async defaultBranch(): Promise<string> {
    return this.#git(['symbolic-ref', '--short', 'HEAD'])
  }

  /** Ids of the commits that lead to one, newest first. */
  async ancestry(sha: string): Promise<readonly string[]> {
    return (await this.#git(['rev-list', sha])).split('\n')
  }

  /** Makes a ref unless there is one of that name, or one in its way. */
  async createRef(ref: string, sha: string): Promise<boolean> {
    return (await runGit(this.origin.path, ['update-ref', ref, sha, '0'.repeat(40)])).exitCode === 0
  }

  async writeBlob(content: Uint8Array | string): Promise<string> {
    return this.#git(['hash-object', '-w', '--stdin'], { input: content })
  }

  /** Writes a tree on top of another. Undefined when Git refuses it, as it does for unknown objects. */
  async writeTree(base: string | undefined, changes: readonly TreeChange[]): Promise<string | undefined> {
    const index = join(this.origin.path, `index-${crypto.randomUUID()}`)
    const env = { GIT_INDEX_FILE: index }
    const lines = changes.map(({ path, mode, oid }) =>
      oid === null ? `0 ${'0'.repeat(40)}\t${path}\0` : `${mode} ${oid}\t${path}\0`,
    )
    try {
      if (base !== undefined) await this.#git(['read-tree', base], { env })
      await this.#git(['update-index', '-z', '--index-info'], { env, input: lines.join('') })
      return await this.#git(['write-tree'], { env })
    } catch {
      return undefined
    } finally {
      await rm(index, { force: true })
    }
  }

  async writeCommit({ tree, parents, message, author, committer }: NewCommit): Promise<string> {
    const env = {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_COMMITTER_NAME: committer.name,
      GIT_COMMITTER_EMAIL: committer.email,
      ...(author.date === undefined ? {} : { GIT_AUTHOR_DATE: author.date }),
      ...(committer.date === undefined ? {} : { GIT_COMMITTER_DATE: committer.date }),
    }
    return this.#git(['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])], { env, input: message })
  }

  /** Moves a branch if it still points to `from`. */
  async moveBranch(branch: string, to: string, from: string): Promise<boolean> {
    return (await runGit(this.origin.path, ['update-ref', `refs/heads/${branch}`, to, from])).exitCode === 0
  }

  async isAncestor(older: string, newer: string): Promise<boolean> {
    return (await runGit(this.origin.path, ['merge-base', '--is-ancestor', older, newer])).exitCode === 0
  }

  /** A commit as GitHub packs it, `.gitattributes` obeyed. */
  archive(sha: string): Readable {
    const prefix = `${this.owner}-${this.name}-${sha.slice(0, 7)}/`
    return streamGit(this.origin.path, ['archive', '--format=tar.gz', `--prefix=${prefix}`, sha])
  }

  /** Whether direct commits to a branch are refused. */
  isProtected(branch: string): boolean {
    return this.traits.protection !== 'none' && this.traits.protects.test(branch)
  }

  /** Runs git in the repository, as GitHub does. */
  git(args: readonly string[], given: GitInput = {}): Promise<string> {
    return this.#git(args, given)
  }

  #git(args: readonly string[], given: GitInput = {}): Promise<string> {
    return gitText(this.origin.path, args, given)
  }
}
