import { normalisedUrl } from '@saker/core'
import { layoutOf } from '../packages/manifest/src/layout/layout.ts'
import { readLayoutCases } from './support/kustomize/layout-case.ts'
import { treeOf } from './support/kustomize/repository-files.ts'
for (const layout of readLayoutCases()) {
  if (!layout.name.match(process.argv[2] ?? '')) continue
  const model = layoutOf(
    layout.repositories.map((one) => ({
      repository: one.name,
      url: normalisedUrl({ kind: 'git', url: one.url }),
      branch: one.branch,
      tree: treeOf(one.files, layout.submodules),
      clusters: Object.entries(one.clusters ?? {}).map(([name, { paths = [''], file, pins = [] }]) => ({
        name,
        paths,
        pins,
        ...(file ? { file } : {}),
      })),
    })),
  )
  for (const r of model.roots) {
    console.log(
      'ROOT',
      r.id,
      r.kind,
      r.path,
      'applier',
      r.applier?.object.identity.name,
      'pinned',
      r.applier?.pinned,
      'source',
      r.applier?.source?.identity.name,
    )
    for (const o of model.objectsOf(r).objects)
      console.log(
        '   ',
        JSON.stringify(o.identity),
        JSON.stringify(o.origin),
        o.layers.map((l) => l.path).join(),
        o.uncertain,
        process.argv[3] ? JSON.stringify(o.value()).slice(0, 300) : '',
      )
  }
  console.log(model.problems)
}
