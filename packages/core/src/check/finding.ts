/** How what was found bears on what the config asks: `unasked` is what cannot be asked without doing it. */
export type Verdict = 'ok' | 'warn' | 'fail' | 'unasked'

/** One thing that was asked of an outside system, or looked at, and what came of it. No text of it holds a secret. */
export interface Finding {
  readonly verdict: Verdict
  /** What was looked at, in a word or two. */
  readonly what: string
  readonly message: string
  /** What to do about it; there for `warn` and `fail`. */
  readonly remedy?: string
}
