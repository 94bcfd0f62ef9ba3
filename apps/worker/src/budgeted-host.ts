import { asResponseError } from '@saker/core'
import type {
  ChangeSet,
  Commit,
  FileAt,
  Head,
  HistoryOptions,
  HistoryPage,
  ReadOptions,
  RepositoryHost,
} from '@saker/engine'
import type { CredentialBudget } from '@saker/queue'

/** How long a host that names no time is left alone; GitHub asks for at least this. */
const UNNAMED_MS = 60_000

/** Which credential a host is used with, and for what. */
export interface HostBudget {
  readonly budget: Pick<CredentialBudget, 'admit' | 'check' | 'blocked'>
  readonly credential: string
  /** Whether what is read is going to be written. */
  readonly writing: boolean
}

/**
 * A host that stays within what its credential may do, which all lanes and replicas share: it asks before it reads and
 * writes, and tells the others when the real one answers `RATE_LIMITED`. So one answer silences all of them.
 */
export class BudgetedHost implements RepositoryHost {
  readonly #host: RepositoryHost
  readonly #budget: HostBudget

  constructor(host: RepositoryHost, budget: HostBudget) {
    this.#host = host
    this.#budget = budget
  }

  /** Ends in `RATE_LIMITED` without a request when the credential has nothing left. */
  async read(options: ReadOptions): Promise<Head> {
    return asRead(this.#budget, () => this.#host.read(options))
  }

  /** As `read`; a write that is let through counts, however it ends. */
  async commit(changeSet: ChangeSet, options: { readonly signal: AbortSignal }): Promise<Commit> {
    return asWrite(this.#budget, options.signal, () => this.#host.commit(changeSet, options))
  }

  /** As `read`. */
  async readHistory(options: HistoryOptions): Promise<HistoryPage> {
    return asRead(this.#budget, () => this.#host.readHistory(options))
  }

  /** As `read`. */
  async readTexts(
    files: readonly FileAt[],
    options: { readonly signal: AbortSignal },
  ): Promise<readonly (string | undefined)[]> {
    return asRead(this.#budget, () => this.#host.readTexts(files, options))
  }

  /** Closes the host; the budget belongs to others too. */
  async close(): Promise<void> {
    await this.#host.close()
  }
}

/** Makes a request that reads. Ends in `RATE_LIMITED` without one when the credential has nothing left. */
export async function asRead<T>(limits: HostBudget, request: () => Promise<T>): Promise<T> {
  const { budget, credential, writing } = limits
  await budget.check(credential, { writing })
  return tellLimits(limits, request)
}

/** Makes a request that writes, as `asRead` does; one that is let through counts, however it ends. */
export async function asWrite<T>(limits: HostBudget, signal: AbortSignal, request: () => Promise<T>): Promise<T> {
  const { budget, credential } = limits
  await budget.admit(credential, signal)
  return tellLimits(limits, request)
}

/** Makes a request, and tells the others when it is answered with `RATE_LIMITED`. */
async function tellLimits<T>({ budget, credential }: HostBudget, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (thrown) {
    const { code, retryAfterMs = UNNAMED_MS } = asResponseError(thrown)
    if (code === 'RATE_LIMITED') await budget.blocked(credential, Date.now() + retryAfterMs)
    throw thrown
  }
}
