import { isJsonObject, listAt, mapAt, textAt, valueAt, type JsonObject } from './json-object.ts'
import type { RenderedRoot } from './render-world.ts'
import { brokenRoots, renderedDifference, type ObjectDifference } from './rendered-difference.ts'

/** What a plan came to when the real kustomize rendered it. */
export type Judgement =
  | { readonly kind: 'exact' }
  /** Nothing can be said: what the edit is for does not build here, with or without it. */
  | { readonly kind: 'unproven'; readonly why: string }
  | { readonly kind: 'wrong'; readonly why: string }

/** What was planned, for whom. */
export interface Judged {
  readonly action: 'contain' | 'isolate'
  /** `namespace/Kind/name`. */
  readonly workload: string
  readonly layer: string
  readonly before: ReadonlyMap<string, RenderedRoot>
  readonly after: ReadonlyMap<string, RenderedRoot>
}

/** Layers that lie outside of what kustomize renders here: only the object that holds the patch can be looked at. */
const OUTSIDE = new Set(['flux-patch', 'post-renderer'])

/**
 * Whether the renderings differ in what was meant and in nothing else: one workload stopped, in one root, or one policy more
 * that picks its pods; at the Flux object or HelmRelease that patches it, only its patches.
 */
export function judgePlan({ action, workload, layer, before, after }: Judged): Judgement {
  const broken = brokenRoots(before, after)
  if (broken.length > 0) return { kind: 'wrong', why: broken.join('; ') }
  const all = renderedDifference(before, after)
  const carriers = all.filter(isCarrier)
  const others = all.filter((one) => !isCarrier(one))
  const wanted = others.filter((one) => isWanted(one, action, workload, after))
  const foreign = others.filter((one) => !wanted.includes(one) && !isCompanion(one))
  if (foreign.length > 0) return { kind: 'wrong', why: foreign.map(describe).join('; ') }
  if (carriers.length > 1) return { kind: 'wrong', why: `patches of several: ${carriers.map(describe).join('; ')}` }
  const isMeant = wanted.length > 0 || others.some(isCompanion)
  if (new Set(wanted.map(({ root }) => root)).size > 1)
    return { kind: 'wrong', why: `several roots: ${wanted.map(describe).join('; ')}` }
  if (isMeant || (OUTSIDE.has(layer) && carriers.length === 1)) return { kind: 'exact' }
  const blind = [...before.values()].filter(({ error }) => error !== undefined).map(({ id }) => id)
  return blind.length > 0
    ? { kind: 'unproven', why: `no difference; ${blind.join(', ')} cannot be built here` }
    : { kind: 'wrong', why: 'nothing differs' }
}

/** One line for a difference. */
export function describe({ root, object, added, removed, changes }: ObjectDifference): string {
  const what = added === undefined ? (removed === true ? 'gone' : JSON.stringify(changes)) : 'new'
  return `${object} in ${root}: ${what.length > 300 ? `${what.slice(0, 300)}…` : what}`
}

const CARRIED = /^\/spec\/(?:patches|postRenderers|images|source\/kustomize)(?:\/|$)/u

/** A Flux Kustomization, HelmRelease or Application whose patches, and nothing else, have changed. */
function isCarrier({ object, changes }: ObjectDifference): boolean {
  const kind = object.split('/')[1] ?? ''
  const pointers = Object.keys(changes ?? {})
  return (
    /^(?:Kustomization|HelmRelease|Application)$/u.test(kind) &&
    pointers.length > 0 &&
    pointers.every((one) => CARRIED.test(one))
  )
}

const STOPPED: readonly (readonly [pointer: RegExp, value: (to: unknown) => boolean])[] = [
  [/^\/spec\/replicas$/u, (to) => to === 0],
  [/^\/spec\/suspend$/u, (to) => to === true],
  [
    /\/nodeSelector(?:\/saker\.dev~1contained)?$/u,
    (to) => to === 'true' || valueAt(to, 'saker.dev/contained') === 'true',
  ],
  [/^\/metadata\/annotations(?:\/saker\.dev~1contained)?$/u, () => true],
]

function isWanted(
  difference: ObjectDifference,
  action: Judged['action'],
  workload: string,
  after: Judged['after'],
): boolean {
  if (action === 'isolate') return isPolicyFor(difference, workload, after)
  if (difference.object !== workload && difference.object !== workload.replace(/^[^/]*/u, '-')) return false
  if (difference.removed === true) return difference.object.split('/')[1] === 'Pod'
  const changes = Object.entries(difference.changes ?? {})
  return (
    changes.length > 0 &&
    changes.every(([pointer, { to }]) => STOPPED.some(([pattern, fits]) => pattern.test(pointer) && fits(to)))
  )
}

function isPolicyFor(
  { object, root, added: policy }: ObjectDifference,
  workload: string,
  after: Judged['after'],
): boolean {
  const [namespace, kind = ''] = object.split('/')
  if (!kind.endsWith('NetworkPolicy') || !isJsonObject(policy)) return false
  if (namespace !== workload.split('/')[0] && namespace !== '-') return false
  const selector = valueAt(policy, 'spec', kind === 'NetworkPolicy' ? 'podSelector' : 'endpointSelector')
  const objects = after.get(root)?.objects
  const target = objects?.get(workload) ?? objects?.get(workload.replace(/^[^/]*/u, '-'))
  // what the Job controller adds to the pods of a Job
  const name = workload.split('/')[2]
  const added = workload.split('/')[1] === 'Job' ? { 'batch.kubernetes.io/job-name': name, 'job-name': name } : {}
  return target === undefined ? isJsonObject(selector) : picks(selector, { ...added, ...podLabelsOf(target) })
}

function podLabelsOf(object: JsonObject): JsonObject {
  const template =
    valueAt(object, 'spec', 'jobTemplate', 'spec', 'template') ?? valueAt(object, 'spec', 'template') ?? object
  return mapAt(template, 'metadata', 'labels')
}

function picks(selector: unknown, labels: unknown): boolean {
  const wanted = Object.entries(isJsonObject(selector) ? (valueAt(selector, 'matchLabels') ?? {}) : {})
  const hasExpressions = listAt(selector, 'matchExpressions').length > 0
  return (wanted.length > 0 || hasExpressions) && wanted.every(([key, value]) => textAt(labels, key) === value)
}

/** A KEDA ScaledObject that is paused, or the other half of a Rollout, together with the workload. */
function isCompanion({ object, changes }: ObjectDifference): boolean {
  const kind = object.split('/')[1] ?? ''
  const entries = Object.entries(changes ?? {})
  if (kind === 'ScaledObject') return entries.length === 1 && /paused-replicas/u.test(JSON.stringify(entries))
  return (
    kind === 'Rollout' &&
    entries.every(([pointer, { to }]) => pointer === '/spec/replicas' && to === 0) &&
    entries.length > 0
  )
}
