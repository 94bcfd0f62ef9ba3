/**
 * Regular expressions as Go has them, for names of a few hundred characters: matched in time that grows with pattern times
 * text, whatever the pattern. JavaScript's own go back and forth, and a pattern in a repository could hold them up for ever.
 */

/** Tells whether a whole text fits a regular expression. Undefined when it is none, or one that is not understood. */
export function anchoredPattern(source: string): ((text: string) => boolean) | undefined {
  if (/^[A-Za-z0-9_-]*$/u.test(source)) return (text) => text === source
  const program = source.length > MAX_LENGTH ? undefined : compile(source)
  return program === undefined ? undefined : (text) => run(program, text)
}

const MAX_LENGTH = 1024
const MAX_STATES = 4096

/** One step: takes a character, goes on in one or two places, tests for an end of the text, or accepts. */
type State =
  | { readonly kind: 'take'; readonly fits: (sign: string) => boolean; next: number }
  | { readonly kind: 'split'; next: number; other: number }
  | { readonly kind: 'edge'; readonly isEnd: boolean; next: number }
  | { readonly kind: 'accept' }

type Tree =
  | { readonly kind: 'take'; readonly fits: (sign: string) => boolean }
  | { readonly kind: 'edge'; readonly isEnd: boolean }
  | { readonly kind: 'all'; readonly parts: readonly Tree[] }
  | { readonly kind: 'either'; readonly parts: readonly Tree[] }
  | { readonly kind: 'repeat'; readonly part: Tree; readonly least: number; readonly most: number }

function compile(source: string): readonly State[] | undefined {
  try {
    const tree = new Reader(source).whole()
    const states: State[] = [{ kind: 'accept' }]
    const start = emit(tree, 0, states)
    states.push({ kind: 'split', next: start, other: start })
    return states
  } catch {
    return undefined
  }
}

/** Adds the states of a tree in front of what follows it; gives the first of them. */
function emit(tree: Tree, next: number, states: State[]): number {
  if (states.length > MAX_STATES) throw new Error('too large')
  switch (tree.kind) {
    case 'take':
      return states.push({ kind: 'take', fits: tree.fits, next }) - 1
    case 'edge':
      return states.push({ kind: 'edge', isEnd: tree.isEnd, next }) - 1
    case 'all':
      return tree.parts.toReversed().reduce((after, part) => emit(part, after, states), next)
    case 'either':
      return tree.parts
        .map((part) => emit(part, next, states))
        .reduce((one, other) => states.push({ kind: 'split', next: one, other }) - 1)
    case 'repeat':
      return emitRepeat(tree, next, states)
    default:
      return next
  }
}

function emitRepeat({ part, least, most }: Extract<Tree, { kind: 'repeat' }>, next: number, states: State[]): number {
  let after = next
  if (most === Number.POSITIVE_INFINITY) {
    const loop: State = { kind: 'split', next, other: next }
    after = states.push(loop) - 1
    loop.next = emit(part, after, states)
  } else {
    for (let count = least; count < most; count += 1) {
      const first = emit(part, after, states)
      after = states.push({ kind: 'split', next: first, other: next }) - 1
    }
  }
  for (let count = 0; count < least; count += 1) after = emit(part, after, states)
  return after
}

function run(states: readonly State[], text: string): boolean {
  const signs = Array.from(text)
  let current = reach(states, [states.length - 1], { isStart: true, isEnd: signs.length === 0 })
  for (const [index, sign] of signs.entries()) {
    const next: number[] = []
    for (const at of current) {
      const state = states[at]
      if (state?.kind === 'take' && state.fits(sign)) next.push(state.next)
    }
    current = reach(states, next, { isStart: false, isEnd: index === signs.length - 1 })
    if (current.size === 0) return false
  }
  return current.has(0)
}

function reach(
  states: readonly State[],
  from: readonly number[],
  { isStart, isEnd }: { readonly isStart: boolean; readonly isEnd: boolean },
): ReadonlySet<number> {
  const seen = new Set<number>()
  const open = [...from]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue
    seen.add(at)
    const state = states[at]
    if (state?.kind === 'split') open.push(state.next, state.other)
    if (state?.kind === 'edge' && (state.isEnd ? isEnd : isStart)) open.push(state.next)
  }
  return seen
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  d: /^[0-9]$/u,
  D: /^[^0-9]$/u,
  w: /^[0-9A-Za-z_]$/u,
  W: /^[^0-9A-Za-z_]$/u,
  s: /^[\t\n\f\r ]$/u,
  S: /^[^\t\n\f\r ]$/u,
}

