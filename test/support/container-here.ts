import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { find, podOf, type Container, type KubernetesObject, type PodSpec } from './helm-chart.ts'

/** What a container would run with. */
export interface ContainerHere {
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A container of a pod, as a kubelet would start it. */
export interface PlannedContainer extends ContainerHere {
  /** The files of its volumes, by the paths of the mounts. */
  readonly mounts: ReadonlyMap<string, Readonly<Record<string, string>>>
}

/** Which container, and what is not in the chart. */
export interface Planning {
  readonly objects: readonly KubernetesObject[]
  /** Such as `Deployment saker-ingest`. */
  readonly key: string
  /** Secrets that the chart does not make, by name. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** What has to differ here, such as ports: replaced in files, arguments and environment. */
  readonly replace?: readonly (readonly [from: string, to: string])[]
}

/** How a container is moved. */
export interface Move extends Planning {
  /** Where its files are laid. */
  readonly folder: string
}

/** Works out what a kubelet does for the only container of a pod: the files of its volumes, and its environment. */
export function planContainer(planning: Planning): PlannedContainer {
  const { objects, key, replace = [] } = planning
  const { spec } = podOf(find(objects, key))
  const [container] = spec.containers
  if (container === undefined) throw new Error(`${key} has no container`)
  const replaced = (text: string): string => replace.reduce((made, [from, to]) => made.replaceAll(from, to), text)
  const allReplaced = (texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, replaced(text)]))
  return {
    command: (container.command ?? []).map(replaced),
    args: (container.args ?? []).map(replaced),
    env: allReplaced(environmentOf(container, planning)),
    mounts: new Map(
      container.volumeMounts.map(({ name, mountPath }) => [mountPath, allReplaced(filesOf(name, spec, planning))]),
    ),
  }
}

/**
 * Lays the files of a container in a folder of this machine. Paths of mounts become paths in the folder, wherever they are
 * written.
 */
export async function moveHere(move: Move): Promise<ContainerHere> {
  const { command, args, env, mounts } = planContainer(move)
  const moved = movingTexts([...mounts.keys()], move.folder)
  for (const [mountPath, files] of mounts) {
    await mkdir(moved(mountPath), { recursive: true })
    for (const [file, text] of Object.entries(files)) await writeFile(join(moved(mountPath), file), moved(text))
  }
  return {
    command: command.map(moved),
    args: args.map(moved),
    env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, moved(text)])),
  }
}

function movingTexts(mountPaths: readonly string[], folder: string): (text: string) => string {
  const paths = mountPaths.toSorted((a, b) => b.length - a.length).join('|')
  const pattern = new RegExp(`(?<![\\w/.-])(?:${paths})(?![\\w-])`, 'gu')
  return (text) => text.replaceAll(pattern, (path) => join(folder, path.replaceAll('/', '_')))
}

function filesOf(volume: string, { volumes }: PodSpec, move: Planning): Readonly<Record<string, string>> {
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

function secretOf(name: string, { objects, secrets = {} }: Planning): Readonly<Record<string, string>> {
  const given = secrets[name]
  if (given !== undefined) return given
  const { data = {} } = find(objects, `Secret ${name}`)
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]))
}

/** Of `envFrom` and then `env`, which wins; `$(NAME)` stands for what was worked out before. */
function environmentOf({ env = [], envFrom = [] }: Container, move: Planning): Readonly<Record<string, string>> {
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
