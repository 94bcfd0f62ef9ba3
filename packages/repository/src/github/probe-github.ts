import {
  asResponseError,
  ResponseError,
  type Delivery,
  type Finding,
  type GitHubLocation,
  type PullRequestSettings,
} from '@saker/core'
import { AppCredential } from './app-credential.ts'
import { textAt, valueAt } from './github-answer.ts'
import type { GitHubClient } from './github-client.ts'
import type { GitHubCredential } from './github-credential.ts'
import { proposalFindings } from './probe-proposals.ts'
import { repositoryPath } from './repository-path.ts'

/** What the config means to do with a repository. */
export interface ProbeIntent {
  /** Every way in which a response can be delivered to it. */
  readonly deliveries: readonly Delivery[]
  /** Whether commits carry an author that the config names. */
  readonly namesAuthor: boolean
  readonly signal: AbortSignal
}

interface Probe extends ProbeIntent {
  readonly client: GitHubClient
  readonly credential: GitHubCredential
  readonly location: GitHubLocation
  readonly branch: string
  readonly pullRequest: PullRequestSettings
}

/** Rules that a direct commit of Saker's does not meet. */
const BARRING: Readonly<Record<string, string>> = {
  pull_request: 'a pull request',
  update: 'that only those who may bypass it update the branch',
  required_status_checks: 'status checks before the commit',
  required_deployments: 'deployments before the commit',
  merge_queue: 'the merge queue',
  code_scanning: 'code scanning results before the commit',
  workflows: 'workflows before the commit',
}

/** Those that bar a branch of Saker's own: it is made, committed to, and nothing else. */
const BARRING_PROPOSALS: Readonly<Record<string, string>> = {
  ...BARRING,
  creation: 'that only those who may bypass it make the branch',
}

/** Less of the hour's requests than this part is told of. */
const LOW_RATE = 0.1

/**
 * Asks GitHub whether a credential may do on a branch what the config means to do. Reads only. Ends as a read of the port
 * does when the repository cannot be seen.
 */
export async function probeGitHub(probe: Probe): Promise<readonly Finding[]> {
  const repository = await get(probe, '')
  const rest = await Promise.all([
    branchFindings(probe),
    ruleFindings(probe),
    proposalRuleFindings(probe),
    rateFindings(probe),
  ])
  return [...repositoryFindings(repository, probe), ...rest.flat()]
}

async function get({ client, location, signal }: Probe, below: string): Promise<unknown> {
  const path = repositoryPath(`${location.owner}/${location.repository}`)
  return client.rest({ operation: 'probe', purpose: 'read', signal }, { route: `GET ${path}${below}` })
}

function repositoryFindings(repository: unknown, probe: Probe): readonly Finding[] {
  const name = textAt(repository, 'full_name') ?? probe.location.repository
  const findings: Finding[] = [{ verdict: 'ok', what: 'reachable', message: `the credential sees ${name}` }]
  if (valueAt(repository, 'archived') === true || valueAt(repository, 'disabled') === true)
    findings.push(failure('archived', `${name} is archived or disabled, and so read-only`, 'unarchive it'))
  if (probe.deliveries.every((delivery) => delivery === 'observe')) return findings
  const { credential, deliveries, pullRequest } = probe
  const isApp = credential instanceof AppCredential
  return [
    ...findings,
    ...(isApp
      ? appFindings(credential.permissions ?? {}, probe)
      : tokenFindings(valueAt(repository, 'permissions', 'push'), probe)),
    ...(deliveries.includes('pull-request') ? proposalFindings(repository, pullRequest, { isApp }) : []),
  ]
}

function appFindings(permissions: Readonly<Record<string, unknown>>, { deliveries }: Probe): readonly Finding[] {
  const wanted = [
    ['contents', 'Contents'],
    ...(deliveries.includes('pull-request') ? [['pull_requests', 'Pull requests']] : []),
  ]
  return wanted.map(([key = '', title = '']) =>
    permissions[key] === 'write'
      ? { verdict: 'ok', what: 'permission', message: `the app may write: ${title}` }
      : failure(
          'permission',
          `the app may not write: ${title}`,
          `grant it "${title}: Read and write", and accept that`,
        ),
  )
}

function tokenFindings(push: unknown, { deliveries }: Probe): readonly Finding[] {
  const remedy =
    'use a token of somebody with write access: fine-grained with "Contents: Read and write", or classic "repo"'
  if (push === false) return [failure('permission', 'the owner of the token may not push', remedy)]
  const own = 'what a fine-grained token itself may do, GitHub tells nobody before it is tried'
  const findings: Finding[] =
    push === true
      ? [{ verdict: 'ok', what: 'permission', message: `the owner of the token may push; ${own}` }]
      : [{ verdict: 'warn', what: 'permission', message: `GitHub does not say whether it may push; ${own}`, remedy }]
  if (deliveries.includes('pull-request'))
    findings.push({
      verdict: 'unasked',
      what: 'permission',
      message: 'whether the token may open pull requests; a fine-grained one takes "Pull requests: Read and write"',
    })
  return findings
}

