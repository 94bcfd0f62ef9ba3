/** Where in a file an edit goes. */
export interface EditTarget {
  /** The file's path, for messages. */
  readonly path: string
  /** 0-based, counting the documents of the file as the YAML parser does. */
  readonly documentIndex: number
  /** Keys from the top of the document; all but the last lead to maps that must be there. */
  readonly keys: readonly string[]
}

/** What can be written as a plain scalar in any style of YAML. */
export type PlainValue = number | boolean
