/** What kind of promise was broken. */
export type FindingKind = 'lost' | 'doubled' | 'wrong'

/** Everything that is not as it has to be, in words for a person. */
export class Findings {
  readonly #texts: Readonly<Record<FindingKind, string[]>> = { lost: [], doubled: [], wrong: [] }

  add(kind: FindingKind, text: string): void {
    this.#texts[kind].push(text)
  }

  of(kind: FindingKind): readonly string[] {
    return this.#texts[kind]
  }

  get total(): number {
    return this.#texts.lost.length + this.#texts.doubled.length + this.#texts.wrong.length
  }
}
