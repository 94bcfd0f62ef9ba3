import { asResponseError, workloadKeyOf, type Action, type ResponseError } from '@saker/core'
import type { FoundWorkload } from '../layout/find/found-workload.ts'
import type { FileEdit, Layout } from '../layout/layout-model.ts'
import type { ActionEdits, ActionPlan } from './action-plan.ts'
import type { PreviousImage } from './image-wanted.ts'
import { objectNow } from './plan-goal.ts'
import { placesOfClaims } from './places-of-claims.ts'
import { claimActions, planActions, type ClaimedActions } from './plan-actions.ts'
import type { Claim } from './progress.ts'
import { proveClaims, type ProvenClaims } from './prove-claims.ts'

/** What one response of a burst asks of one workload. */
export interface BurstRequest {
  readonly id: string
  readonly found: FoundWorkload
  readonly actions: readonly Action[]
  readonly previousImage?: PreviousImage
}

/** What comes of one response of a burst. */
export type BurstAnswer =
  | (Pick<ActionEdits, 'places' | 'warnings' | 'layer'> & {
      readonly kind: 'edits'
      /** What it would edit if it were alone; `BurstPlan.edits` holds the sum. */
      readonly own: () => readonly FileEdit[]
    })
  | { readonly kind: 'unchanged'; readonly warnings: readonly string[] }
  /** The layer to edit lies in another repository. */
  | { readonly kind: 'elsewhere'; readonly repository: string }
  | { readonly kind: 'refused'; readonly error: ResponseError }

/** What is to be edited for a whole burst. */
export interface BurstPlan {
  readonly answers: ReadonlyMap<string, BurstAnswer>
  /** Whole files as they are to be, each once. */
  readonly edits: readonly FileEdit[]
}

/**
 * Plans one coherent edit of one repository for all responses of a burst, in their order: each is planned on what the ones
 * before it leave, so that two that want different things of one file both have their way, and of two that contradict each
 * other the later has. What cannot be done is refused alone.
 */
export function planTogether(layout: Layout, repository: string, requests: readonly BurstRequest[]): BurstPlan {
  const burst = new Burst(layout, repository)
  burst.answerAtOnce(requests)
  const answers = new Map(requests.map((request) => [request.id, burst.answer(request)]))
  return { answers, edits: burst.edits }
}

/** From so many workloads on, one proof for all of them is worth its while. */
const AT_ONCE = 4

interface Claimed extends ClaimedActions {
  readonly request: BurstRequest
}

class Burst {
  readonly #base: Layout
  readonly #repository: string
  #layout: Layout
  readonly #edited = new Map<string, FileEdit>()
  /** By what was asked: the same asked twice is answered once. */
  readonly #answers = new Map<string, BurstAnswer>()
  readonly #touched = new Map<string, Pick<ActionEdits, 'places' | 'layer'>>()

  constructor(layout: Layout, repository: string) {
    this.#base = layout
    this.#layout = layout
    this.#repository = repository
  }

  get edits(): readonly FileEdit[] {
    return [...this.#edited.values()]
  }

  /**
   * Answers as many as can be proven with one build for all of them: the first of each workload, where plain fields are set.
   * Where that proof fails nobody is answered, and each is planned by itself.
   */
  answerAtOnce(requests: readonly BurstRequest[]): void {
    const firsts = [
      ...new Map(requests.toReversed().map((request) => [workloadKeyOf(request.found.workload), request])).values(),
    ]
    if (firsts.length < AT_ONCE) return
    const claimed = firsts.flatMap((request) => this.#claim(request))
    const proven = this.#proven(claimed.flatMap(({ claims }) => claims))
    if (proven === undefined) return
    this.#layout = proven.layout
    for (const edit of proven.files) this.#edited.set(edit.path, edit)
    const places = placesOfClaims(
      this.#base,
      claimed.flatMap(({ claims }) => claims),
    )
    for (const one of claimed) {
      const answer = this.#answerOf(
        one,
        one.claims.flatMap((claim) => places.get(claim) ?? []),
      )
      this.#answers.set(keyOf(one.request), answer)
      if (answer.kind === 'edits') this.#touched.set(workloadKeyOf(one.request.found.workload), answer)
    }
  }

  /** One response, without those that have to be planned with a proof of their own. */
  #claim(request: BurstRequest): readonly Claimed[] {
    try {
      const claimed = claimActions({ ...request, layout: this.#base })
      const isHere = claimed?.claims.every(({ candidate }) =>
        candidate.edits.every(({ repository }) => repository === this.#repository),
      )
      return claimed !== undefined && isHere === true ? [{ ...claimed, request }] : []
    } catch {
      // planned by itself, it says why it cannot be done
      return []
    }
  }

  #proven(claims: readonly Claim[]): ProvenClaims | undefined {
    try {
      return proveClaims(this.#base, claims)
    } catch {
      return undefined
    }
  }

  #answerOf({ request, claims, warnings }: Claimed, places: ActionEdits['places']): BurstAnswer {
    const [first] = claims
    if (first === undefined) return { kind: 'unchanged', warnings }
    const { layer: kind, path } = first.candidate
    const consumers = Math.max(this.#base.rootsReading({ repository: this.#repository, path }).length, 1)
    const own = (): readonly FileEdit[] => editsOf(planActions({ ...request, layout: this.#base }))
    return { kind: 'edits', places, warnings, layer: { kind, path, consumers }, own }
  }

  answer(request: BurstRequest): BurstAnswer {
    const key = keyOf(request)
    const answer = this.#answers.get(key) ?? this.#plan(request)
    this.#answers.set(key, answer)
    return answer
  }

  #plan(request: BurstRequest): BurstAnswer {
    try {
      const object = objectNow({ layout: this.#layout, steps: [] }, request.found.object)
      const found = object === undefined ? request.found : { ...request.found, object }
      return this.#took(request, planActions({ ...request, found, layout: this.#layout }))
    } catch (thrown) {
      return { kind: 'refused', error: asResponseError(thrown) }
    }
  }

  #took(request: BurstRequest, plan: ActionPlan): BurstAnswer {
    const alone = (): ActionPlan => planActions({ ...request, layout: this.#base })
    const own = (): readonly FileEdit[] => editsOf(alone())
    const workload = workloadKeyOf(request.found.workload)
    if (plan.kind === 'unchanged') {
      const earlier = this.#touched.get(workload)
      const { warnings } = plan
      if (earlier === undefined || editsOf(alone()).length === 0) return { kind: 'unchanged', warnings }
      // An earlier response of the burst has just done it: that is not what was there before.
      return { kind: 'edits', places: earlier.places, warnings, layer: earlier.layer, own }
    }
    const elsewhere = plan.edits.find(({ repository }) => repository !== this.#repository)
    if (elsewhere !== undefined) return { kind: 'elsewhere', repository: elsewhere.repository }
    this.#layout = plan.layout
    for (const edit of plan.edits) this.#edited.set(edit.path, edit)
    this.#touched.set(workload, plan)
    const { places, warnings, layer } = plan
    return { kind: 'edits', places, warnings, layer, own }
  }
}

function editsOf(plan: ActionPlan): readonly FileEdit[] {
  return plan.kind === 'edits' ? plan.edits : []
}

function keyOf({ found, actions }: BurstRequest): string {
  return `${workloadKeyOf(found.workload)} ${JSON.stringify(actions)}`
}
