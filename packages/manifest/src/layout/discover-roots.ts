import { argoPlans, isArgo } from './argo/argo-plans.ts'
import type { RootPlan } from './build-root.ts'
import { applierId, groupOf, placeOf, type Discovered, type LayoutAccess, type Lead, leadValue } from './discovery.ts'
import { FluxSources, isFluxKustomization, isFluxSource, isForOtherCluster, sourceRefOf } from './flux/flux-sources.ts'
import { fluxInstancePlan, isFluxInstance } from './flux/flux-instance.ts'
import { normalisedPath } from './argo/argo-source.ts'
import { textAt } from './json-value.ts'
import type { Applier, BuiltRoot, LayoutProblem } from './layout-model.ts'
import { rootAt } from './root-at.ts'

/** So many roots are followed; a tree that leads to more is not one that a person wrote. */
const MAX_ROOTS = 5_000

/** Follows Flux and Argo CD objects from some roots on, as they are rendered, until nothing new is found. */
export function discoverRoots(access: LayoutAccess, seeds: readonly RootPlan[]): Discovered {
  const found = follow(access, seeds)
  // Flux often applies the very folder that it starts from, and changes what leads on from there.
  const applied = seeds.map((seed) => found.plans.find((plan) => appliesPlaceOf(plan, seed)) ?? seed)
  const again = applied.some((plan, index) => plan !== seeds[index]) ? follow(access, applied) : found
  return { plans: withoutDoubles(again.plans), problems: again.problems }
}

function appliesPlaceOf({ root }: RootPlan, { root: seed }: RootPlan): boolean {
  if (root.applier === undefined || seed.applier !== undefined || seed.kind === 'loose') return false
  return root.repository === seed.repository && root.path === seed.path
}

function follow(access: LayoutAccess, seeds: readonly RootPlan[]): Discovered {
  const following = new Following(access)
  for (const seed of seeds) following.reach(seed)
  return following.finish()
}

class Following {
  readonly #access: LayoutAccess
  readonly #plans = new Map<string, RootPlan>()
  readonly #problems: LayoutProblem[] = []
  readonly #sources: FluxSources
  /** Flux Kustomizations wait until all sources that can be found are. */
  #waiting: Lead[] = []
  #queue: RootPlan[] = []

  constructor(access: LayoutAccess) {
    this.#access = access
    this.#sources = new FluxSources(access.sources)
  }

  reach(plan: RootPlan): void {
    if (this.#plans.has(plan.root.id) || this.#plans.size >= MAX_ROOTS) return
    this.#plans.set(plan.root.id, plan)
    this.#queue.push(plan)
  }

  finish(): Discovered {
    for (;;) {
      for (let plan = this.#queue.shift(); plan !== undefined; plan = this.#queue.shift()) this.#lookInto(plan)
      const waiting = this.#waiting
      this.#waiting = []
      if (waiting.length === 0) break
      for (const lead of waiting) this.#followFlux(lead)
    }
    return { plans: [...this.#plans.values()], problems: this.#problems }
  }

  #lookInto(plan: RootPlan): void {
    const { built } = this.#access.build(plan)
    for (const object of leadsIn(built)) {
      const lead = { object, root: plan.root }
      if (isFluxSource(lead)) this.#sources.add(lead)
      else if (isFluxKustomization(lead)) {
        this.#sources.learn(lead)
        this.#waiting.push(lead)
      } else if (isFluxInstance(lead)) this.#take(fluxInstancePlan(this.#access, lead))
      else if (isArgo(lead)) this.#take(argoPlans(this.#access, lead))
      else this.#report(lead, `${object.identity.kind} ${object.identity.name} makes objects from a template`)
    }
  }

  #take({ plans, problems }: Discovered): void {
    this.#problems.push(...problems)
    for (const plan of plans) this.reach(plan)
  }

  #followFlux(lead: Lead): void {
    const { object } = lead
    const value = leadValue(object)
    if (isForOtherCluster(value)) return
    const { name, namespace = '' } = object.identity
    const source = this.#sources.resolve(sourceRefOf(value, namespace), lead)
    const path = normalisedPath(textAt(value, ['spec', 'path']) ?? '')
    const by = applierId(object, 'flux')
    const applier = (more: Partial<Applier>): Applier => ({ type: 'flux', object, ...more })
    const own = source.object === undefined ? {} : { source: source.object }
    if ('reason' in source) {
      this.#report(lead, `Kustomization ${name} applies what cannot be read: ${source.reason}`, 'SOURCE_UNLISTED')
      const root = {
        id: `${object.origin.repository}: <- ${by}`,
        repository: object.origin.repository,
        path: object.origin.path,
      }
      this.reach({ root: { ...root, kind: 'remote', applier: applier(own) } })
      return
    }
    const inRepository = source.pathOf(path)
    const place = { repository: source.repository, path: inRepository ?? '', by }
    const pinned = source.pinned === undefined ? {} : { pinned: source.pinned }
    const files = this.#access.filesOf(source.repository)
    const root =
      inRepository === undefined ? undefined : rootAt(files, { ...place, applier: applier({ ...own, ...pinned }) })
    if (root === undefined || root.kind === 'file')
      this.#report(lead, `Kustomization ${name} applies ./${path}, which is not there`)
    else this.reach({ root })
  }

  #report({ object }: Lead, message: string, code: LayoutProblem['code'] = 'LAYOUT_UNSUPPORTED'): void {
    this.#problems.push({ code, where: placeOf(object), message })
  }
}

/** What is applied by somebody known is not taken a second time for being a configured path, or for being there. */
export function withoutDoubles(plans: readonly RootPlan[]): readonly RootPlan[] {
  const applied = new Set(
    plans.filter(({ root }) => root.applier !== undefined).map(({ root }) => `${root.repository}:${root.path}`),
  )
  return plans.filter(({ root }) => root.applier !== undefined || !applied.has(`${root.repository}:${root.path}`))
}

const TEMPLATES = new Set(['fluxcd.controlplane.io/ResourceSet'])
const leads = new WeakMap<BuiltRoot, readonly Lead['object'][]>()

/** Objects of a root that lead on, or hide something. */
export function leadsIn(built: BuiltRoot): readonly Lead['object'][] {
  const known = leads.get(built)
  if (known !== undefined) return known
  const found = built.objects.filter((object) => {
    const lead = { object, root: object.root }
    const key = `${groupOf(object.identity.apiVersion)}/${object.identity.kind}`
    return isFluxSource(lead) || isFluxKustomization(lead) || isFluxInstance(lead) || isArgo(lead) || TEMPLATES.has(key)
  })
  leads.set(built, found)
  return found
}

/** Whether an object applies something: where a repository has such, what they do not reach is not applied. */
export function isApplier(object: Lead['object']): boolean {
  const lead = { object, root: object.root }
  return isFluxKustomization(lead) || isFluxInstance(lead) || isArgo(lead)
}
