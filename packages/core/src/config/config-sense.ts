import { actionFaults } from './action-sense.ts'
import type { ConfigFault } from './config-fault.ts'
import { matchFaults } from './match-sense.ts'
import { repositoryFaults, type NamedRepository } from './repository-sense.ts'
import { WrittenIngestToken, WrittenResponse } from './written-config.ts'
import { WrittenRepository } from './written-repository.ts'

/** The parts of a config whose form is right by themselves, each with its place. */
export interface WellFormedParts {
  readonly repositories: readonly NamedRepository[]
  /** Whether `repositories` holds all that the config has; if not, nobody can say which clusters there are. */
  readonly complete: boolean
  readonly responses: readonly { readonly index: number; readonly written: WrittenResponse }[]
  readonly ingestTokens: readonly { readonly index: number; readonly written: WrittenIngestToken }[]
}

/** Picks what can be checked for sense out of a config that may be wrong elsewhere. Total: takes anything. */
export function wellFormedParts(config: unknown): WellFormedParts {
  const all = Object.entries(recordAt(config, 'repositories'))
  const repositories = all.flatMap(([name, value]) => {
    const parsed = WrittenRepository.safeParse(value)
    return parsed.success ? [{ name, written: parsed.data }] : []
  })
  return {
    repositories,
    complete: repositories.length === all.length,
    responses: wellFormedItems(listAt(config, 'responses'), WrittenResponse),
    ingestTokens: wellFormedItems(listAt(recordAt(config, 'ingest'), 'tokens'), WrittenIngestToken),
  }
}

/** A schema, as far as it is needed here. */
interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false }
}

function wellFormedItems<T>(items: readonly unknown[], schema: Schema<T>): { index: number; written: T }[] {
  return items.flatMap((item, index) => {
    const parsed = schema.safeParse(item)
    return parsed.success ? [{ index, written: parsed.data }] : []
  })
}

function recordAt(value: unknown, key: string): Readonly<Record<string, unknown>> {
  const found = valueAt(value, key)
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? { ...found } : {}
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const found = valueAt(value, key)
  return Array.isArray(found) ? found : []
}

function valueAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

/** Everything in the well-formed parts that no schema can see: what contradicts itself, or another part. */
export function senseFaults(parts: WellFormedParts): readonly ConfigFault[] {
  const { repositories, responses, ingestTokens } = parts
  const unknownClusters = clusterFaults(parts)
  return [
    ...repositoryFaults(repositories),
    ...sameNameFaults(parts),
    ...responses.flatMap(({ index, written: { match, actions } }) => {
      const path = ['responses', index]
      return [
        ...unknownClusters([...path, 'match'], match.clusters),
        ...matchFaults(match, [...path, 'match']),
        ...actionFaults(actions, [...path, 'actions']),
      ]
    }),
    ...ingestTokens.flatMap(({ index, written }) => unknownClusters(['ingest', 'tokens', index], written.clusters)),
  ]
}

/** Gives the faults of a list of clusters that somebody refers to. */
function clusterFaults({
  repositories,
  complete,
}: WellFormedParts): (path: ConfigFault['path'], names?: readonly string[]) => readonly ConfigFault[] {
  const known = new Set(repositories.flatMap(({ written }) => Object.keys(written.clusters ?? { default: {} })))
  return (path, names = []) =>
    names.flatMap((name, at) =>
      complete && !known.has(name)
        ? [{ path: [...path, 'clusters', at], message: 'is a cluster that no repository declares' }]
        : [],
    )
}

function sameNameFaults({ responses }: WellFormedParts): ConfigFault[] {
  const names = new Set<string>()
  return responses.flatMap(({ index, written: { name } }) => {
    if (names.has(name))
      return [{ path: ['responses', index, 'name'], message: 'is the name of an earlier response too' }]
    names.add(name)
    return []
  })
}
