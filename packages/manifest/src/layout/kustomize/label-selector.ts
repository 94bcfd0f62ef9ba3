import { BuildFault } from './build-fault.ts'

/**
 * Whether labels fit a selector in text form, as kubectl reads it: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. The empty
 * selector fits all. Throws a {@link BuildFault} where it cannot be read.
 */
export function matchesSelector(selector: string, labels: Readonly<Record<string, string>>, path: string): boolean {
  return requirementsOf(selector).every((requirement) => isMet(requirement.trim(), labels, path))
}

/** Commas inside parentheses do not part requirements. */
function requirementsOf(selector: string): readonly string[] {
  return selector.trim() === '' ? [] : selector.split(/,(?![^(]*\))/u)
}

function isMet(requirement: string, labels: Readonly<Record<string, string>>, path: string): boolean {
  const valueOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined)
  const [, key = '', operator, list = ''] = /^([^\s!=<>,()]+)\s+(in|notin)\s*\(([^)]*)\)$/u.exec(requirement) ?? []
  if (operator !== undefined) {
    const value = valueOf(key)
    const isListed = value !== undefined && list.split(',').some((one) => one.trim() === value)
    return operator === 'in' ? isListed : !isListed
  }
  const [, name, sign, wanted] = /^([^\s!=<>,()]+)\s*(==|=|!=)\s*([^\s!=<>,()]*)$/u.exec(requirement) ?? []
  if (name !== undefined) return sign === '!=' ? valueOf(name) !== wanted : valueOf(name) === wanted
  const [, not, present] = /^(!?)\s*([^\s!=<>,()]+)$/u.exec(requirement) ?? []
  if (present === undefined) throw new BuildFault(path, 'a target has a selector that cannot be read')
  return (valueOf(present) !== undefined) === (not === '')
}
