import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'

/** The folder of the chart. */
export const CHART = resolve(import.meta.dirname, '../../helm/saker')

/** Whether this machine has Helm; suites that need it say so with `describe.skipIf(!helmAvailable)`. */
export const helmAvailable = spawnSync('helm', ['version']).status === 0

/** Whether this machine has promtool, of Prometheus. */
export const promtoolAvailable = spawnSync('promtool', ['--version']).error === undefined

/** The value sets under `helm/saker/ci`. */
export const VALUE_SETS = readdirSync(join(CHART, 'ci'))
  .map((file) => file.replace(/-values\.yaml$/u, ''))
  .toSorted()

/** The oldest Kubernetes that the chart supports, and a new one: what their schemas are kept for. */
export const KUBERNETES_VERSIONS = ['1.25', '1.36'] as const

/** An object as the chart makes it. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: unknown
  readonly data?: Readonly<Record<string, string>>
}

/** What a rendering is made of. */
export interface Rendering {
  /** A value set under `helm/saker/ci`. */
  readonly set?: string
  /** Values on top of it, as JSON. */
  readonly values?: object
  readonly kubernetes?: string
}

/** Renders the chart as release and namespace `saker`, and gives what Helm says. */
export function tryRender({ set, values, kubernetes = '1.36' }: Rendering): {
  readonly code: number | null
  readonly text: string
  readonly problem: string
} {
  const files = set === undefined ? [] : ['--values', join(CHART, 'ci', `${set}-values.yaml`)]
  const more = values === undefined ? [] : ['--values', '-']
  const { status, stdout, stderr } = spawnSync(
    'helm',
    ['template', 'saker', CHART, '--namespace', 'saker', '--kube-version', `${kubernetes}.0`, ...files, ...more],
    { input: JSON.stringify(values ?? {}), encoding: 'utf8', maxBuffer: 2 ** 26 },
  )
  return { code: status, text: stdout, problem: stderr }
}

/** The objects of a rendering, by kind and name. Throws what Helm says when it refuses. */
export function render(rendering: Rendering = {}): readonly KubernetesObject[] {
  const { code, text, problem } = tryRender(rendering)
  if (code !== 0) throw new Error(problem)
  return objectsIn(text)
}

/** Reads YAML as Kubernetes does: version 1.1, in which 0440 is octal and `yes` is true. */
export function objectsIn(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text, { version: '1.1', merge: false })
    .map((document) => {
      if (document.errors.length > 0) throw new Error(document.errors.map(({ message }) => message).join('\n'))
      return document.toJS() as KubernetesObject | null
    })
    .filter((object) => object !== null)
    .toSorted((a, b) => keyOf(a).localeCompare(keyOf(b), 'en'))
}

/** `Deployment saker-ingest`. */
export function keyOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.name}`
}

/** The one object of a kind and name. */
export function find(objects: readonly KubernetesObject[], key: string): KubernetesObject {
  const found = objects.find((object) => keyOf(object) === key)
  if (found === undefined) throw new Error(`no ${key} among ${objects.map(keyOf).join(', ')}`)
  return found
}

/** A pod that the chart makes. */
export interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
  }
  readonly spec: PodSpec
}

/** The parts of a pod's spec that tests look at. */
export interface PodSpec {
  readonly automountServiceAccountToken?: boolean
  readonly enableServiceLinks?: boolean
  readonly terminationGracePeriodSeconds: number
  readonly securityContext: SecurityContext
  readonly containers: readonly Container[]
  readonly volumes: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[]
}

/** A container's or pod's security context. */
interface SecurityContext {
  readonly runAsNonRoot?: boolean
  readonly runAsUser?: number
  readonly fsGroup?: number
  readonly allowPrivilegeEscalation?: boolean
  readonly readOnlyRootFilesystem?: boolean
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] }
  readonly seccompProfile?: { readonly type: string }
}

/** The parts of a container that tests look at. */
export interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly {
    readonly name: string
    readonly value?: string
    readonly valueFrom?: {
      readonly secretKeyRef: { readonly name: string; readonly key: string; readonly optional?: boolean }
    }
  }[]
  readonly envFrom?: readonly { readonly secretRef: { readonly name: string } }[]
  readonly ports: readonly { readonly containerPort: number }[]
  readonly lifecycle?: unknown
  readonly readinessProbe?: { readonly exec?: { readonly command: readonly string[] } }
  readonly securityContext: SecurityContext
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[]
}

/** The pods of all Deployments and StatefulSets. */
export function podsOf(objects: readonly KubernetesObject[]): readonly (readonly [key: string, pod: PodTemplate])[] {
  return objects
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map((object) => [keyOf(object), podOf(object)])
}

/** The pod of a Deployment or StatefulSet. */
export function podOf(object: KubernetesObject): PodTemplate {
  return (object.spec as { readonly template: PodTemplate }).template
}
