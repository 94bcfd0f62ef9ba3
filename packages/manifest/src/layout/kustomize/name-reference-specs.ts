import type { FieldSpec } from './field-spec.ts'
import type { KindSelector } from './resource.ts'

/** Fields that name an object of a kind, and follow when it gets another name. */
export interface NameReference {
  readonly target: KindSelector
  readonly fields: readonly FieldSpec[]
}

/** Where each kind keeps its pods' spec. */
const POD_SPECS: readonly (readonly [path: string, kind: FieldSpec | KindSelector])[] = [
  ['spec', { version: 'v1', kind: 'Pod' }],
  ['template/spec', { kind: 'PodTemplate' }],
  ...['Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet', 'Job'].map(
    (kind) => ['spec/template/spec', { kind }] as const,
  ),
  ['spec/jobTemplate/spec/template/spec', { kind: 'CronJob' }],
]

function inPods(paths: readonly string[]): readonly FieldSpec[] {
  return POD_SPECS.flatMap(([spec, kind]) => paths.map((path) => ({ ...kind, path: `${spec}/${path}` })))
}

/** Kinds whose service accounts, claims and priority classes kustomize follows; ReplicaSet is not among them. */
const FOLLOWED_PODS: readonly (readonly [path: string, kind: string])[] = [
  ['spec', 'Pod'],
  ['spec/template/spec', 'StatefulSet'],
  ['spec/template/spec', 'Deployment'],
  ['spec/template/spec', 'ReplicationController'],
  ['spec/jobTemplate/spec/template/spec', 'CronJob'],
  ['spec/template/spec', 'Job'],
  ['spec/template/spec', 'DaemonSet'],
]

function inFollowedPods(field: string): readonly FieldSpec[] {
  return FOLLOWED_PODS.map(([spec, kind]) => ({ path: `${spec}/${field}`, kind }))
}

function at(kind: string, paths: readonly string[], group = ''): readonly FieldSpec[] {
  return paths.map((path) => ({ path, kind, group }))
}

const RBAC = 'rbac.authorization.k8s.io'
const ADMISSION = 'admissionregistration.k8s.io'

/** Source: api/internal/konfig/builtinpluginconsts/namereference.go, version 5.7. */
export const NAME_REFERENCES: readonly NameReference[] = [
  ...['Deployment', 'ReplicationController', 'ReplicaSet', 'StatefulSet'].map((kind) => ({
    target: { kind },
    fields: at('HorizontalPodAutoscaler', ['spec/scaleTargetRef/name']),
  })),
  {
    target: { version: 'v1', kind: 'ConfigMap' },
    fields: [
      ...inPods([
        'volumes/configMap/name',
        'containers/env/valueFrom/configMapKeyRef/name',
        'initContainers/env/valueFrom/configMapKeyRef/name',
        'containers/envFrom/configMapRef/name',
        'initContainers/envFrom/configMapRef/name',
        'volumes/projected/sources/configMap/name',
      ]),
      ...at('Node', ['spec/configSource/configMap']),
      ...at('Role', ['rules/resourceNames']),
      ...at('ClusterRole', ['rules/resourceNames']),
      ...at('Ingress', [String.raw`metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap`]),
    ],
  },
  {
    target: { version: 'v1', kind: 'Secret' },
    fields: [
      ...inPods([
        'volumes/secret/secretName',
        'containers/env/valueFrom/secretKeyRef/name',
        'initContainers/env/valueFrom/secretKeyRef/name',
        'containers/envFrom/secretRef/name',
        'initContainers/envFrom/secretRef/name',
        'imagePullSecrets/name',
        'volumes/projected/sources/secret/name',
      ]),
      ...at('Ingress', [
        'spec/tls/secretName',
        String.raw`metadata/annotations/ingress.kubernetes.io\/auth-secret`,
        String.raw`metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret`,
        String.raw`metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret`,
      ]),
      ...at('ServiceAccount', ['imagePullSecrets/name']),
      ...at('StorageClass', [
        'parameters/secretName',
        'parameters/adminSecretName',
        'parameters/userSecretName',
        'parameters/secretRef',
      ]),
      ...at('Role', ['rules/resourceNames']),
      ...at('ClusterRole', ['rules/resourceNames']),
      ...at('Service', ['spec/template/spec/containers/env/valueFrom/secretKeyRef/name'], 'serving.knative.dev'),
      ...at('PersistentVolume', ['spec/azureFile/secretName']),
    ],
  },
  {
    target: { version: 'v1', kind: 'Service' },
    fields: [
      ...at('StatefulSet', ['spec/serviceName'], 'apps'),
      ...at('Ingress', [
        'spec/rules/http/paths/backend/serviceName',
        'spec/backend/serviceName',
        'spec/rules/http/paths/backend/service/name',
        'spec/defaultBackend/service/name',
      ]),
      ...at('APIService', ['spec/service/name'], 'apiregistration.k8s.io'),
      ...at('ValidatingWebhookConfiguration', ['webhooks/clientConfig/service'], ADMISSION),
      ...at('MutatingWebhookConfiguration', ['webhooks/clientConfig/service'], ADMISSION),
    ],
  },
  { target: { group: RBAC, kind: 'Role' }, fields: at('RoleBinding', ['roleRef/name'], RBAC) },
  {
    target: { group: RBAC, kind: 'ClusterRole' },
    fields: [...at('RoleBinding', ['roleRef/name'], RBAC), ...at('ClusterRoleBinding', ['roleRef/name'], RBAC)],
  },
  {
    target: { version: 'v1', kind: 'ServiceAccount' },
    fields: [
      ...at('RoleBinding', ['subjects'], RBAC),
      ...at('ClusterRoleBinding', ['subjects'], RBAC),
      ...inFollowedPods('serviceAccountName'),
    ],
  },
  {
    target: { version: 'v1', kind: 'PersistentVolumeClaim' },
    fields: inFollowedPods('volumes/persistentVolumeClaim/claimName'),
  },
  {
    target: { version: 'v1', kind: 'PersistentVolume' },
    fields: [...at('PersistentVolumeClaim', ['spec/volumeName']), ...at('ClusterRole', ['rules/resourceNames'])],
  },
  {
    target: { group: 'storage.k8s.io', version: 'v1', kind: 'StorageClass' },
    fields: [
      ...at('PersistentVolume', ['spec/storageClassName']),
      ...at('PersistentVolumeClaim', ['spec/storageClassName']),
      ...at('StatefulSet', ['spec/volumeClaimTemplates/spec/storageClassName']),
    ],
  },
  {
    target: { group: 'scheduling.k8s.io', version: 'v1', kind: 'PriorityClass' },
    fields: inFollowedPods('priorityClassName'),
  },
  {
    target: { group: ADMISSION, kind: 'ValidatingAdmissionPolicy' },
    fields: at('ValidatingAdmissionPolicyBinding', ['spec/policyName'], ADMISSION),
  },
]
