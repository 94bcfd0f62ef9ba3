import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { normalisedUrl } from '@saker/core'
import { layoutOf, type Layout } from '@saker/manifest'
import { repeatFaults } from '../support/kustomize/expected-end.ts'
import { describe, judgePlan, type Judgement } from '../support/kustomize/judge-plan.ts'
import { isKustomizeInstalled } from '../support/kustomize/kustomize.ts'
import { actionsOf, planTarget, type PlanEnd } from '../support/kustomize/plan-target.ts'
import { hasPods, sightingOf } from '../support/kustomize/pod-of.ts'
import { renderWorld, topFolders, type RenderedRoot } from '../support/kustomize/render-world.ts'
import { readRepositoryFiles, treeOf, withTexts, type RepositoryFiles } from '../support/kustomize/repository-files.ts'
import { renderingFaults } from '../support/kustomize/rendering-faults.ts'
import { undoFaults } from '../support/kustomize/undo-plan.ts'
import type { World } from '../support/kustomize/world.ts'

/**
 * Plans `contain` and `isolate` for every workload of a local GitOps repository, renders all of it by the real kustomize
 * before and after each plan, takes each back, and says what differs beyond what was meant. Writes nothing. Exits 1 when any plan is wrong.
 */

const USAGE = `node tools/with-node.mjs test/corpus/try-repository.ts DIR [--path clusters/prod …] [--branch main] [--url URL]
  [--each] [--action contain] [--only TEXT] [--all]

  --path    a root of a cluster, as in the config; each is a cluster of its own. Default: the whole repository
  --each    every kustomization that no other one uses is a cluster of its own
  --url     the repository's address, as its Flux and Argo CD sources have it. Default: that of origin
  --action  contain or isolate. Default: both
  --only    workloads whose namespace/Kind/name has this in it
  --all     also lists the plans that are right`

interface Subject {
  readonly files: RepositoryFiles
  readonly url: string
  readonly branch: string
  /** By cluster. */
  readonly paths: readonly string[]
}

interface Verdict {
  readonly line: string
  readonly kind: Judgement['kind'] | 'refused' | 'unchanged'
}

function worldOf({ url, branch, paths }: Subject, files: RepositoryFiles): World {
  return { repositories: [{ name: 'repository', url, branch, files, paths }], artifacts: new Map(), charts: new Map() }
}

function layoutFor({ url, branch, paths }: Subject, files: RepositoryFiles): Layout {
  const clusters = paths.map((path) => ({ name: path, paths: [path], pins: [] }))
  return layoutOf([
    { repository: 'repository', url: normalisedUrl({ kind: 'git', url }), branch, tree: treeOf(files), clusters },
  ])
}

/** A workload that the real kustomize renders, and the clusters in which it is looked for. */
interface Wanted {
  readonly workload: string
  readonly clusters: readonly string[]
}

/** Each workload once; where every root is a cluster of its own, once in each. */
function workloadsIn(
  subject: Subject,
  rendered: ReadonlyMap<string, RenderedRoot>,
  isEach: boolean,
): readonly Wanted[] {
  const titled = [...rendered.values()].flatMap(({ id, objects }) =>
    [...objects.keys()].map((workload) => ({ workload, clusters: isEach ? [id === '.' ? '' : id] : subject.paths })),
  )
  const unique = new Map(titled.map((one) => [`${one.workload} ${one.clusters.join(' ')}`, one]))
  return [...unique.values()]
    .filter(
      ({ workload, clusters }) =>
        hasPods(workload.split('/')[1] ?? '') && clusters.every((one) => subject.paths.includes(one)),
    )
    .toSorted((a, b) => (a.workload < b.workload ? -1 : 1))
}

/** The end in the first cluster that knows the workload; else that in the last. */
function planAnywhere(layout: Layout, { workload, clusters }: Wanted, action: string): PlanEnd & { cluster: string } {
  const sighting = sightingOf({ workload: workload.startsWith('-/') ? workload.replace('-', 'default') : workload })
  const ends = clusters.map((cluster) => ({
    cluster,
    ...planTarget(layout, { cluster, sighting, actions: actionsOf([{ [action]: {} }]) }),
  }))
  const found = ends.find((end) => end.kind !== 'refused' || end.error.code !== 'WORKLOAD_NOT_FOUND')
  return found ?? ends.at(-1) ?? { cluster: '', kind: 'unchanged' }
}

