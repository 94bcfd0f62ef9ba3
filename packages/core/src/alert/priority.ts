/** Falco's priorities, lowest first. https://falco.org/docs/concepts/rules/basic-elements/#priority */
export const PRIORITIES = [
  'Debug',
  'Informational',
  'Notice',
  'Warning',
  'Error',
  'Critical',
  'Alert',
  'Emergency',
] as const

/** One of Falco's eight priorities, in the spelling that Falco and Falcosidekick emit. */
export type Priority = (typeof PRIORITIES)[number]

/** Reads a priority in any case; `info` is Falco's own short form. Undefined for anything else: an unknown priority must never pass for a high one. */
export function parsePriority(text: string): Priority | undefined {
  const wanted = text.toLowerCase() === 'info' ? 'informational' : text.toLowerCase()
  return PRIORITIES.find((priority) => priority.toLowerCase() === wanted)
}

/** A condition on the priority of an alert, as written in `match.priority`. */
export interface PriorityCondition {
  readonly operator: '<' | '<=' | '=' | '>=' | '>'
  readonly priority: Priority
}

/** Reads `>=Warning`, `<Error`, `Notice` (equality). Undefined when it cannot be understood. */
export function parsePriorityCondition(text: string): PriorityCondition | undefined {
  const [, operator, name] = /^\s*(<=|<|>=|>|=)?\s*([A-Za-z]+)\s*$/.exec(text) ?? []
  const priority = parsePriority(name ?? '')
  if (priority === undefined) return undefined
  return { operator: (operator ?? '=') as PriorityCondition['operator'], priority }
}

/** Whether a priority satisfies a condition, by Falco's order of severity. */
export function satisfiesPriority(priority: Priority, condition: PriorityCondition): boolean {
  const difference = PRIORITIES.indexOf(priority) - PRIORITIES.indexOf(condition.priority)
  switch (condition.operator) {
    case '<':
      return difference < 0
    case '<=':
      return difference <= 0
    case '=':
      return difference === 0
    case '>=':
      return difference >= 0
    case '>':
      return difference > 0
    default:
      return condition.operator satisfies never
  }
}
