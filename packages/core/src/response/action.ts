/** A named verb in a response, with what it says. */
export type Action =
  | { readonly action: 'contain' }
  | { readonly action: 'scale'; readonly replicas: number }
  | {
      readonly action: 'isolate'
      /** Which kind of network policy cuts the workload off. Absent: Saker's choice. */
      readonly policy?: IsolationPolicy
    }
  | { readonly action: 'label'; readonly labels: Readonly<Record<string, string>> }
  | { readonly action: 'annotate'; readonly annotations: Readonly<Record<string, string>> }
  | ImageAction
  | PatchAction

/** The verbs of {@link Action}. */
export type ActionName = Action['action']

/** Changes the image of one container: exactly one of `set` and `rollback` is there. */
export interface ImageAction {
  readonly action: 'image'
  readonly container: string
  /** The image to run. */
  readonly set?: string
  /** Goes back to the image that Git's history names before the present one. */
  readonly rollback?: true
}

/** Changes the manifest as written: exactly one of `json6902` and `merge` is there. */
export interface PatchAction {
  readonly action: 'patch'
  readonly json6902?: readonly JsonPatchOperation[]
  /** A JSON merge patch (RFC 7386): maps are merged, `null` removes, everything else replaces. */
  readonly merge?: Readonly<Record<string, JsonValue>>
}

/** Kinds of network policy. */
export const ISOLATION_POLICIES = ['kubernetes', 'cilium'] as const

/** See {@link ISOLATION_POLICIES}. */
export type IsolationPolicy = (typeof ISOLATION_POLICIES)[number]

/** Anything that JSON can say. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** One operation of a JSON patch (RFC 6902); `path` and `from` are JSON pointers into the manifest. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly from: string; readonly path: string }
