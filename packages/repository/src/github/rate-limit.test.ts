import { expect, test } from 'vitest'
import { budgetOf, isRateLimited, rateLimitWaitMs, retryAfterOf } from './rate-limit.ts'

const now = (): number => Date.parse('2026-01-01T00:00:00Z')
const NEUTRAL = { headers: {}, said: '', types: [] }

test.each([
  ['429', { ...NEUTRAL, status: 429 }],
  ['403 with a time to wait', { ...NEUTRAL, status: 403, headers: { 'retry-after': '1' } }],
  ['403 with no budget left', { ...NEUTRAL, status: 403, headers: { 'x-ratelimit-remaining': '0' } }],
  ['403 with the words', { ...NEUTRAL, status: 403, said: 'You have exceeded a secondary rate limit' }],
  ['the old words', { ...NEUTRAL, status: 403, said: 'You have triggered an abuse detection mechanism' }],
  ['the words in a GraphQL answer', { ...NEUTRAL, status: 200, said: 'API rate limit already exceeded for user' }],
  ['the GraphQL type', { ...NEUTRAL, status: 200, types: ['RATE_LIMITED'] }],
])('takes %s for a rate limit', (_, answer) => {
  expect(isRateLimited(answer)).toBe(true)
})

test.each([
  ['403 with budget left', { ...NEUTRAL, status: 403, headers: { 'x-ratelimit-remaining': '17' } }],
  ['503 with a time to wait', { ...NEUTRAL, status: 503, headers: { 'retry-after': '1' } }],
  ['the words in a rejected commit', { ...NEUTRAL, status: 422, said: 'rate limit exceeded' }],
  ['no answer', { ...NEUTRAL, status: undefined }],
])('takes %s for none', (_, answer) => {
  expect(isRateLimited(answer)).toBe(false)
})

test.each([
  [{ 'retry-after': '5' }, 5000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30_000],
  [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT', date: 'Thu, 01 Jan 2026 00:00:20 GMT' }, 10_000],
  [{ 'retry-after': 'soon' }, undefined],
  [{}, undefined],
])('reads the time to wait from %o', (headers, expected) => {
  expect(retryAfterOf(headers, now)).toBe(expected)
})

test.each([
  [{ 'retry-after': '0' }, 1000],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now() / 1000 + 30) }, 31_000],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now() / 1000 - 30) }, 1000],
  [{ 'x-ratelimit-remaining': '9', 'x-ratelimit-reset': String(now() / 1000 + 3000) }, 60_000],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'later' }, 60_000],
])('stays away after %o', (headers, expected) => {
  expect(rateLimitWaitMs(headers, now)).toBe(expected)
})

const RESET = { 'x-ratelimit-remaining': '17', 'x-ratelimit-reset': String(now() / 1000 + 30) }

test.each([
  [
    { ...RESET, 'x-ratelimit-resource': 'graphql' },
    { resource: 'graphql', remaining: 17, resetsAt: now() + 30_000 },
  ],
  [
    { ...RESET, 'x-ratelimit-resource': 'core' },
    { resource: 'core', remaining: 17, resetsAt: now() + 30_000 },
  ],
  [
    { ...RESET, 'x-ratelimit-resource': 'a new one' },
    { resource: 'other', remaining: 17, resetsAt: now() + 30_000 },
  ],
  [
    { ...RESET, date: new Date(now() + 20_000).toUTCString() },
    { resource: 'other', remaining: 17, resetsAt: now() + 10_000 },
  ],
  [{ 'x-ratelimit-remaining': '17' }, undefined],
  [{ 'x-ratelimit-reset': RESET['x-ratelimit-reset'], 'x-ratelimit-remaining': 'many' }, undefined],
  [{}, undefined],
])('reads what is left from %o', (headers, expected) => {
  expect(budgetOf(headers, now)).toEqual(expected)
})
