import fc from 'fast-check'
import type { JsonObject } from './json-object.ts'
import { asJson, container, labels, maybe, names, namespaces, objects, texts, volume } from './random-objects.ts'

const kinds = fc.constantFrom('Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'ConfigMap', 'Service', 'Widget')
const target = fc.record({
  kind: maybe(kinds),
  name: maybe(fc.oneof(names, fc.constantFrom('.*', 'we.', 'web|db', '(web|api)', 'p-web', 'web-s', '.*web.*'))),
  namespace: maybe(fc.constantFrom('shop', 'default', 'o.*')),
  labelSelector: maybe(fc.constantFrom('app', 'app=a', 'app in (a, b)', '!tier', 'tier!=b', 'app=a,tier')),
  annotationSelector: maybe(fc.constantFrom('app', 'tier=a')),
  group: maybe(fc.constantFrom('apps', 'batch')),
  version: maybe(fc.constant('v1')),
})

const POD = '/spec/template/spec'
const operation = fc.oneof(
  fc.record({
    op: fc.constant('add'),
    path: fc.constantFrom(
      '/spec/replicas',
      '/metadata/annotations/x',
      '/metadata/labels/y',
      `${POD}/nodeSelector`,
      `${POD}/containers/-`,
      `${POD}/containers/0`,
      '/data/k',
      '/metadata/annotations',
    ),
    value: fc.constantFrom<unknown>(0, 'v', { a: 'b' }, { name: 'new', image: 'nginx:3' }),
  }),
  fc.record({
    op: fc.constant('replace'),
    path: fc.constantFrom(
      '/spec/replicas',
      '/metadata/name',
      '/metadata/namespace',
      `${POD}/containers/0/image`,
      '/kind',
    ),
    value: fc.constantFrom<unknown>('api', 'nginx:9', 4, 'Widget'),
  }),
  fc.record({
    op: fc.constant('remove'),
    path: fc.constantFrom('/spec/replicas', '/metadata/labels', '/metadata/annotations', `${POD}/volumes`, '/data'),
  }),
  fc.record({
    op: fc.constant('copy'),
    from: fc.constantFrom('/metadata/name', '/spec/replicas'),
    path: fc.constantFrom('/metadata/annotations/copied', '/spec/copied'),
  }),
)

const directive = fc.constantFrom(undefined, undefined, undefined, undefined, 'delete', 'replace', 'merge')
const withDirective = <T extends object>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.tuple(arbitrary, directive).map(([value, $patch]) => ({ ...value, $patch }))
const patchedPod = fc.record({
  containers: maybe(fc.array(withDirective(container), { maxLength: 2 })),
  volumes: maybe(
    fc.oneof(
      fc.array(withDirective(volume), { maxLength: 2 }),
      fc.constantFrom<unknown>(null, [{ $patch: 'replace' }], [{ $patch: 'delete' }]),
    ),
  ),
  nodeSelector: maybe(fc.constantFrom<unknown>(null, { zone: 'z' }, { disk: null })),
  tolerations: maybe(fc.array(fc.record({ key: texts }), { maxLength: 1 })),
  serviceAccountName: maybe(names),
})
const patchedSpec = fc.record({
  replicas: maybe(fc.oneof(fc.nat(5), fc.constant(null))),
  strategy: maybe(fc.constantFrom<unknown>(null, { type: 'RollingUpdate' }, { $patch: 'replace', type: 'X' })),
  ports: maybe(
    fc.array(
      fc.record({ port: fc.constantFrom(80, 443), targetPort: fc.constant(8080), protocol: maybe(fc.constant('TCP')) }),
      {
        maxLength: 2,
      },
    ),
  ),
  items: maybe(fc.array(fc.record({ name: names, v: texts }), { maxLength: 1 })),
  template: maybe(fc.record({ metadata: maybe(fc.record({ labels })), spec: maybe(patchedPod) })),
})
const merge = fc
  .record({
    apiVersion: fc.constantFrom('apps/v1', 'v1', 'batch/v1', 'x.io/v1'),
    kind: kinds,
    metadata: fc.record({
      name: names,
      namespace: namespaces,
      labels,
      annotations: labels,
      finalizers: maybe(fc.array(texts, { maxLength: 2 })),
    }),
    spec: maybe(patchedSpec),
    data: maybe(fc.dictionary(fc.constantFrom('k', 'l'), fc.oneof(texts, fc.constant(null)), { maxKeys: 2 })),
    $patch: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, undefined, 'delete', 'replace'),
  })
  .map(asJson)

