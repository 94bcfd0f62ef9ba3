import type { PriorityCondition } from '../alert/priority.ts'
import type { Action } from './action.ts'

/** What the user declared: which alerts it answers, and with which actions. */
export interface Response {
  readonly name: string
  readonly match: ResponseMatch
  /** All of them or none: they are one coherent edit. */
  readonly actions: readonly Action[]
  /** Overrides the repository's delivery. */
  readonly delivery?: Delivery
  /** After how long a commit of its own takes the change back. Absent: never. */
  readonly revertAfterMs?: number
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
  readonly tags?: TagMatch
  readonly clusters?: readonly string[]
  readonly namespaces?: NamespaceMatch
  /** Conditions by the name of an output field; every one must hold. */
  readonly fields?: Readonly<Record<string, FieldMatch>>
}

/** Exact tags of the alert: one of `any`, every one of `all`, no one of `none`. */
export interface TagMatch {
  readonly any?: readonly string[]
  readonly all?: readonly string[]
  readonly none?: readonly string[]
}

/** Globs over the alert's namespace. An alert without a namespace matches only when `in` is absent. */
export interface NamespaceMatch {
  readonly in?: readonly string[]
  readonly notIn?: readonly string[]
}

/** What an output field is compared with: text exactly as it stands in the alert, a number by its value. */
export type FieldValue = string | number

/** Conditions on one output field; every one that is present must hold. */
export interface FieldMatch {
  readonly equals?: FieldValue
  readonly notEquals?: FieldValue
  readonly in?: readonly FieldValue[]
  readonly notIn?: readonly FieldValue[]
  /** `*` stands for any run of characters. */
  readonly glob?: string
  /** RE2 syntax; found anywhere in the text unless it is anchored. */
  readonly regex?: string
  readonly exists?: boolean
  /** A decimal number as text, because alerts hold numbers that a double cannot. */
  readonly greaterThan?: string
  /** See {@link FieldMatch.greaterThan}. */
  readonly lessThan?: string
}

/** The ways of {@link Delivery}. */
export const DELIVERIES = ['commit', 'pull-request', 'observe'] as const

/** How a change reaches the branch: written to it, proposed for it, or only computed and shown. */
export type Delivery = (typeof DELIVERIES)[number]
