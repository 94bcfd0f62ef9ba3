/** One thing wrong in a config: where, as keys and indexes from the top, and what. Never holds a value of the file. */
export interface ConfigFault {
  readonly path: readonly (string | number)[]
  readonly message: string
}
