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
    expect(parseRedisUrl(url)).toEqual({ label, topology: 'server', connection })
  })

  it.each([
    [
      'redis-sentinel://a,b:26380/main',
      'main/0 behind sentinels a,b:26380',
      {
        sentinels: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 26_380 },
        ],
        name: 'main',
        db: 0,
      },
    ],
    [
      'rediss-sentinel://me:p%40ss@[::1]:7000/main/2?sentinelPassword=s%20t',
      'main/2 behind sentinels [::1]:7000',
      {
        sentinels: [{ host: '::1', port: 7000 }],
        name: 'main',
        db: 2,
        username: 'me',
        password: 'p@ss',
        sentinelPassword: 's t',
        tls: {},
        sentinelTLS: {},
        enableTLSForSentinelMode: true,
      },
    ],
  ])('says in %s which sentinels know the master', (url, label, connection) => {
    expect(parseRedisUrl(url)).toEqual({ label, topology: 'sentinel', connection })
  })

  it.each([
    [
      'redis-cluster://a,b:7000/',
      'cluster a,b:7000',
      {
        nodes: [
          { host: 'a', port: 6379 },
          { host: 'b', port: 7000 },
        ],
      },
    ],
    [
      'rediss-cluster://:p:w@a:1',
      'cluster a:1',
      { nodes: [{ host: 'a', port: 1 }], connection: { password: 'p:w', tls: {} } },
    ],
  ])(
    'says in %s where to begin looking for the nodes',
    (
      url,
      label,
      {
        connection = {},
        nodes,
      }: {
        nodes: object[]
        connection?: object
      },
    ) => {
      expect(parseRedisUrl(url)).toEqual({ label, topology: 'cluster', nodes, connection })
    },
  )

  it.each([
    '',
    'cache:6379',
    'https://cache',
    'redis://',
    'redis://cache/one',
    'unix:///tmp/redis.sock?db=x',
    'redis-sentinel://a:26379',
    'redis-sentinel://a:26379/main/one',
    'redis-sentinel://a:b:c/main',
    'redis-cluster://',
    'redis-cluster://a,,b',
    'redis-cluster://a/3',
  ])('is refused when it cannot be understood: %j', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })
})
