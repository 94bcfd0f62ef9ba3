import { fieldAt, textAt } from '../layout/json-value.ts'
import type { BuiltObject } from '../layout/layout-model.ts'
import { autoscalersFromZero } from './companions.ts'
import { isRolledBack } from './helm-release.ts'
import { titleOf } from './proof.ts'
import { appliersOf, isSuspended } from './reach.ts'

/** What a plan is told of, to say what it cannot do. */
export interface PlanFacts {
  readonly object: BuiltObject
  /** All that the cluster gets. */
  readonly all: readonly BuiltObject[]
  readonly isContained: boolean
  readonly isIsolated: boolean
  /** Set when the object is to be gone. */
  readonly isRemoved: boolean
}

/** What people should know who rely on the edit: what it does not stop, what may take it back, what may keep it from being applied. */
export function planWarnings(facts: PlanFacts): readonly string[] {
  return [...kindWarnings(facts), ...applierWarnings(facts)]
}

function kindWarnings({ object, all, isContained }: PlanFacts): readonly string[] {
  if (!isContained) return []
  const { kind, name } = object.identity
  const warnings: string[] = []
  if (kind === 'CronJob') warnings.push(runningJobs(name))
  if (kind === 'HelmRelease' && isRolledBack(object.value())) {
    warnings.push(`the tests of ${titleOf(object.identity)} may fail now, and Helm then rolls back to what runs`)
  }
  for (const { identity } of autoscalersFromZero(all, object)) {
    warnings.push(`${titleOf(identity)} may scale up from zero, as its minReplicas is 0`)
  }
  return warnings
}

/** What suspending a CronJob does not do. */
export function runningJobs(name: string): string {
  return `a Job that ${name} has started already goes on running`
}

function applierWarnings({ object, isIsolated, isRemoved }: PlanFacts): readonly string[] {
  const { applier } = object.root
  const warnings: string[] = []
  for (const [index, { object: one, source }] of appliersOf(object.root).entries()) {
    if (index > 0 && isSuspended(one)) warnings.push(`the parent ${titleOf(one.identity)} is suspended`)
    if (source !== undefined && fieldAt(source.value(), ['spec', 'verify']) !== undefined) {
      warnings.push(`${titleOf(source.identity)} takes only signed commits; one that is not signed stops it altogether`)
    }
    const isArgo = one.identity.kind === 'Application'
    if (isArgo && !isAutomated(one)) warnings.push(`${titleOf(one.identity)} is not synced automatically`)
  }
  if (applier === undefined) {
    if (isRemoved) warnings.push('whether what leaves Git is taken out of the cluster is not known')
    return warnings
  }
  if (isIsolated && !isPruned(object)) {
    warnings.push(`${titleOf(applier.object.identity)} does not prune, so undoing leaves the policy in the cluster`)
  }
  return warnings
}

/** Whether Argo CD applies what is committed without being asked. */
function isAutomated(application: BuiltObject): boolean {
  const automated = fieldAt(application.value(), ['spec', 'syncPolicy', 'automated'])
  return automated !== undefined && automated !== null && fieldAt(automated, ['enabled']) !== false
}

/** Whether what leaves Git leaves the cluster too. Undefined when nothing says who applies the object. */
export function isPruned(object: BuiltObject): boolean | undefined {
  const { applier } = object.root
  if (applier === undefined) return undefined
  if (textAt(object.value(), ['metadata', 'annotations', 'kustomize.toolkit.fluxcd.io/prune']) === 'disabled')
    return false
  const applied = applier.object.value()
  if (applier.type === 'flux') return fieldAt(applied, ['spec', 'prune']) === true
  return fieldAt(applied, ['spec', 'syncPolicy', 'automated', 'prune']) === true
}