interface Patch {
  readonly patch: unknown
  readonly target?: unknown
  readonly options?: unknown
}

const options = fc.record({ allowNameChange: fc.boolean(), allowKindChange: fc.boolean() })
const patches: fc.Arbitrary<Patch> = fc.oneof(
  fc.record({ patch: merge, target }),
  fc.record({ patch: merge, target, options }),
  fc.record({ patch: fc.array(operation, { minLength: 1, maxLength: 2 }), target }),
)

const pairs = fc.dictionary(fc.constantFrom('app', 'team', 'tier'), texts, { minKeys: 1, maxKeys: 2 })
const labelEntry = fc.record({ pairs, includeSelectors: maybe(fc.boolean()), includeTemplates: maybe(fc.boolean()) })
const imageEntry = fc.record({
  name: fc.constantFrom('nginx', 'registry.example/web', 'registry.example:5000/team/web', 'busybox', 'ngin.'),
  newName: maybe(fc.constant('new.example/n')),
  newTag: maybe(fc.constantFrom('9', 'x')),
  digest: maybe(fc.constant('sha256:999')),
  tagSuffix: maybe(fc.constant('-s')),
})
const generator = fc.record({
  name: fc.constantFrom('web', 'gen'),
  namespace: namespaces,
  literals: fc.uniqueArray(fc.constantFrom('k=v', 'l="q"', 'm=a=b', 'n=<&>'), { maxLength: 2 }),
  behavior: maybe(fc.constantFrom('create', 'merge', 'replace')),
  options: maybe(fc.record({ disableNameSuffixHash: fc.boolean(), labels: maybe(pairs) })),
})
const transformers = fc
  .record({
    namespace: maybe(fc.constantFrom('shop', 'prod', 'default')),
    namePrefix: maybe(fc.constantFrom('p-', 'q-')),
    nameSuffix: maybe(fc.constantFrom('-s', '-t')),
    commonLabels: maybe(pairs),
    commonAnnotations: maybe(pairs),
    labels: maybe(fc.array(labelEntry, { maxLength: 2 })),
    replicas: maybe(
      fc.array(fc.record({ name: fc.constantFrom('web', 'db', 'p-web'), count: fc.nat(3) }), { maxLength: 1 }),
    ),
    images: maybe(fc.array(imageEntry, { maxLength: 2 })),
    configMapGenerator: maybe(fc.array(generator, { maxLength: 1 })),
    secretGenerator: maybe(fc.array(fc.constant({ name: 'gen', literals: ['p=w'] }), { maxLength: 1 })),
    generatorOptions: maybe(fc.record({ disableNameSuffixHash: maybe(fc.boolean()), annotations: maybe(pairs) })),
  })
  .map(asJson)
/** Most kustomizations say little; many fields at once mostly end in errors. */
const fewTransformers = fc
  .tuple(transformers, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }))
  .map(([all, kept]) => Object.fromEntries(Object.entries(all).filter((_, index) => kept[index] === true)))

interface Folder {
  readonly own: readonly JsonObject[]
  readonly fields: JsonObject
  readonly patches: readonly Patch[]
  /** A merge for one of the objects that are there, so that it fits something. */
  readonly fitting: { readonly merge: JsonObject; readonly index: number } | undefined
  readonly isLegacy: boolean
}