async function branchFindings(probe: Probe): Promise<readonly Finding[]> {
  const { branch, deliveries } = probe
  const found = await get(probe, `/branches/${encodeURIComponent(branch)}`).catch(asResponseError)
  if (found instanceof ResponseError) {
    const isMissing = found.code === 'REPOSITORY_NOT_FOUND'
    const message = isMissing ? `there is no branch ${branch}` : `${found.message} (${found.code})`
    return [failure('branch', message, 'correct the branch in the config, or make it')]
  }
  const findings: Finding[] = [
    {
      verdict: 'ok',
      what: 'branch',
      message: `${branch} is at ${textAt(found, 'commit', 'sha')?.slice(0, 12) ?? '?'}`,
    },
  ]
  // Rulesets make a branch protected too; those can be read.
  const isClassic = valueAt(found, 'protected') === true && valueAt(found, 'protection', 'enabled') !== false
  if (isClassic && deliveries.includes('commit'))
    findings.push({
      verdict: 'warn',
      what: 'protection',
      message: `${branch} is protected; what a classic protection demands is told to administrators only`,
      remedy: 'let the account of Saker push to it, or deliver by pull-request',
    })
  return findings
}

async function ruleFindings(probe: Probe): Promise<readonly Finding[]> {
  const { branch, deliveries } = probe
  if (!deliveries.includes('commit')) return []
  const barring = await barringRules(probe, branch, BARRING)
  if ('finding' in barring) return [barring.finding]
  if (barring.demands.length === 0)
    return [{ verdict: 'ok', what: 'rules', message: `no ruleset bars Saker's commits to ${branch}` }]
  const message = `rulesets of ${branch} demand ${barring.demands.join(', ')}`
  const signed = barring.demands.includes('signed commits') ? '; without commit.author, GitHub signs for Saker' : ''
  return [failure('rules', message, `put Saker on the bypass list, or deliver by pull-request${signed}`)]
}

/** Rules for branches that are proposed; GitHub tells of those for a branch that is not there. */
async function proposalRuleFindings(probe: Probe): Promise<readonly Finding[]> {
  const { branch, deliveries, pullRequest } = probe
  if (!deliveries.includes('pull-request')) return []
  const name = `${pullRequest.branchPrefix}${branch}-0`
  const barring = await barringRules(probe, name, BARRING_PROPOSALS)
  if ('finding' in barring) return [barring.finding]
  if (barring.demands.length === 0)
    return [{ verdict: 'ok', what: 'rules', message: `no ruleset bars branches such as ${name}` }]
  const message = `rulesets of branches such as ${name} demand ${barring.demands.join(', ')}`
  return [failure('rules', message, 'put Saker on the bypass list, or give pullRequest.branchPrefix another value')]
}

/** What the rulesets of a branch demand that Saker does not meet, or why that cannot be told. */
async function barringRules(
  probe: Probe,
  branch: string,
  barring: Readonly<Record<string, string>>,
): Promise<{ readonly demands: readonly string[] } | { readonly finding: Finding }> {
  const answer = await get(probe, `/rules/branches/${encodeURIComponent(branch)}`).catch(asResponseError)
  if (answer instanceof ResponseError) {
    const message = `rulesets of ${branch}: ${answer.message} (${answer.code})`
    return { finding: { verdict: 'unasked', what: 'rules', message } }
  }
  const rules = Array.isArray(answer) ? (answer as readonly unknown[]) : []
  const demands = rules.flatMap((rule) => {
    const type = textAt(rule, 'type') ?? ''
    const demand = type === 'required_signatures' && probe.namesAuthor ? 'signed commits' : barring[type]
    return demand === undefined ? [] : [{ demand, ruleset: valueAt(rule, 'ruleset_id') }]
  })
  const bypassed = await bypassedRulesets(
    probe,
    demands.map(({ ruleset }) => ruleset),
  )
  return { demands: [...new Set(demands.filter(({ ruleset }) => !bypassed.has(ruleset)).map(({ demand }) => demand))] }
}

/** Those that the credential may always bypass. One that cannot be read counts as in force. */
async function bypassedRulesets(probe: Probe, rulesets: readonly unknown[]): Promise<ReadonlySet<unknown>> {
  const asked = [...new Set(rulesets)].map(async (ruleset) => {
    const found = await get(probe, `/rulesets/${encodeURIComponent(String(ruleset))}`).catch(() => undefined)
    return ['always', 'exempt'].includes(textAt(found, 'current_user_can_bypass') ?? '') ? [ruleset] : []
  })
  return new Set((await Promise.all(asked)).flat())
}

async function rateFindings({ client, signal }: Probe): Promise<readonly Finding[]> {
  const call = { operation: 'probe', purpose: 'read', signal } as const
  const answer = await client.rest(call, { route: 'GET /rate_limit' }).catch(asResponseError)
  if (answer instanceof ResponseError) {
    return [
      { verdict: 'unasked', what: 'rate limit', message: 'the server tells of none (GitHub Enterprise may have none)' },
    ]
  }
  return ['core', 'graphql'].flatMap((resource): readonly Finding[] => {
    const [remaining, limit] = ['remaining', 'limit'].map((key) => valueAt(answer, 'resources', resource, key))
    if (typeof remaining !== 'number' || typeof limit !== 'number') return []
    const message = `${resource}: ${remaining} of ${limit} requests left this hour`
    if (remaining >= limit * LOW_RATE) return [{ verdict: 'ok', what: 'rate limit', message }]
    const remedy = 'find out what else uses the credential, or give Saker one of its own'
    return [{ verdict: 'warn', what: 'rate limit', message, remedy }]
  })
}

function failure(what: string, message: string, remedy: string): Finding {
  return { verdict: 'fail', what, message, remedy }
}
