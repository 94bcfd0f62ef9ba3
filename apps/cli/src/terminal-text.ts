import { styleText } from 'node:util'

/** Where people read: whether it takes colour. */
export interface Terminal {
  readonly isTTY?: boolean
}

/** Gives text a colour, or leaves it as it is. */
export type Paint = (color: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', text: string) => string

/** Colour on a terminal, unless `NO_COLOR` asks for none (https://no-color.org), and nowhere else. */
export function paintFor(out: Terminal, env: Readonly<Record<string, string | undefined>>): Paint {
  const takesColor = out.isTTY === true && (env['NO_COLOR'] ?? '') === ''
  return takesColor ? (color, text) => styleText(color, text, { validateStream: false }) : (_color, text) => text
}

/**
 * Text from elsewhere without what a terminal would obey or a reader would be misled by: control characters, and those that
 * turn the direction of writing. Tabs stay; line ends too, where `lines` says so.
 */
export function plainText(text: string, options: { readonly lines?: boolean } = {}): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, (character) =>
    character === '\t' || (character === '\n' && options.lines === true) ? character : '\uFFFD',
  )
}
