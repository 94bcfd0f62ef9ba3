export type { ActionEdits, ActionPlan, ActionRequest, ActionUnchanged, EditedLayer } from './action/action-plan.ts'
export { ACTION_ORDER } from './action/actions-wanted.ts'
export type { LayerKind } from './action/candidate.ts'
export type { RepositoryPlace } from './action/changed-places.ts'
export type { PreviousImage } from './action/image-wanted.ts'
export { imageFilesOf, imageIn } from './action/past-image.ts'
export { planActions } from './action/plan-actions.ts'
export { planTogether, type BurstAnswer, type BurstPlan, type BurstRequest } from './action/plan-together.ts'
export { findWorkload } from './layout/find/find-workload.ts'
export type { FoundWorkload, Maker } from './layout/find/found-workload.ts'
export { warmLayout, type Warming } from './layout/warm-layout.ts'
export type { JsonObject, JsonValue } from './layout/json-value.ts'
export { layoutOf } from './layout/layout.ts'
export type {
  Applier,
  BuiltObject,
  BuiltRoot,
  FileEdit,
  Layer,
  Layout,
  LayoutCluster,
  LayoutPlace,
  LayoutProblem,
  LayoutSource,
  ObjectIdentity,
  ObjectOrigin,
  RemoteOrigin,
  Root,
  WrittenOrigin,
} from './layout/layout-model.ts'
export { applyChanges, isChange, type ChangedText } from './yaml/apply-changes.ts'
export type { Change, Json, Place, Step } from './yaml/change.ts'
export { openManifest, type OpenManifest } from './yaml/open-manifest.ts'
export { findPointer, pointerOf, type PointedPlace } from './yaml/pointer.ts'
export { readYamlWithPositions, type PositionedYaml, type TextPosition, type YamlFault } from './yaml/read-yaml.ts'
export { restoreChange, type Restored, type ThreeTexts } from './yaml/restore-change.ts'
export { writeManifest, type ManifestStyle } from './yaml/write-manifest.ts'