async function verdictOn(
  subject: Subject,
  state: { readonly layout: Layout; readonly before: ReadonlyMap<string, RenderedRoot> },
  wanted: Wanted,
  action: 'contain' | 'isolate',
): Promise<Verdict> {
  const { workload } = wanted
  const end = planAnywhere(state.layout, wanted, action)
  const title = `${action} ${workload}${end.cluster === '' ? '' : ` (${end.cluster})`}`
  if (end.kind === 'refused')
    return { kind: 'refused', line: `refused ${title}: ${end.error.code}: ${end.error.message}` }
  if (end.kind === 'unchanged') return { kind: 'unchanged', line: `unchanged ${title}` }
  const files = withTexts(subject.files, end.edits.get('repository') ?? new Map<string, string | null>())
  const after = await renderWorld(worldOf(subject, files))
  const judgement = judgePlan({ action, workload, layer: end.plan.layer.kind, before: state.before, after })
  const again = planAnywhere(layoutFor(subject, files), wanted, action)
  const where = `${end.plan.layer.kind} ${end.plan.layer.path}`
  if (judgement.kind === 'exact' && again.kind !== 'unchanged' && !isGone(again, end)) {
    return { kind: 'wrong', line: `WRONG ${title}: ${where}: planning again ends ${describeEnd(again)}` }
  }
  const undo = undoFaults(end.plan, new Map([['repository', subject.files]]), new Map([['repository', files]]))
  if (undo.length > 0) return { kind: 'wrong', line: `WRONG ${title}: ${where}: undo: ${undo.join('; ')}` }
  if (judgement.kind === 'exact') return { kind: 'exact', line: `right ${title}: ${where}` }
  const word = judgement.kind === 'wrong' ? 'WRONG' : 'unproven'
  return { kind: judgement.kind, line: `${word} ${title}: ${where}: ${judgement.why}` }
}

/** A bare Pod that is out of Git is not found any more, or what is left of its name is of others. */
function isGone(again: PlanEnd, first: PlanEnd): boolean {
  return first.title?.split('/')[1] === 'Pod' && repeatFaults(again, { workload: first.title }).length === 0
}

function describeEnd(end: PlanEnd): string {
  return end.kind === 'refused' ? `${end.error.code}: ${end.error.message}` : end.kind
}

function originOf(folder: string): string {
  const { stdout, status } = spawnSync('git', ['-C', folder, 'remote', 'get-url', 'origin'], { encoding: 'utf8' })
  const url = status === 0 ? stdout.trim().replace(/^(?:ssh:\/\/)?git@([^:/]+)[:/]/u, 'https://$1/') : ''
  return URL.canParse(url) ? url : 'https://git.invalid/nobody/nothing'
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      path: { type: 'string', multiple: true },
      branch: { type: 'string', default: 'main' },
      url: { type: 'string' },
      each: { type: 'boolean', default: false },
      action: { type: 'string', multiple: true },
      only: { type: 'string', default: '' },
      all: { type: 'boolean', default: false },
    },
  })
  const [folder] = positionals
  if (folder === undefined || !isKustomizeInstalled()) {
    process.stderr.write(`${folder === undefined ? USAGE : 'there is no kustomize on this machine'}\n`)
    return 2
  }
  const files = readRepositoryFiles(resolve(folder))
  const named = (values.path ?? ['']).map((path) => path.replace(/^\.\/|\/$/gu, ''))
  const paths = values.each ? topFolders(files) : named
  const subject: Subject = { files, url: values.url ?? originOf(folder), branch: values.branch, paths }
  const actions = (['contain', 'isolate'] as const).filter((one) => values.action?.includes(one) !== false)
  return report(subject, actions, { only: values.only, isWhole: values.all, isEach: values.each })
}

async function report(
  subject: Subject,
  actions: readonly ('contain' | 'isolate')[],
  options: { readonly only: string; readonly isWhole: boolean; readonly isEach: boolean },
): Promise<number> {
  const before = await renderWorld(worldOf(subject, subject.files))
  const layout = layoutFor(subject, subject.files)
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  for (const { id, error } of before.values())
    if (error !== undefined)
      say(`kustomize does not build ${id}: ${error.replace(/^(?:# Warning.*\n)+/u, '').slice(0, 300)}`)
  const faults = renderingFaults(layout, before)
  for (const fault of faults) say(`RENDERED DIFFERENTLY ${describe(fault)}`)
  const counts: Record<Verdict['kind'], number> = { exact: 0, wrong: 0, unproven: 0, refused: 0, unchanged: 0 }
  const wanted = workloadsIn(subject, before, options.isEach).filter(({ workload }) => workload.includes(options.only))
  for (const one of wanted) {
    for (const action of actions) {
      const verdict = await verdictOn(subject, { layout, before }, one, action)
      counts[verdict.kind] += 1
      if (options.isWhole || verdict.kind !== 'exact') say(verdict.line)
    }
  }
  const { exact, wrong, unproven, refused, unchanged } = counts
  say(
    `${exact} right, ${wrong} WRONG, ${unproven} unproven, ${refused} refused, ${unchanged} unchanged; ${faults.length} objects rendered differently`,
  )
  return wrong > 0 ? 1 : 0
}

process.exitCode = await main()