const CONTROLS: Readonly<Record<string, string>> = { a: '\u0007', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** Reads a pattern; throws at what is wrong with it, or not understood (flags, names, word boundaries). */
class Reader {
  readonly #signs: readonly string[]
  #at = 0

  constructor(source: string) {
    this.#signs = Array.from(source)
  }

  whole(): Tree {
    const tree = this.#either(0)
    if (this.#at < this.#signs.length) throw new Error('unbalanced')
    return tree
  }

  #either(depth: number): Tree {
    if (depth > 100) throw new Error('too deep')
    const parts = [this.#all(depth)]
    while (this.#signs[this.#at] === '|') {
      this.#at += 1
      parts.push(this.#all(depth))
    }
    return { kind: 'either', parts }
  }

  #all(depth: number): Tree {
    const parts: Tree[] = []
    for (
      let sign = this.#signs[this.#at];
      sign !== undefined && sign !== '|' && sign !== ')';
      sign = this.#signs[this.#at]
    ) {
      parts.push(this.#repeated(this.#one(sign, depth)))
    }
    return { kind: 'all', parts }
  }

  #repeated(part: Tree): Tree {
    const rest = this.#signs.slice(this.#at, this.#at + 12).join('')
    const [written, mark = '', from, comma, to] = /^([*+?]|\{([0-9]{1,3})(,?)([0-9]{0,3})\})\??/u.exec(rest) ?? []
    if (written === undefined) return part
    this.#at += written.length
    const after = this.#signs[this.#at] ?? ''
    if ('*+?'.includes(after) && after !== '') throw new Error('repeated twice')
    if (from === undefined)
      return { kind: 'repeat', part, least: mark === '+' ? 1 : 0, most: mark === '?' ? 1 : Number.POSITIVE_INFINITY }
    const least = Number(from)
    const most = comma === '' ? least : to === '' || to === undefined ? Number.POSITIVE_INFINITY : Number(to)
    return { kind: 'repeat', part, least, most }
  }

  #one(sign: string, depth: number): Tree {
    this.#at += 1
    if (sign === '(') return this.#group(depth)
    if (sign === '[') return { kind: 'take', fits: this.#class() }
    if (sign === '.') return { kind: 'take', fits: (one) => one !== '\n' }
    if (sign === '^' || sign === '$') return { kind: 'edge', isEnd: sign === '$' }
    if ('*+?'.includes(sign)) throw new Error('nothing to repeat')
    if (sign === '\\') return { kind: 'take', fits: this.#escape() }
    return { kind: 'take', fits: (one) => one === sign }
  }

  #group(depth: number): Tree {
    if (this.#signs[this.#at] === '?') {
      if (this.#signs[this.#at + 1] !== ':') throw new Error('not understood')
      this.#at += 2
    }
    const inner = this.#either(depth + 1)
    if (this.#signs[this.#at] !== ')') throw new Error('unbalanced')
    this.#at += 1
    return inner
  }

  #escape(): (sign: string) => boolean {
    const sign = this.#signs[this.#at] ?? ''
    this.#at += 1
    const known = Object.hasOwn(CLASSES, sign) ? CLASSES[sign] : undefined
    if (known !== undefined) return (one) => known.test(one)
    const control = Object.hasOwn(CONTROLS, sign) ? CONTROLS[sign] : undefined
    if (control !== undefined) return (one) => one === control
    if (/^[0-9A-Za-z]?$/u.test(sign)) throw new Error('not understood')
    return (one) => one === sign
  }

  #class(): (sign: string) => boolean {
    const isNegated = this.#signs[this.#at] === '^'
    if (isNegated) this.#at += 1
    const parts: ((sign: string) => boolean)[] = []
    for (let first = true; first || this.#signs[this.#at] !== ']'; first = false) {
      const sign = this.#signs[this.#at]
      if (sign === undefined || (sign === '[' && this.#signs[this.#at + 1] === ':')) throw new Error('not understood')
      this.#at += 1
      if (sign === '\\') parts.push(this.#escape())
      else parts.push(this.#range(sign))
    }
    this.#at += 1
    return (sign) => parts.some((fits) => fits(sign)) !== isNegated
  }

  #range(from: string): (sign: string) => boolean {
    const to = this.#signs[this.#at + 1]
    if (this.#signs[this.#at] !== '-' || to === undefined || to === ']') return (sign) => sign === from
    this.#at += 2
    return (sign) => sign >= from && sign <= to
  }
}
