/** Where the lines of a text begin and end; each question takes logarithmic time, also in a text of one long line. */
export class TextLines {
  readonly text: string
  readonly #starts: readonly number[]

  constructor(text: string) {
    this.text = text
    const starts = [text.startsWith('\uFEFF') ? 1 : 0]
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#starts = starts
  }

  /** Start of the line that an offset is in; a byte order mark is no part of the first line. */
  startOf(offset: number): number {
    return this.#starts[this.#indexOf(offset)] ?? 0
  }

  /** End of the line that an offset is in, its line break excluded. */
  endOf(offset: number): number {
    const next = this.#starts[this.#indexOf(offset) + 1]
    if (next === undefined) return this.text.length
    return this.text[next - 2] === '\r' ? next - 2 : next - 1
  }

  /** Start of the line behind the one that an offset is in. Undefined when no line break ends that one. */
  nextStart(offset: number): number | undefined {
    return this.#starts[this.#indexOf(offset) + 1]
  }

  /** What ends the line that an offset is in; in a last line without an end, what ends the one before. LF in a lone one. */
  breakAt(offset: number): '\n' | '\r\n' {
    const index = this.#indexOf(offset)
    const next = this.#starts[index + 1] ?? this.#starts[index] ?? 0
    return this.text[next - 1] === '\n' && this.text[next - 2] === '\r' ? '\r\n' : '\n'
  }

  /** What stands in front of an offset on its line. */
  before(offset: number): string {
    return this.text.slice(this.startOf(offset), offset)
  }

  #indexOf(offset: number): number {
    let [low, high] = [0, this.#starts.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}
