/**
 * Which lists a strategic merge patch merges item by item, and by which keys; all others it replaces. By type of object:
 * a field leads to the type of what stands there, `keys:Type` says that it is a list of such, merged by keys joined with
 * `+` (none for plain values). Extracted from the schema in kustomize's kyaml 0.20 (Kubernetes 1.21).
 */
const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Container: {
    env: 'name:',
    ports: 'containerPort+protocol:',
    volumeDevices: 'devicePath:',
    volumeMounts: 'mountPath:',
  },
  CronJob: { metadata: 'ObjectMeta', spec: 'CronJobSpec' },
  CronJobSpec: { jobTemplate: 'Templated' },
  CSINode: { metadata: 'ObjectMeta', spec: 'CSINodeSpec' },
  CSINodeSpec: { drivers: 'name:' },
  EphemeralContainer: { env: 'name:', volumeDevices: 'devicePath:', volumeMounts: 'mountPath:' },
  EphemeralVolumeSource: { volumeClaimTemplate: 'Plain' },
  Node: { metadata: 'ObjectMeta', spec: 'NodeSpec' },
  NodeSpec: { podCIDRs: ':' },
  ObjectMeta: { finalizers: ':', ownerReferences: 'uid:' },
  Plain: { metadata: 'ObjectMeta' },
  Pod: { metadata: 'ObjectMeta', spec: 'PodSpec' },
  PodSpec: {
    containers: 'name:Container',
    ephemeralContainers: 'name:EphemeralContainer',
    hostAliases: 'ip:',
    imagePullSecrets: 'name:',
    initContainers: 'name:Container',
    topologySpreadConstraints: 'topologyKey+whenUnsatisfiable:',
    volumes: 'name:Volume',
  },
  PodTemplate: { metadata: 'ObjectMeta', template: 'Pod' },
  Service: { metadata: 'ObjectMeta', spec: 'ServiceSpec' },
  ServiceAccount: { metadata: 'ObjectMeta', secrets: 'name:' },
  ServiceSpec: { ports: 'port+protocol:' },
  Templated: { metadata: 'ObjectMeta', spec: 'TemplatedSpec' },
  TemplatedSpec: { template: 'Pod' },
  Volume: { ephemeral: 'EphemeralVolumeSource' },
  WebhookConfiguration: { metadata: 'ObjectMeta', webhooks: 'name:' },
}

/** Kinds with lists of their own, by API version. */
const KINDS: Readonly<Record<string, string>> = {
  'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration': 'WebhookConfiguration',
  'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration': 'WebhookConfiguration',
  'admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration': 'WebhookConfiguration',
  'admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration': 'WebhookConfiguration',
  'apps/v1 DaemonSet': 'Templated',
  'apps/v1 Deployment': 'Templated',
  'apps/v1 ReplicaSet': 'Templated',
  'apps/v1 StatefulSet': 'Templated',
  'batch/v1 CronJob': 'CronJob',
  'batch/v1 Job': 'Templated',
  'batch/v1beta1 CronJob': 'CronJob',
  'storage.k8s.io/v1 CSINode': 'CSINode',
  'storage.k8s.io/v1beta1 CSINode': 'CSINode',
  'v1 Node': 'Node',
  'v1 Pod': 'Pod',
  'v1 PodTemplate': 'PodTemplate',
  'v1 ReplicationController': 'Templated',
  'v1 Service': 'Service',
  'v1 ServiceAccount': 'ServiceAccount',
}

/** Kinds of the same schema of which only the metadata has such lists. */
const PLAIN = new Set(
  [
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
    ['apiextensions.k8s.io/v1beta1', 'CustomResourceDefinition'],
    ['apiregistration.k8s.io/v1', 'APIService'],
    ['apiregistration.k8s.io/v1beta1', 'APIService'],
    ['apps/v1', 'ControllerRevision'],
    ['autoscaling/v1', 'HorizontalPodAutoscaler'],
    ['autoscaling/v2beta1', 'HorizontalPodAutoscaler'],
    ['autoscaling/v2beta2', 'HorizontalPodAutoscaler'],
    ['certificates.k8s.io/v1', 'CertificateSigningRequest'],
    ['certificates.k8s.io/v1beta1', 'CertificateSigningRequest'],
    ['coordination.k8s.io/v1', 'Lease'],
    ['coordination.k8s.io/v1beta1', 'Lease'],
    ['discovery.k8s.io/v1', 'EndpointSlice'],
    ['discovery.k8s.io/v1beta1', 'EndpointSlice'],
    ['events.k8s.io/v1', 'Event'],
    ['events.k8s.io/v1beta1', 'Event'],
    ['extensions/v1beta1', 'Ingress'],
    ['flowcontrol.apiserver.k8s.io/v1beta1', 'FlowSchema', 'PriorityLevelConfiguration'],
    ['networking.k8s.io/v1', 'Ingress', 'IngressClass', 'NetworkPolicy'],
    ['networking.k8s.io/v1beta1', 'Ingress', 'IngressClass'],
    ['node.k8s.io/v1', 'RuntimeClass'],
    ['node.k8s.io/v1beta1', 'RuntimeClass'],
    ['policy/v1', 'PodDisruptionBudget'],
    ['policy/v1beta1', 'Eviction', 'PodDisruptionBudget', 'PodSecurityPolicy'],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
    ['rbac.authorization.k8s.io/v1beta1', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
    ['scheduling.k8s.io/v1', 'PriorityClass'],
    ['scheduling.k8s.io/v1beta1', 'PriorityClass'],
    ['storage.k8s.io/v1', 'CSIDriver', 'StorageClass', 'VolumeAttachment'],
    ['storage.k8s.io/v1beta1', 'CSIDriver', 'CSIStorageCapacity', 'StorageClass', 'VolumeAttachment'],
    ['v1', 'Binding', 'ConfigMap', 'Endpoints', 'Event', 'LimitRange', 'Namespace', 'PersistentVolume'],
    ['v1', 'PersistentVolumeClaim', 'ResourceQuota', 'Secret'],
  ].flatMap(([apiVersion = '', ...kinds]) => kinds.map((kind) => `${apiVersion} ${kind}`)),
)

/** The type of an object, for {@link mergeFieldOf}. Undefined for kinds without a schema. */
export function mergeTypeOf(apiVersion: unknown, kind: unknown): string | undefined {
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined
  const key = `${apiVersion} ${kind}`
  if (Object.hasOwn(KINDS, key)) return KINDS[key]
  return PLAIN.has(key) ? 'Plain' : undefined
}

/** How a field is merged. */
export interface MergeField {
  /** Type of the object there, or of the items of the list. Absent: no lists of their own below. */
  readonly type?: string
  /** Set when it is a list that is merged item by item; empty when its items are plain values. */
  readonly keys?: readonly string[]
}

/** How a field of a type is merged. */
export function mergeFieldOf(type: string | undefined, field: string): MergeField {
  const fields = type === undefined ? undefined : TYPES[type]
  const written = fields !== undefined && Object.hasOwn(fields, field) ? (fields[field] ?? '') : ''
  const colon = written.indexOf(':')
  if (colon < 0) return written === '' ? {} : { type: written }
  const items = written.slice(colon + 1)
  const keys = written.slice(0, colon)
  return { keys: keys === '' ? [] : keys.split('+'), ...(items === '' ? {} : { type: items }) }
}
