import { once } from 'node:events'
import { ResponseError, type Log } from '@saker/core'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { QuietReporter } from './quiet-reporter.ts'
import { parseRedisUrl, type RedisAddress } from './redis-address.ts'
import { TIMED_OUT, within } from '../within.ts'

/** A producer must answer its caller soon, whatever Redis does; a worker waits for Redis to come back. */
export type RedisRole = 'producer' | 'worker'

/** Without the one option whose type does not fit the constructor under `exactOptionalPropertyTypes`. */
type ClientOptions = Omit<RedisOptions, 'replyMapping'>

const ROLE_OPTIONS: Readonly<Record<RedisRole, ClientOptions>> = {
  producer: { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 2000, connectTimeout: 2000 },
  // BullMQ demands null: its blocking reads outlive any number of reconnects.
  worker: { maxRetriesPerRequest: null, connectTimeout: 5000 },
}

/** A connection to one server, or to all nodes of a Cluster. */
export type RedisClient = Redis | Cluster

/** Sentinels that are asked to tell of a failover, per connection. */
const WATCHED_SENTINELS = 3

/** Longest pause between two tries to connect; a Redis that is back is found within it. */
const RECONNECT_MS = 1000

/** Longest wait for a polite goodbye. */
const QUIT_MS = 500

/**
 * One connection to Redis. It connects in the background and again whenever it is lost, for ever; failures are logged, once
 * per minute and kind, without the password.
 */
export class RedisConnection {
  readonly client: RedisClient
  /** `host:port/db`, the socket's path, or the names of several servers. */
  readonly label: string
  readonly #reporter: QuietReporter
  readonly #secrets: readonly string[]

  constructor(client: RedisClient, address: RedisAddress, log: Log) {
    this.client = client
    this.label = address.label
    this.#secrets = secretsOf(address)
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
    return this.#secrets.reduce((told, secret) => told.replaceAll(secret, '[secret]'), text)
  }

  /**
   * The answer to a question within `ms` milliseconds. Ends in `QUEUE_UNAVAILABLE` when Redis refuses or gives none, with
   * `what` in front where it is given; a `ResponseError` that the question itself ends in is passed on.
   */
  async ask<T>(
    question: (client: RedisClient) => Promise<T>,
    { ms, what }: { readonly ms: number; readonly what?: string },
  ): Promise<T> {
    let answer: T | typeof TIMED_OUT
    try {
      answer = await within(ms, question(this.client))
    } catch (thrown) {
      throw thrown instanceof ResponseError ? thrown : this.unavailable(this.describe(thrown), what)
    }
    if (answer === TIMED_OUT) throw this.unavailable(`it gave no answer in ${ms} ms`, what)
    return answer
  }

  /** As `ask`, but a connection that is just being made is waited for, so that what comes first after a start is answered. */
  async askOnceReady<T>(
    question: (client: RedisClient) => Promise<T>,
    options: { readonly ms: number; readonly what?: string },
  ): Promise<T> {
    return this.ask(async (client) => {
      if (client.status !== 'ready') await once(client, 'ready')
      return question(client)
    }, options)
  }

  /** That Redis cannot be used, and why. */
  unavailable(why: string, what?: string): ResponseError {
    const about = what === undefined ? '' : `${what}: `
    return new ResponseError('QUEUE_UNAVAILABLE', `${about}Redis at ${this.label}: ${why}`)
  }

  /** Has `listener` called whenever a server was lost: what it had acknowledged may be gone with it. */
  onDisconnect(listener: () => void): void {
    // A Cluster tells of single nodes; its own 'close' comes only when the last one is gone.
    for (const event of this.client instanceof Cluster ? ['-node', 'close'] : ['close']) this.client.on(event, listener)
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
  const address = parseRedisUrl(url)
  return new RedisConnection(openClient(address, ROLE_OPTIONS[role]), address, log)
}

function openClient(address: RedisAddress, roleOptions: ClientOptions): RedisClient {
  if (address.topology === 'cluster') {
    const { enableOfflineQueue = true, ...redisOptions } = roleOptions
    return new Cluster([...address.nodes], {
      enableOfflineQueue,
      clusterRetryStrategy: reconnectMs,
      slotsRefreshTimeout: 2000,
      redisOptions: { ...redisOptions, ...address.connection },
    })
  }
  const options: ClientOptions = {
    ...address.connection,
    ...roleOptions,
    ...(address.topology === 'sentinel'
      ? { sentinelRetryStrategy: reconnectMs, failoverDetector: true, sentinelMaxConnections: WATCHED_SENTINELS }
      : {}),
    retryStrategy: reconnectMs,
    // After a failover the old master may keep the connection and refuse to write; a new one reaches the new master.
    reconnectOnError: (error) => error.message.includes('READONLY'),
  }
  return new Redis(options)
}

function reconnectMs(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_MS) * (0.8 + 0.2 * Math.random())
}

function secretsOf({ connection }: RedisAddress): readonly string[] {
  const passwords = [connection.password, 'sentinelPassword' in connection ? connection.sentinelPassword : undefined]
  return passwords.filter((password): password is string => typeof password === 'string' && password !== '')
}

/** How ioredis says that it is not connected: in terms of its own options, which nobody outside has set. */
const NOT_CONNECTED = /enableOfflineQueue|maxRetriesPerRequest|^Connection is closed\.$/u

function textOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown failure'
  if (NOT_CONNECTED.test(thrown.message)) return 'not connected'
  if (thrown.message !== '') return thrown.message
  // Node reports a name with several addresses, all refused, as an AggregateError without a message.
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name
}
