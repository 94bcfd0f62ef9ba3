/* Starts a private Redis over the given data directory, tells its URL to the parent, and lives until it is killed. */
import { silentLog } from '@saker/core'
import { startPrivateRedis } from '@saker/queue'

const redis = await startPrivateRedis({ dataDir: process.argv[2] ?? '', log: silentLog })
process.send?.(redis?.url ?? '')
setInterval(() => undefined, 60_000)
