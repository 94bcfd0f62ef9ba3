import fc from 'fast-check'
import type { JsonObject } from './json-object.ts'

/** Values of few kinds and names, so that what meets in a build often concerns each other. */

/** Names that objects and what names them share. */
export const names = fc.constantFrom('web', 'api', 'db', 'web-api')
/** Values of labels, variables and the like. */
export const texts = fc.constantFrom('a', 'b', 'true', '1', 'x y')
/** Mostly none. */
export const namespaces = fc.constantFrom(undefined, undefined, 'shop', 'other', 'default')

/** A value, or nothing. */
export function maybe<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 2 })
}

/** The value as JSON has it: without what is undefined. */
export function asJson(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject
}

const images = fc.constantFrom(
  'nginx',
  'nginx:1.25',
  'registry.example:5000/team/web:1.0@sha256:abc',
  'busybox@sha256:def',
  'registry.example/web:2',
)
/** Labels or annotations, or none. */
export const labels = maybe(
  fc.dictionary(fc.constantFrom('app', 'tier', 'app.kubernetes.io/name'), texts, { maxKeys: 2 }),
)
const appLabel = fc.dictionary(fc.constant('app'), texts, { maxKeys: 1 })

const reference = fc.record({ name: names, key: fc.constant('k') })
const variables = fc.uniqueArray(
  fc.oneof(
    fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: texts }),
    fc.record({ name: fc.constantFrom('A', 'B', 'C'), valueFrom: fc.record({ configMapKeyRef: reference }) }),
  ),
  { maxLength: 3, selector: ({ name }) => name },
)
const ports = fc.uniqueArray(
  fc.record({
    containerPort: fc.constantFrom(80, 8080),
    protocol: maybe(fc.constantFrom('TCP', 'UDP')),
    name: maybe(fc.constantFrom('http', 'x')),
  }),
  { maxLength: 2, selector: ({ containerPort, protocol }) => `${containerPort}${protocol}` },
)
const mounts = fc.uniqueArray(fc.record({ name: fc.constantFrom('v', 'w'), mountPath: fc.constantFrom('/a', '/b') }), {
  maxLength: 2,
  selector: ({ mountPath }) => mountPath,
})
/** A container with what strategic merges treat in a way of their own. */
export const container = fc.record({
  name: fc.constantFrom('main', 'side'),
  image: maybe(images),
  env: maybe(variables),
  ports: maybe(ports),
  envFrom: maybe(fc.array(fc.record({ configMapRef: fc.record({ name: names }) }), { maxLength: 1 })),
  volumeMounts: maybe(mounts),
  args: maybe(fc.array(texts, { maxLength: 2 })),
})
const containers = fc.uniqueArray(container, { minLength: 1, maxLength: 2, selector: ({ name }) => name })
/** A volume, mostly of something that has a name. */
export const volume = fc.record({
  name: fc.constantFrom('v', 'w'),
  configMap: maybe(fc.record({ name: names })),
  emptyDir: maybe(fc.constant({})),
  secret: maybe(fc.record({ secretName: names })),
  persistentVolumeClaim: maybe(fc.record({ claimName: names })),
})
const antiAffinity = fc.record({
  podAntiAffinity: fc.record({
    requiredDuringSchedulingIgnoredDuringExecution: fc.tuple(
      fc.record({ topologyKey: fc.constant('zone'), labelSelector: fc.record({ matchLabels: appLabel }) }),
    ),
  }),
})
const podSpec = fc.record({
  containers,
  initContainers: maybe(containers),
  volumes: maybe(fc.uniqueArray(volume, { maxLength: 2, selector: ({ name }) => name })),
  serviceAccountName: maybe(names),
  imagePullSecrets: maybe(fc.uniqueArray(fc.record({ name: names }), { maxLength: 2, selector: ({ name }) => name })),
  nodeSelector: maybe(fc.dictionary(fc.constantFrom('disk', 'zone'), texts, { maxKeys: 2 })),
  tolerations: maybe(fc.array(fc.record({ key: texts, operator: fc.constant('Exists') }), { maxLength: 2 })),
  affinity: maybe(antiAffinity),
})
const metadata = fc.record({ name: names, namespace: namespaces, labels, annotations: labels })
const template = fc.record({ metadata: maybe(fc.record({ labels, annotations: labels })), spec: podSpec })
const selector = fc.record({ matchLabels: fc.dictionary(fc.constant('app'), texts, { minKeys: 1, maxKeys: 1 }) })
const claims = fc.array(
  fc.record({
    metadata: fc.record({ name: fc.constant('data'), labels }),
    spec: fc.record({ storageClassName: names }),
  }),
  { maxLength: 1 },
)