const folders: fc.Arbitrary<Folder> = fc.record({
  own: fc.array(objects, { maxLength: 4 }),
  fields: fc.oneof(fewTransformers, fc.constant({})),
  patches: fc.array(patches, { maxLength: 2 }),
  fitting: maybe(fc.record({ merge, index: fc.nat(8) })),
  isLegacy: fc.boolean(),
})

/** A tree of kustomizations as texts by path, to be built at `overlay`: two bases, a component and an overlay. */
export const trees: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .record({
    base: folders,
    other: folders,
    component: folders,
    overlay: folders,
    isChain: fc.boolean(),
    hasComponent: fc.boolean(),
  })
  .map(({ base, other, component, overlay, isChain, hasComponent }) => ({
    ...filesOf('base', base, {}),
    ...filesOf('other', other, { resources: isChain ? ['../base'] : [], known: base.own }),
    ...filesOf('component', component, { kind: 'Component', known: base.own }),
    ...filesOf('overlay', overlay, {
      resources: isChain ? ['../other'] : ['../base', '../other'],
      components: hasComponent ? ['../component'] : [],
      known: base.own,
    }),
  }))

interface Surroundings {
  readonly kind?: 'Component'
  readonly resources?: readonly string[]
  readonly components?: readonly string[]
  /** Objects that come from elsewhere. */
  readonly known?: readonly JsonObject[]
}

function filesOf(
  folder: string,
  made: Folder,
  { kind, resources = [], components = [], known = [] }: Surroundings,
): Record<string, string> {
  const files: Record<string, string> = {}
  made.own.forEach((object, index) => (files[`${folder}/o${index}.yaml`] = JSON.stringify(object)))
  const all = [...made.own, ...known]
  const fitted = made.fitting === undefined ? undefined : all[made.fitting.index % Math.max(1, all.length)]
  const own = fitted === undefined || made.fitting === undefined ? [] : [{ patch: aimed(made.fitting.merge, fitted) }]
  const written = [...made.patches, ...own]
  const kustomization = {
    apiVersion: kind === undefined ? undefined : 'kustomize.config.k8s.io/v1alpha1',
    kind: kind ?? 'Kustomization',
    resources: [...resources, ...made.own.map((_, index) => `o${index}.yaml`)],
    components: components.length === 0 ? undefined : components,
    ...made.fields,
    ...(made.isLegacy
      ? legacyPatches(written)
      : { patches: written.map((one, index) => entryOf(folder, files, { ...one, index })) }),
  }
  files[`${folder}/kustomization.yaml`] = JSON.stringify(kustomization)
  return files
}

/** The same patch for another object. */
function aimed(patch: JsonObject, object: JsonObject): JsonObject {
  const { name, namespace } = asJson(object['metadata'])
  return asJson({
    ...patch,
    apiVersion: object['apiVersion'],
    kind: object['kind'],
    metadata: { ...asJson(patch['metadata']), name, namespace },
  })
}

function legacyPatches(written: readonly Patch[]): JsonObject {
  const named = ({ target: wanted }: Patch): boolean => wanted !== undefined && asJson(wanted)['name'] !== undefined
  return {
    patchesStrategicMerge: written.filter((one) => one.target === undefined).map(({ patch }) => JSON.stringify(patch)),
    patchesJson6902: written
      .filter((one) => Array.isArray(one.patch) && named(one))
      .map((one) => ({ ...one, patch: JSON.stringify(one.patch) })),
  }
}

/** Every other patch lies in a file of its own. */
function entryOf(
  folder: string,
  files: Record<string, string>,
  { index, patch, ...rest }: Patch & { readonly index: number },
): unknown {
  if (index % 2 === 0) return { ...rest, patch: JSON.stringify(patch) }
  files[`${folder}/p${index}.yaml`] = JSON.stringify(patch)
  return { ...rest, path: `p${index}.yaml` }
}
