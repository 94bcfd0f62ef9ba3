import type { RepositoryHost } from '@saker/engine'
import { afterAll, beforeAll, describe } from 'vitest'
import type { BareRepository } from '../support/bare-repository.ts'
import { startGitHubDouble, type GitHubDouble } from '../support/github-double/github-double.ts'
import { openOn } from './github-setup.ts'
import { describeCommitting, describeCompareAndSwap } from './repository-host-committing.ts'
import {
  describeCache,
  describeEndlessTrees,
  describeHugeManifests,
  describeReading,
} from './repository-host-reading.ts'
import { startOf, type OpenHost } from './repository-host-setup.ts'
import { describeRepositoryHost } from './repository-host-suite.ts'

let double: GitHubDouble
/** Answers no query for a whole tree. */
let overloaded: GitHubDouble
const names = new Map<BareRepository, string>()

beforeAll(async () => {
  double = await startGitHubDouble()
  overloaded = await startGitHubDouble()
  const errors = [{ type: 'RESOURCE_LIMITS_EXCEEDED', message: 'Resource limits for this query exceeded.' }]
  const body = { data: {}, errors }
  overloaded.faults.push({ match: { operation: 'ReadHead' }, kind: 'status', status: 200, body, times: Infinity })
})

afterAll(() => Promise.all([double.close(), overloaded.close()]))

function openerOn(hosted: () => GitHubDouble): OpenHost {
  return async (origin, { files = [] } = {}) => {
    const name = names.get(origin) ?? `origin-${names.size}`
    if (!names.has(origin)) hosted().host(`acme/${name}`, origin)
    names.set(origin, name)
    return openOn(hosted(), { owner: 'acme', name }, { files })
  }
}

const open = openerOn(() => double)
describeRepositoryHost('GitHub', open)

const startLarge = startOf(openerOn(() => overloaded))

describe('GitHub, where trees are too much for a query: reading', () => {
  describeReading(startLarge)
})
describe('GitHub, where trees are too much for a query: refusing trees', () => {
  describeEndlessTrees(startLarge)
  describeHugeManifests(startLarge)
})
describe('GitHub, where trees are too much for a query: what a read remembers', () => {
  describeCache(startLarge)
})

/** An author cannot be named in a mutation, so with one every commit goes through the Git Data API. */
function withAuthor(host: RepositoryHost): RepositoryHost {
  return {
    read: (options) => host.read(options),
    commit: (changeSet, options) =>
      host.commit({ author: { name: 'A Bot', email: 'bot@example.test' }, ...changeSet }, options),
    readHistory: (options) => host.readHistory(options),
    readTexts: (files, options) => host.readTexts(files, options),
    close: () => host.close(),
  }
}

const openWithAuthor: OpenHost = async (origin, options) => withAuthor(await open(origin, options))
const startWithAuthor = startOf(openWithAuthor)

describe('GitHub through Git Data: committing', () => {
  describeCommitting(startWithAuthor)
})
describe('GitHub through Git Data: compare-and-swap', () => {
  describeCompareAndSwap(startWithAuthor, openWithAuthor)
})