function workload(
  apiVersion: string,
  kind: string,
  more: Record<string, fc.Arbitrary<unknown>> = {},
): fc.Arbitrary<unknown> {
  const spec = fc.record({ replicas: maybe(fc.nat(5)), selector: maybe(selector), template, ...more })
  return fc.record({ apiVersion: fc.constant(apiVersion), kind: fc.constant(kind), metadata, spec })
}

function plain(
  apiVersion: string,
  kind: string,
  rest: Record<string, fc.Arbitrary<unknown>> = {},
): fc.Arbitrary<unknown> {
  return fc.record({ apiVersion: fc.constant(apiVersion), kind: fc.constant(kind), metadata, ...rest })
}

const RBAC = 'rbac.authorization.k8s.io'
const binding = {
  subjects: fc.array(
    fc.record({
      kind: fc.constant('ServiceAccount'),
      name: fc.oneof(names, fc.constant('default')),
      namespace: maybe(fc.constantFrom('shop', 'other')),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  roleRef: fc.record({ apiGroup: fc.constant(RBAC), kind: fc.constantFrom('Role', 'ClusterRole'), name: names }),
}
const servicePorts = fc.uniqueArray(
  fc.record({ port: fc.constantFrom(80, 443), protocol: maybe(fc.constantFrom('TCP', 'UDP')), name: maybe(texts) }),
  { maxLength: 2, selector: ({ port, protocol }) => `${port}${protocol}` },
)
const podSelector = fc.record({ matchLabels: maybe(appLabel) })
const policy = fc.record({
  podSelector: maybe(podSelector),
  ingress: maybe(
    fc.array(fc.record({ from: fc.array(fc.record({ podSelector }), { maxLength: 1 }) }), { maxLength: 1 }),
  ),
})
const backend = fc.record({ service: fc.record({ name: names, port: fc.constant({ number: 80 }) }) })
const scaleTarget = fc.record({
  apiVersion: fc.constant('apps/v1'),
  kind: fc.constantFrom('Deployment', 'StatefulSet'),
  name: names,
})

/** An object of a kind that some transformer treats in a way of its own. */
export const objects: fc.Arbitrary<JsonObject> = fc
  .oneof(
    { weight: 4, arbitrary: workload('apps/v1', 'Deployment', { strategy: maybe(fc.constant({ type: 'Recreate' })) }) },
    {
      weight: 2,
      arbitrary: workload('apps/v1', 'StatefulSet', { serviceName: maybe(names), volumeClaimTemplates: maybe(claims) }),
    },
    workload('apps/v1', 'DaemonSet'),
    workload('batch/v1', 'Job'),
    workload('argoproj.io/v1alpha1', 'Rollout'),
    workload('extensions/v1beta1', 'Deployment'),
    plain('batch/v1', 'CronJob', {
      spec: fc.record({
        suspend: maybe(fc.boolean()),
        jobTemplate: fc.record({ spec: fc.record({ template }) }),
      }),
    }),
    plain('v1', 'Pod', { spec: podSpec }),
    {
      weight: 2,
      arbitrary: plain('v1', 'Service', { spec: fc.record({ selector: maybe(appLabel), ports: servicePorts }) }),
    },
    { weight: 2, arbitrary: plain('v1', 'ConfigMap', { data: fc.dictionary(fc.constantFrom('k', 'l'), texts) }) },
    plain('v1', 'Secret'),
    plain('v1', 'ServiceAccount', { imagePullSecrets: fc.array(fc.record({ name: names }), { maxLength: 1 }) }),
    plain('v1', 'PersistentVolumeClaim', { spec: fc.record({ storageClassName: maybe(names) }) }),
    plain(`${RBAC}/v1`, 'Role', { rules: fc.constant([]) }),
    plain(`${RBAC}/v1`, 'ClusterRole', {
      rules: fc.array(fc.record({ resourceNames: fc.array(names, { maxLength: 2 }) }), { maxLength: 1 }),
    }),
    plain(`${RBAC}/v1`, 'RoleBinding', binding),
    plain(`${RBAC}/v1`, 'ClusterRoleBinding', binding),
    plain('networking.k8s.io/v1', 'Ingress', {
      spec: fc.record({
        tls: maybe(fc.array(fc.record({ secretName: names }), { maxLength: 1 })),
        defaultBackend: maybe(backend),
      }),
    }),
    plain('networking.k8s.io/v1', 'NetworkPolicy', { spec: policy }),
    plain('autoscaling/v2', 'HorizontalPodAutoscaler', { spec: fc.record({ scaleTargetRef: scaleTarget }) }),
    plain('policy/v1', 'PodDisruptionBudget', { spec: fc.record({ selector: maybe(selector) }) }),
    plain('v1', 'Namespace'),
    plain('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { spec: fc.constant({ group: 'x.io' }) }),
    plain('x.io/v1', 'Widget', {
      spec: fc.record({
        replicas: fc.nat(3),
        items: fc.array(fc.record({ name: names, v: texts }), { maxLength: 2 }),
      }),
    }),
  )
  .map(asJson)
