import { setTimeout as sleep } from 'node:timers/promises'
import { notifyFluxReceiver } from '@saker/cluster'
import type { Log, Notification, Repository } from '@saker/core'
import type { SecretReader } from '@saker/service'

/** How long shutdown waits for notifications under way. */
const CLOSE_MS = 5000

/**
 * Calls the receivers of a cluster once per commit, beside the lane: the next commit does not wait for them, and one that
 * is away changes nothing about the commit, which Flux finds at its next interval.
 */
export class Receivers {
  readonly #underWay = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  readonly #secrets: SecretReader
  readonly #log: Log

  constructor(secrets: SecretReader, log: Log) {
    this.#secrets = secrets
    this.#log = log
  }

  /** Starts the calls for the clusters that a commit changed; gives nothing back and never throws. */
  notify(repository: Repository, clusters: readonly string[]): void {
    const ofClusters = repository.clusters.filter(({ name }) => clusters.includes(name)).flatMap(({ notify }) => notify)
    // Clusters may share a receiver; it is called once per commit.
    const notifications = new Map(
      ofClusters.map((notification) => [JSON.stringify(notification), notification]),
    ).values()
    for (const notification of notifications) {
      const call = this.#call(notification, repository.name).finally(() => this.#underWay.delete(call))
      this.#underWay.add(call)
    }
  }

  async #call({ urlFrom, hmacFrom }: Notification, repository: string): Promise<void> {
    try {
      const url = (await this.#secrets.read(urlFrom)).reveal()
      const hmacKey = hmacFrom === undefined ? undefined : (await this.#secrets.read(hmacFrom)).reveal()
      const receiver = hmacKey === undefined ? { url } : { url, hmacKey }
      const taken = await notifyFluxReceiver(receiver, this.#log, {
        signal: this.#closing.signal,
        wait: (ms, signal) => sleep(ms, undefined, { signal }),
      })
      if (taken) this.#log.info({ repository }, 'receiver notified')
      else this.#log.error({ repository }, 'receiver gave up on')
    } catch (thrown) {
      this.#log.error({ repository, err: thrown }, 'receiver not notified')
    }
  }

  /** Waits a little for calls under way, then cuts them off. */
  async close(): Promise<void> {
    const cutOff = setTimeout(() => this.#closing.abort(), CLOSE_MS)
    await Promise.all(this.#underWay)
    clearTimeout(cutOff)
  }
}
