import type { Finding, PullRequestSettings } from '@saker/core'
import { textAt, valueAt } from './github-answer.ts'

/**
 * What the repository's own settings say to pull requests as the config wants them. `repository` is GitHub's answer; of some
 * settings it tells only those who may change them.
 */
export function proposalFindings(
  repository: unknown,
  { draft, autoMerge }: PullRequestSettings,
  { isApp }: { readonly isApp: boolean },
): readonly Finding[] {
  if (valueAt(repository, 'has_pull_requests') === false) {
    const message = 'pull requests are switched off in the repository'
    return [finding('fail', message, 'switch them on in the settings of the repository, or deliver by commit')]
  }
  const findings: Finding[] = []
  if (isApp && textAt(repository, 'pull_request_creation_policy') === 'collaborators_only') {
    const message = 'only collaborators may open pull requests; whether an app counts as one shows when it tries'
    findings.push(finding('warn', message, 'let everybody open pull requests, or use the token of a collaborator'))
  }
  if (!draft && autoMerge !== false) findings.push(autoMergeFinding(repository, autoMerge))
  const isFine = findings.every(({ verdict }) => verdict === 'ok')
  return isFine
    ? [{ verdict: 'ok', what: 'pull requests', message: 'the repository takes pull requests' }, ...findings]
    : findings
}

function autoMergeFinding(repository: unknown, method: Exclude<PullRequestSettings['autoMerge'], false>): Finding {
  const allowed = valueAt(repository, 'allow_auto_merge')
  const methodAllowed = valueAt(repository, method === 'merge' ? 'allow_merge_commit' : `allow_${method}_merge`)
  if (allowed === false) {
    const message = 'the repository lets no pull request merge by itself: what is proposed waits for a person'
    return finding(
      'warn',
      message,
      'switch on "Allow auto-merge" in its settings, or set pullRequest.autoMerge to false',
    )
  }
  if (methodAllowed === false) {
    const message = `the repository takes no pull request by the method ${method}`
    return finding('warn', message, `allow ${method} in its settings, or set pullRequest.autoMerge to another method`)
  }
  if (allowed === undefined) {
    const message = 'GitHub does not tell this credential whether pull requests may merge by themselves'
    return { verdict: 'unasked', what: 'pull requests', message }
  }
  return { verdict: 'ok', what: 'pull requests', message: `pull requests may merge by themselves (${method})` }
}

function finding(verdict: 'warn' | 'fail', message: string, remedy: string): Finding {
  return { verdict, what: 'pull requests', message, remedy }
}
