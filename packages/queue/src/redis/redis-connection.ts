import type { Log } from '@saker/core'
import { Redis, type RedisOptions } from 'ioredis'
import { QuietReporter } from './quiet-reporter.ts'
import { parseRedisUrl } from './redis-address.ts'

/** A producer must answer its caller soon, whatever Redis does; a worker waits for Redis to come back. */
export type RedisRole = 'producer' | 'worker'

/** Without the one option whose type does not fit the constructor under `exactOptionalPropertyTypes`. */
type ClientOptions = Omit<RedisOptions, 'replyMapping'>

const ROLE_OPTIONS: Readonly<Record<RedisRole, ClientOptions>> = {
  producer: { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 2000, connectTimeout: 2000 },
  // BullMQ demands null: its blocking reads outlive any number of reconnects.
  worker: { maxRetriesPerRequest: null, connectTimeout: 5000 },
}

/** Longest pause between two tries to connect; a Redis that is back is found within it. */
const RECONNECT_MS = 1000

/** Longest wait for a polite goodbye. */
const QUIT_MS = 500

/**
 * One connection to Redis. It connects in the background and again whenever it is lost, for ever; failures are logged, once
 * per minute and kind, without the password.
 */
export class RedisConnection {
  readonly client: Redis
  /** `host:port/db` or the socket's path. */
  readonly label: string
  readonly #reporter: QuietReporter
  readonly #password: string | undefined

  constructor(client: Redis, address: { readonly label: string; readonly password: string | undefined }, log: Log) {
    this.client = client
    this.label = address.label
    this.#password = address.password
    this.#reporter = new QuietReporter(log)
    client.on('error', (error: unknown) => this.report(error))
    client.on('ready', () => {
      if (this.#reporter.reset()) log.info({ redis: this.label }, 'Redis answers again')
    })
  }

  /** Logs a failure of this connection or of what works over it. */
  report(thrown: unknown): void {
    this.#reporter.warn({ redis: this.label, reason: this.describe(thrown) }, 'Redis failed')
  }

  /**
   * What went wrong, fit for logs and clients. ioredis errors carry the command with its arguments (alerts, passwords), and
   * Redis repeats arguments of a command that it does not know; neither is part of the text.
   */
  describe(thrown: unknown): string {
    const text = textOf(thrown).replace(/,? with args beginning with:.*$/su, '')
    return this.#password === undefined ? text : text.replaceAll(this.#password, '[secret]')
  }

  /** Says goodbye, or hangs up after half a second. Commands still under way are rejected. */
  async close(): Promise<void> {
    if (this.client.status === 'ready') {
      const quit = this.client.quit().catch(() => undefined)
      await Promise.race([quit, new Promise((resolve) => setTimeout(resolve, QUIT_MS).unref())])
    }
    this.client.disconnect()
  }
}

/**
 * Opens a connection. It returns at once: whether Redis answers shows when the connection is used.
 *
 * Ends in `CONFIG_INVALID` when the URL cannot be understood.
 */
export function connectRedis(url: string, role: RedisRole, log: Log): RedisConnection {
  const { label, connection } = parseRedisUrl(url)
  const options: ClientOptions = {
    ...connection,
    ...ROLE_OPTIONS[role],
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_MS) * (0.8 + 0.2 * Math.random()),
    // After a failover the old master may keep the connection and refuse to write; a new one reaches the new master.
    reconnectOnError: (error) => error.message.includes('READONLY'),
  }
  return new RedisConnection(new Redis(options), { label, password: connection.password ?? undefined }, log)
}

function textOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown failure'
  if (thrown.message !== '') return thrown.message
  // Node reports a name with several addresses, all refused, as an AggregateError without a message.
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name
}
