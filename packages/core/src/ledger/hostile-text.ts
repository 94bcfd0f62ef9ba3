/**
 * What may stand in a commit as it is: letters, digits and the punctuation of names. Everything that Git, GitHub, GitLab,
 * CI systems, Flux substitution or a terminal give a meaning to is percent-encoded: line ends (trailers), `@` (mentions),
 * `#` and `!` (issues), `:` and `[` (trailers, `[skip ci]`), `$` and braces (`${…}`), `<` and backquotes (markup), control
 * and direction characters.
 */
const PLAIN = /[\p{L}\p{N} ._,()+/-]/u

/** Letters that show nothing, such as the Hangul fillers, hide what stands next to them. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u

const DEFAULT_MAX_LENGTH = 200

/**
 * Names an issue without `#`: GitHub's `GH-1`, in any case, and a Jira key, which GitLab's integration closes after `Fixes`.
 * A CVE is written like a key and stays readable.
 * https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
 * https://docs.gitlab.com/integration/jira/issues/
 */
const ISSUE_BY_DASH = /\b([Gg][Hh]|(?!CVE-)[A-Z][A-Z0-9_]+)-(?=[0-9])/gu

/** Git's own words of a commit that takes another one back: whoever reads the ledger passes over what such a commit says. */
const REVERT = /\b(This reverts) (?=commit\b)/gu

/**
 * Makes text from an alert safe in a commit message or pull request: encoded, on one line, and not more than `maxLength`
 * characters of it. Default: 200.
 */
export function tameText(text: string, options: { readonly maxLength?: number } = {}): string {
  const { maxLength = DEFAULT_MAX_LENGTH } = options
  const characters = Array.from(text)
  const kept = characters
    .slice(0, maxLength)
    .map((character) => (PLAIN.test(character) && !INVISIBLE.test(character) ? character : percentEncode(character)))
  const tamed = kept.join('').replaceAll(ISSUE_BY_DASH, '$1%2D').replaceAll(REVERT, '$1%20')
  return tamed + (characters.length > maxLength ? '…' : '')
}

/** Percent-encodes a part of a ledger line: everything but letters, digits, `.`, `_`, `~`, `-`, and `/` where it is kept. */
export function encodePart(text: string, options: { readonly keep?: string } = {}): string {
  const keep = options.keep ?? ''
  return Array.from(text, (character) =>
    /[A-Za-z0-9._~-]/u.test(character) || keep.includes(character) ? character : percentEncode(character),
  ).join('')
}

function percentEncode(character: string): string {
  return Array.from(
    Buffer.from(character, 'utf8'),
    (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')
}
