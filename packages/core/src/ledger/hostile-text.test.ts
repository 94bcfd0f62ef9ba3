import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodePart, tameText } from './hostile-text.ts'
import '../../../../test/support/fixed-seed.ts'

describe('tameText', () => {
  it.each([
    'Terminal shell in container',
    'default/Deployment/alpine-deployment',
    'Launch Suspicious Network Tool (nc, ncat)',
    'v1.2+build_7',
    'größe 東京',
    'CVE-2021-4034',
    'gh-pages',
  ])('leaves %j as it is', (text) => {
    expect(tameText(text)).toBe(text)
  })

  it.each([
    ['a line end', 'a\nb', 'a%0Ab'],
    ['a Windows line end', 'a\r\nb', 'a%0D%0Ab'],
    ['other line separators', 'a\u2028b\u0085c', 'a%E2%80%A8b%C2%85c'],
    ['a mention', '@acme/admins', '%40acme/admins'],
    ['an issue', 'Fixes #1', 'Fixes %231'],
    ['a merge request', 'Closes !1', 'Closes %211'],
    ['an issue by dash', 'Fixes GH-1', 'Fixes GH%2D1'],
    ['an issue by dash in any case', 'gh-12, Gh-3', 'gh%2D12, Gh%2D3'],
    ['a Jira key', 'Fixes PROJ-12', 'Fixes PROJ%2D12'],
    ['a link to an issue', 'Fixes https://github.com/a/b/issues/1', 'Fixes https%3A//github.com/a/b/issues/1'],
    ['the words of a revert', 'This reverts commit 0123abc.', 'This reverts%20commit 0123abc.'],
    ['a trailer', 'Signed-off-by: Eve <e@v.e>', 'Signed-off-by%3A Eve %3Ce%40v.e%3E'],
    ['a word for CI systems', '[skip ci]', '%5Bskip ci%5D'],
    ['a word for Azure Pipelines', '***NO_CI***', '%2A%2A%2ANO_CI%2A%2A%2A'],
    ['a substitution of Flux', '${POD}', '%24%7BPOD%7D'],
    ['a template', '{{ .Values.x }}', '%7B%7B .Values.x %7D%7D'],
    ['code markup', '`rm -rf /`', '%60rm -rf /%60'],
    ['HTML', '<img src=x>', '%3Cimg src%3Dx%3E'],
    ['an escape sequence', '\u001B[31m', '%1B%5B31m'],
    ['a change of direction', 'a\u202Eb', 'a%E2%80%AEb'],
    ['a zero-width joiner', 'a\u200Db', 'a%E2%80%8Db'],
    ['a letter that shows nothing', 'a\u3164b', 'a%E3%85%A4b'],
    ['a tab', 'a\tb', 'a%09b'],
    ['NUL', 'a\0b', 'a%00b'],
    ['a percent sign', '100%40', '100%2540'],
    ['half a surrogate pair', 'a\uD800b', 'a%EF%BF%BDb'],
  ])('encodes %s', (_, text, expected) => {
    expect(tameText(text)).toBe(expected)
  })

  it('keeps 200 characters and says that there were more', () => {
    expect(tameText('x'.repeat(10_000))).toBe(`${'x'.repeat(200)}…`)
    expect(tameText('x'.repeat(200))).toBe('x'.repeat(200))
  })

  it('never cuts a character in two', () => {
    expect(tameText('🦅'.repeat(300))).toBe(`${'%F0%9F%A6%85'.repeat(200)}…`)
  })

  it('lets nothing through that a host, a CI system or a terminal gives a meaning to', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const tamed = tameText(text)

        expect(tamed).toMatch(/^[\p{L}\p{N} ._,()+/%-]*…?$/u)
        expect(tamed).not.toMatch(/\p{C}|\p{Default_Ignorable_Code_Point}|\p{Zl}|\p{Zp}/u)
        expect(tamed).not.toMatch(/\bgh-\d/iu)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('encodePart', () => {
  it('leaves no separator of a ledger line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(encodePart(text)).toMatch(/^[\w.~%-]*$/u)
      }),
    )
  })

  it('is undone by decodeURIComponent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodeURIComponent(encodePart(text))).toBe(text)
      }),
    )
  })

  it('keeps what the caller says', () => {
    expect(encodePart('apps/web app.yaml', { keep: '/' })).toBe('apps/web%20app.yaml')
  })
})
