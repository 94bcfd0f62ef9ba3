import { AppCredential } from './app-credential.ts'
import { GitHubClient } from './github-client.ts'
import { tokenCredential, type GitHubCredential } from './github-credential.ts'
import { GitHubExchange } from './github-exchange.ts'
import type { GitHubRepositoryOptions } from './github-repository.ts'

const DEFAULT_TIMEOUT_MS = 15_000

/** Opens a client for one branch, and gives the credential that it uses. Asks nothing yet. */
export function openGitHubClient(options: GitHubRepositoryOptions): {
  readonly client: GitHubClient
  readonly credential: GitHubCredential
} {
  const { location, branch, auth, now = Date.now } = options
  const place = `${location.owner}/${location.repository}#${branch}`
  const exchange = new GitHubExchange({
    apiUrl: location.apiUrl,
    place,
    userAgent: options.userAgent ?? 'saker',
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    observe: options.observe ?? (() => {}),
    now,
  })
  const credential = auth.kind === 'token' ? tokenCredential(auth.token, place) : new AppCredential(auth, exchange)
  return { client: new GitHubClient(exchange, credential), credential }
}
