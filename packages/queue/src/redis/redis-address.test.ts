import { describe, expect, it } from 'vitest'
import { parseRedisUrl } from './redis-address.ts'

describe('a Redis URL', () => {
  it.each([
    ['redis://cache', 'cache:6379/0', { host: 'cache', port: 6379, db: 0 }],
    ['redis://:p%40ss@cache:7000/3', 'cache:7000/3', { host: 'cache', port: 7000, db: 3, password: 'p@ss' }],
    ['redis://me:100%@cache', 'cache:6379/0', { host: 'cache', port: 6379, db: 0, username: 'me', password: '100%' }],
    ['redis://[::1]:7000', '[::1]:7000/0', { host: '::1', port: 7000, db: 0 }],
    ['rediss://cache', 'cache:6379/0', { host: 'cache', port: 6379, db: 0, tls: {} }],
    ['unix:///tmp/a%20b/redis.sock?db=2', '/tmp/a b/redis.sock', { path: '/tmp/a b/redis.sock', db: 2 }],
  ])('says in %s where the server is and how to get in', (url, label, connection) => {
    expect(parseRedisUrl(url)).toEqual({ label, connection })
  })

  it.each(['', 'cache:6379', 'https://cache', 'redis://', 'redis://cache/one', 'unix:///tmp/redis.sock?db=x'])(
    'is refused when it cannot be understood: %j',
    (url) => {
      expect(() => parseRedisUrl(url)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    },
  )
})
