export { planContain, type ManifestChange } from './contain/plan-contain.ts'
export type {
  DeclaredWorkload,
  DeclaredWorkloads,
  ManifestPlace,
  UnreadableFile,
} from './workload/declared-workload.ts'
export { declaredWorkloads } from './workload/declared-workloads.ts'
export { findManifest, type FoundManifest } from './workload/find-manifest.ts'
export { applyChanges, isChange, type ChangedText } from './yaml/apply-changes.ts'
export type { Change, Json, Place, Step } from './yaml/change.ts'
export { openManifest, type OpenManifest } from './yaml/open-manifest.ts'
export { findPointer, pointerOf, type PointedPlace } from './yaml/pointer.ts'
export { readYamlWithPositions, type PositionedYaml, type TextPosition, type YamlFault } from './yaml/read-yaml.ts'
export { restoreChange, type Restored, type ThreeTexts } from './yaml/restore-change.ts'
export { writeManifest, type ManifestStyle } from './yaml/write-manifest.ts'
