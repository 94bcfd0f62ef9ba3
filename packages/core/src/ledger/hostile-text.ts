/**
 * What may stand in a commit as it is: letters, digits and the punctuation of names. Everything that Git, GitHub, GitLab,
 * CI systems, Flux substitution or a terminal give a meaning to is percent-encoded: line ends (trailers), `@` (mentions),
 * `#` and `!` (issues), `:` and `[` (trailers, `[skip ci]`), `$` and braces (`${…}`), `<` and backquotes (markup), control
 * and direction characters.
 */
const PLAIN = /[\p{L}\p{N} ._,()+/-]/u

const MAX_LENGTH = 200

/** Names an issue without `#`: https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls */
const ISSUE_BY_DASH = /\b(gh)-(?=[0-9])/giu

/** Makes text from an alert safe in a commit message or pull request: encoded, on one line, at most 200 characters of it. */
export function tameText(text: string): string {
  const characters = Array.from(text)
  const kept = characters
    .slice(0, MAX_LENGTH)
    .map((character) => (PLAIN.test(character) ? character : percentEncode(character)))
  return kept.join('').replaceAll(ISSUE_BY_DASH, '$1%2D') + (characters.length > MAX_LENGTH ? '…' : '')
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
