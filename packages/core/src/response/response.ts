import type { PriorityCondition } from '../alert/priority.ts'

/** What the user declared: which alerts it answers, and with which actions. */
export interface Response {
  readonly name: string
  readonly match: ResponseMatch
  readonly actions: readonly Action[]
  /** Overrides the repository's delivery. */
  readonly delivery?: Delivery
  /** Whether later responses may answer the same alert too. */
  readonly continue: boolean
}

/** All conditions must hold; one that is absent does not constrain. */
export interface ResponseMatch {
  /** Exact names of Falco rules, or globs with `*`; one of them must match. */
  readonly alertRules?: readonly string[]
  readonly priority?: PriorityCondition
  /** Falco sources, one of which must be the alert's. */
  readonly sources?: readonly string[]
  readonly clusters?: readonly string[]
  readonly namespaces?: NamespaceMatch
}

/** Globs over the alert's namespace. An alert without a namespace matches only when `in` is absent. */
export interface NamespaceMatch {
  readonly in?: readonly string[]
  readonly notIn?: readonly string[]
}

/** A named verb in a response. */
export type Action = { readonly action: 'contain' }

/** How a change reaches the branch: written to it, or only computed and shown. */
export type Delivery = 'commit' | 'observe'
