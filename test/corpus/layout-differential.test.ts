import { layoutOf, type JsonObject, type JsonValue, type Layout } from '@saker/manifest'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isKustomizeInstalled, kustomizeBuild } from '../support/kustomize/kustomize.ts'
import { trees } from '../support/kustomize/random-tree.ts'
import '../support/fixed-seed.ts'

/** So many random trees are built; a process each, so more of them only where somebody asks. */
const RUNS = Number(process.env['SAKER_DIFFERENTIAL_RUNS'] ?? 12)
const SEED = process.env['SAKER_DIFFERENTIAL_SEED']

function layoutOfTexts(texts: Readonly<Record<string, string>>): Layout {
  const files = Object.entries(texts).map(([path, text]) => [path, { path, mode: '100644', oid: '', text }] as const)
  const clusters = [{ name: 'prod', paths: ['overlay'], pins: [] }]
  const tree = { sha: '', files: new Map(files) }
  return layoutOf([{ repository: 'fleet', url: 'git.example/fleet', branch: 'main', clusters, tree }])
}

/** Sorted keys, and no nulls in maps: whether kustomize keeps those hangs on how they are written. */
function plain(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(plain)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value as Record<string, JsonValue>).filter(([, entry]) => entry !== null)
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]): [string, JsonValue] => [key, plain(entry)]),
  )
}

function sortedTexts(values: readonly unknown[]): readonly string[] {
  return values.map((value) => JSON.stringify(plain(value as JsonValue))).toSorted()
}

/** Objects that are certain, or undefined where ours cannot be built; and how those are called that are not. */
function renderedHere(texts: Readonly<Record<string, string>>): Rendered | undefined {
  const layout = layoutOfTexts(texts)
  const built = layout.rootsOf('prod').map((root) => layout.objectsOf(root))
  if (built.some(({ problems }) => problems.length > 0)) return undefined
  const objects = built.flatMap((root) => root.objects)
  for (const object of objects) {
    expect(object.value()['metadata']).toMatchObject({ name: object.identity.name })
    expect((object.value()['metadata'] as { namespace?: string }).namespace).toBe(object.identity.namespace)
  }
  const certain = objects.filter(({ uncertain }) => uncertain.length === 0)
  const others = objects.filter(({ uncertain }) => uncertain.length > 0)
  return { values: certain.map((object) => object.value()), uncertain: new Set(others.map((one) => titleOf(one.value()))) }
}

interface Rendered {
  readonly values: readonly JsonObject[]
  readonly uncertain: ReadonlySet<string>
}

function titleOf(object: JsonObject): string {
  const { name, namespace } = object['metadata'] as Record<string, JsonValue>
  return JSON.stringify([object['apiVersion'], object['kind'], namespace, name])
}

describe.skipIf(!isKustomizeInstalled())('random trees of kustomizations', () => {
  it(
    'come to the same objects as by the real kustomize, to the last value',
    async () => {
      let built = 0
      const property = fc.asyncProperty(trees, async (texts) => {
        const files = new Map(
          Object.entries(texts).map(([path, text]) => [path, { mode: '100644' as const, content: Buffer.from(text) }]),
        )
        const real = await kustomizeBuild(files, 'overlay')
        if (real.objects === undefined) return
        built += 1

        const here = renderedHere(texts)
        const comparable = (real.objects as readonly JsonObject[]).filter((one) => here?.uncertain.has(titleOf(one)) !== true)
        expect(sortedTexts(here?.values ?? [])).toEqual(sortedTexts(comparable))
      })

      await fc.assert(property, {
        numRuns: RUNS,
        ...(SEED === undefined ? {} : { seed: Number(SEED) }),
        interruptAfterTimeLimit: 600_000,
      })
      expect(built).toBeGreaterThan(0)
    },
    20 * 60_000,
  )
})
