import { ResponseError, type ImageAction } from '@saker/core'
import { textAt, type JsonObject } from '../layout/json-value.ts'
import { objectsAt } from './json-list.ts'
import type { Wanted } from './wanted.ts'
import { podTemplateOf, workloadKindOf } from './workload-kind.ts'

/** The image that a container had before the present one, by Git's history. Undefined when history does not tell. */
export type PreviousImage = (container: string) => string | undefined

/**
 * Which image a container is to run. Ends in `ACTION_NOT_APPLICABLE` when there is no such container, when history knows no
 * image before, or when the pods of the kind cannot be changed any more.
 */
export function imageWanted(
  object: JsonObject,
  action: ImageAction,
  previousImage: PreviousImage | undefined,
): readonly Wanted[] {
  const kind = textAt(object, ['kind']) ?? ''
  const { template = ['spec', 'template'] } = workloadKindOf(textAt(object, ['apiVersion']) ?? '', kind) ?? {}
  if (kind === 'Job') throw notApplicable(object, 'is a Job, whose pods cannot be given another image')
  const list = (['containers', 'initContainers'] as const).find((name) =>
    objectsAt(podTemplateOf(object), ['spec', name]).some((one) => textAt(one, ['name']) === action.container),
  )
  if (list === undefined) throw notApplicable(object, `has no container ${action.container}`)
  const image = action.set ?? previousImage?.(action.container)
  if (image === undefined) {
    throw notApplicable(object, `had no other image of the container ${action.container} that history tells of`)
  }
  return [{ op: 'set', at: [...template, 'spec', list, { named: action.container }, 'image'], value: image }]
}

/** The refusal of an action that does not fit the manifest; `what` follows the object in the message. */
export function notApplicable(object: JsonObject, what: string, cause?: unknown): ResponseError {
  const kind = textAt(object, ['kind']) ?? ''
  const name = textAt(object, ['metadata', 'name']) ?? ''
  return new ResponseError('ACTION_NOT_APPLICABLE', `the ${kind} ${name} ${what}`, {
    details: { kind, name },
    ...(cause === undefined ? {} : { cause }),
  })
}
