import type { CaseTarget } from './layout-case.ts'
import type { PlanEnd } from './plan-target.ts'

/** What is not as the case says of the end of a target; the rendered difference is looked at elsewhere. */
export function faultsOf(end: PlanEnd, { workload, expected }: CaseTarget): readonly string[] {
  const { refused, message = '', unchanged } = expected
  const isFound = end.kind !== 'refused' && workload !== undefined
  const title = isFound && end.title !== workload ? [`found ${end.title ?? 'nothing'}, not ${workload}`] : []
  if (refused !== undefined) {
    const codes = [refused].flat()
    if (end.kind !== 'refused') return [`is not refused (${codes.join(' or ')}) but ends ${endOf(end)}`]
    const isRight = codes.includes(end.error.code) && end.error.message.includes(message)
    return isRight ? [] : [`ends ${endOf(end)}, not ${codes.join(' or ')} with "${message}"`]
  }
  if (unchanged === true) return end.kind === 'unchanged' ? title : [`ends ${endOf(end)}, not unchanged`]
  return end.kind === 'edits' ? [...title, ...planFaults(end, expected)] : [`ends ${endOf(end)}, not with edits`]
}

/** Once is enough; a bare Pod that is out of Git is not there any more, or another workload is all that is left of its name. */
export function repeatFaults(again: PlanEnd, { workload }: Pick<CaseTarget, 'workload'>): readonly string[] {
  const isGone = workload?.split('/')[1] === 'Pod' && again.kind === 'refused'
  const isRight = isGone ? /^WORKLOAD_(?:NOT_FOUND|AMBIGUOUS)$/u.test(again.error.code) : again.kind === 'unchanged'
  return isRight ? [] : [`the second time it ends ${endOf(again)}`]
}

function planFaults(
  { plan }: Extract<PlanEnd, { kind: 'edits' }>,
  { layer, consumers, warnings = [] }: CaseTarget['expected'],
): readonly string[] {
  const silent = warnings.filter((want) => !plan.warnings.some((one) => one.includes(want)))
  return [
    ...(layer === undefined || layer === plan.layer.kind ? [] : [`edits the layer ${plan.layer.kind}, not ${layer}`]),
    ...(consumers === undefined || consumers === plan.layer.consumers
      ? []
      : [`has ${plan.layer.consumers} consumers, not ${consumers}`]),
    ...silent.map((want) => `does not warn of "${want}" in ${JSON.stringify(plan.warnings)}`),
  ]
}

function endOf(end: PlanEnd): string {
  return end.kind === 'refused' ? `${end.error.code}: ${end.error.message}` : end.kind
}
