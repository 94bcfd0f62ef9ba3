import { textAt } from '../layout/json-value.ts'
import type { BuiltObject, FileEdit, Layout, LayoutPlace } from '../layout/layout-model.ts'
import { objectsAt } from './json-list.ts'
import { objectNow } from './plan-goal.ts'
import { podTemplateOf } from './workload-kind.ts'

/** The files of one repository that can say which image an object runs: its own, its kustomizations', its applier's. */
export function imageFilesOf(object: BuiltObject, repository: string): readonly string[] {
  const { origin, layers, root } = object
  const places: LayoutPlace[] = [origin, ...layers]
  for (let { applier } = root; applier !== undefined; { applier } = applier.object.root) {
    places.push(applier.object.origin, ...applier.object.layers)
  }
  return [...new Set(places.filter((one) => one.repository === repository).map(({ path }) => path))]
}

/** The image that a container of an object runs, as rendered where some files were as they once were. */
export function imageIn(
  layout: Layout,
  object: BuiltObject,
  { container, files }: { readonly container: string; readonly files: readonly FileEdit[] },
): string | undefined {
  const changed = files.filter((file) => layout.textOf(file) !== (file.text ?? undefined))
  const then = changed.length === 0 ? layout : layout.with(changed)
  const value = objectNow({ layout: then, steps: [] }, object)?.value()
  const pod = value === undefined ? undefined : podTemplateOf(value)
  const containers = [...objectsAt(pod, ['spec', 'containers']), ...objectsAt(pod, ['spec', 'initContainers'])]
  return containers.flatMap((one) => (textAt(one, ['name']) === container ? [textAt(one, ['image'])] : []))[0]
}
