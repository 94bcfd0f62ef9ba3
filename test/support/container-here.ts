import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { find, podOf, type Container, type KubernetesObject, type PodSpec } from './helm-chart.ts'

/** What a container would run with, moved to a folder of this machine. */
export interface ContainerHere {
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** How a container is moved. */
export interface Move {
  readonly objects: readonly KubernetesObject[]
  /** Such as `Deployment saker-ingest`. */
  readonly key: string
  /** Where its files are laid. */
  readonly folder: string
  /** Secrets that the chart does not make, by name. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** What else has to differ here, such as ports: replaced in files, arguments and environment. */
  readonly replace?: readonly (readonly [from: string, to: string])[]
}

/**
 * Does what a kubelet does for the only container of a pod: lays the files of its volumes, and works out its environment.
 * Paths of mounts become paths in the folder, wherever they are written.
 */
export async function moveHere(move: Move): Promise<ContainerHere> {
  const { spec } = podOf(find(move.objects, move.key))
  const [container] = spec.containers
  if (container === undefined) throw new Error(`${move.key} has no container`)
  const moved = movingTexts(container, move)
  for (const { name, mountPath } of container.volumeMounts) {
    const files = filesOf(name, spec, move)
    await mkdir(moved(mountPath), { recursive: true })
    for (const [file, text] of Object.entries(files)) await writeFile(join(moved(mountPath), file), moved(text))
  }
  return {
    command: (container.command ?? []).map(moved),
    args: (container.args ?? []).map(moved),
    env: Object.fromEntries(Object.entries(environmentOf(container, move)).map(([name, text]) => [name, moved(text)])),
  }
}

function movingTexts({ volumeMounts }: Container, { folder, replace = [] }: Move): (text: string) => string {
  const paths = volumeMounts
    .map(({ mountPath }) => mountPath)
    .toSorted((a, b) => b.length - a.length)
    .join('|')
  const pattern = new RegExp(`(?<![\\w/.-])(?:${paths})(?![\\w-])`, 'gu')
  return (text) =>
    replace
      .reduce((made, [from, to]) => made.replaceAll(from, to), text)
      .replaceAll(pattern, (path) => join(folder, path.replaceAll('/', '_')))
}

function filesOf(volume: string, { volumes }: PodSpec, move: Move): Readonly<Record<string, string>> {
  const found = volumes.find(({ name }) => name === volume) as
    | { readonly configMap?: { readonly name: string }; readonly secret?: SecretVolume }
    | undefined
  if (found?.configMap !== undefined) return find(move.objects, `ConfigMap ${found.configMap.name}`).data ?? {}
  if (found?.secret === undefined) return {}
  const { secretName, items } = found.secret
  const data = secretOf(secretName, move)
  return items === undefined
    ? data
    : Object.fromEntries(items.flatMap(({ key, path }) => (data[key] === undefined ? [] : [[path, data[key]]])))
}

interface SecretVolume {
  readonly secretName: string
  readonly items?: readonly { readonly key: string; readonly path: string }[]
}

function secretOf(name: string, { objects, secrets = {} }: Move): Readonly<Record<string, string>> {
  const given = secrets[name]
  if (given !== undefined) return given
  const { data = {} } = find(objects, `Secret ${name}`)
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]))
}

/** Of `envFrom` and then `env`, which wins; `$(NAME)` stands for what was worked out before. */
function environmentOf({ env = [], envFrom = [] }: Container, move: Move): Readonly<Record<string, string>> {
  const made: Record<string, string> = {}
  for (const { secretRef } of envFrom) Object.assign(made, secretOf(secretRef.name, move))
  for (const { name, value, valueFrom } of env) {
    const ref = valueFrom?.secretKeyRef
    const text = ref === undefined ? value : secretOf(ref.name, move)[ref.key]
    if (text === undefined && ref?.optional === true) continue
    if (text === undefined) throw new Error(`${name} has no value`)
    made[name] = ref === undefined ? text.replaceAll(/\$\((\w+)\)/gu, (as, other: string) => made[other] ?? as) : text
  }
  return made
}
