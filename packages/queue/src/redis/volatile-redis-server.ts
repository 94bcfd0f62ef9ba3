/*
 * The program behind startVolatileRedis: takes its password from the parent, tells it the port, and ends with it. Built from
 * the library's parts, because its own `createRedisServer` listens on every address and asks for no password.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createRedisCommandExecutor, RedisServerState, Resp2Server } from 'js-redis-server/core'

process.on('disconnect', () => process.exit(0))

const [{ password }] = (await once(process, 'message')) as [{ password: string }]
const executor = createRedisCommandExecutor({})
const { server } = new Resp2Server({
  server: new RedisServerState({ databaseCount: 1, requirepass: password }),
  executor,
})
server.listen({ host: '127.0.0.1', port: 0 })
await once(server, 'listening')
process.send?.((server.address() as AddressInfo).port)
