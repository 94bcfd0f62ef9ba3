import { compareDecimals } from '../text/decimal.ts'
import type { ConfigFault } from './config-fault.ts'
import type { WrittenMatch } from './written-match.ts'

/** Conditions that no alert can meet: whoever wrote them meant something else. */
export function matchFaults({ tags, fields = {} }: WrittenMatch, path: ConfigFault['path']): readonly ConfigFault[] {
  const never = (tag: string): boolean => tags?.none?.includes(tag) === true
  const required = tags?.all ?? []
  return [
    ...(required.some(never) || tags?.any?.every(never) === true
      ? [{ path: [...path, 'tags'], message: 'can never hold: none excludes what any or all asks for' }]
      : []),
    ...Object.entries(fields).flatMap(([name, field]) => {
      const at = [...path, 'fields', name]
      const { exists, greaterThan, lessThan, equals, in: isIn, glob, regex } = field
      const wantsValue = [greaterThan, lessThan, equals, isIn, glob, regex].some((one) => one !== undefined)
      if (exists === false && wantsValue)
        return [{ path: at, message: 'can never hold: a field that does not exist has no value' }]
      if (greaterThan === undefined || lessThan === undefined) return []
      return (compareDecimals(String(greaterThan), String(lessThan)) ?? 0) < 0
        ? []
        : [{ path: at, message: 'can never hold: greaterThan is not below lessThan' }]
    }),
  ]
}
