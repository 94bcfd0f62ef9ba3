import { ResponseError } from '@saker/core'
import type { BuiltObject } from '../layout/layout-model.ts'
import { titleOf } from './proof.ts'
import type { Wanted } from './wanted.ts'

/**
 * Throws `EDIT_UNPROVEN` when something takes part in building the object that is not followed here, and may write what
 * is wanted anew: then no proof holds. Replacements, variables and labels name the fields that they write; everything else may write any.
 */
export function refuseDoubts(object: BuiltObject, wanted: readonly Wanted[]): void {
  const [doubt] = object.uncertain.filter((one) => isAbout(one, wanted))
  if (doubt === undefined) return
  throw new ResponseError('EDIT_UNPROVEN', `what becomes of ${titleOf(object.identity)} is not certain: ${doubt}`, {
    details: { path: object.root.path, kind: object.identity.kind, name: object.identity.name },
  })
}

function isAbout(doubt: string, wanted: readonly Wanted[]): boolean {
  // A variable that is filled in later is text in some other field, or goes with the value that is replaced.
  if (doubt.includes('variables')) return false
  const fields = / has (?:replacements|vars|labels) that write (.+) of it$/u.exec(doubt)?.[1]
  if (fields === undefined) return true
  return fields.split(', ').some((field) => {
    // `[name=web]` and `*` stand for items of a list, and so do the index or the name in what is wanted.
    const path = field.split('.').filter((key) => !/^(?:\[.*\]|\*|[0-9]+)$/u.test(key))
    return wanted.some(({ at }) => {
      const keys = at.filter((step) => typeof step === 'string')
      return path.slice(0, keys.length).every((key, index) => key === keys[index])
    })
  })
}
