import { normalisedUrl } from '@saker/core'
import type { RootPlan } from '../build-root.ts'
import { applierId, groupOf, placeOf, type Discovered, type LayoutAccess, type Lead, leadValue } from '../discovery.ts'
import { fieldOf, textAt, type JsonObject } from '../json-value.ts'
import type { Applier, BuiltObject, LayoutProblem, LayoutSource, Root } from '../layout-model.ts'
import { pathIn } from '../repository-files.ts'
import { rootAt } from '../root-at.ts'
import { applicationsOf } from './application-set.ts'
import { argoSourcesOf, normalisedPath } from './argo-source.ts'

/** Whether an object is an Argo CD Application or ApplicationSet. */
export function isArgo({ object }: Lead): boolean {
  const { apiVersion, kind } = object.identity
  return groupOf(apiVersion) === 'argoproj.io' && (kind === 'Application' || kind === 'ApplicationSet')
}

/** The roots that an Application, or those that an ApplicationSet makes, lead to. */
export function argoPlans(access: LayoutAccess, lead: Lead): Discovered {
  const { object } = lead
  if (object.identity.kind === 'Application') return plansOf(access, object)
  const made = applicationsOf(object, (url, revision) => {
    const found = sourceAt(access, object, { url, revision, path: '' })
    return found === undefined ? undefined : access.filesOf(found.source.repository)
  })
  const parts = made.applications.map((application) => plansOf(access, application))
  return {
    plans: parts.flatMap(({ plans }) => plans),
    problems: [
      ...made.problems.map((message): LayoutProblem => ({
        code: 'LAYOUT_UNSUPPORTED',
        where: placeOf(object),
        message,
      })),
      ...parts.flatMap(({ problems }) => problems),
    ],
  }
}

function plansOf(access: LayoutAccess, object: BuiltObject): Discovered {
  const value = leadValue(object)
  const plans: RootPlan[] = []
  const problems: LayoutProblem[] = []
  for (const source of argoSourcesOf(value)) {
    const found = planOf(access, object, source)
    if (found === undefined) continue
    if ('root' in found) plans.push(found)
    else problems.push(found)
  }
  return { plans, problems }
}

/** Undefined for a source that makes no objects by itself, such as one that only holds values. */
function planOf(access: LayoutAccess, object: BuiltObject, source: JsonObject): RootPlan | LayoutProblem | undefined {
  const { name } = object.identity
  const field = (key: string): string => textAt(source, [key]) ?? ''
  const problem = (message: string, code: LayoutProblem['code']): LayoutProblem => ({
    code,
    where: placeOf(object),
    message,
  })
  if (field('chart') !== '') {
    return problem(`Application ${name} applies a Helm chart from ${field('repoURL')}`, 'LAYOUT_UNSUPPORTED')
  }
  const path = normalisedPath(field('path'))
  if (field('path') === '' && field('ref') !== '') return undefined
  const found = sourceAt(access, object, { url: field('repoURL'), revision: field('targetRevision'), path })
  if (found === undefined) {
    const message = `Application ${name} applies ${field('repoURL')}, which is none of the configured repositories`
    return problem(message, 'SOURCE_UNLISTED')
  }
  if (fieldOf(source, 'plugin') !== undefined)
    return problem(`Application ${name} is built by a plugin`, 'LAYOUT_UNSUPPORTED')
  const applier: Applier = { type: 'argo', object, ...(found.pinned === undefined ? {} : { pinned: found.pinned }) }
  const { repository } = found.source
  const root = argoRoot(access, { repository, path, by: applierId(object, 'argo'), applier }, source)
  return root === undefined
    ? problem(`Application ${name} applies ${path}, which is not there`, 'LAYOUT_UNSUPPORTED')
    : { root }
}

/** The kind of a source: as it says itself, else by what lies in its folder. */
function argoRoot(access: LayoutAccess, place: Parameters<typeof rootAt>[1], source: JsonObject): Root | undefined {
  const files = access.filesOf(place.repository)
  const root = rootAt(files, place)
  if (root === undefined || root.kind === 'file') return undefined
  const isChart = files.read(pathIn(place.path, 'Chart.yaml')) !== undefined
  const said = (['kustomize', 'helm', 'directory'] as const).filter((field) => fieldOf(source, field) !== undefined)
  const [only, second] = said
  const type = only !== undefined && second === undefined ? only : isChart ? 'helm' : undefined
  if (type === 'helm') return { ...root, kind: 'helm' }
  if (type === 'directory' || root.kind === 'generated') return { ...root, kind: 'argo-directory' }
  return root
}

interface Wanted {
  readonly url: string
  readonly revision: string
  /** Folder that is applied; '' where that is not known. */
  readonly path: string
}

interface FoundSource {
  readonly source: LayoutSource
  readonly pinned?: string
}

/**
 * The repository that a URL and a revision mean. `HEAD` is its default branch, which is taken to be the configured one. An
 * Application that lies in the very folder which it applies is in that repository, by whatever URL.
 */
function sourceAt(access: LayoutAccess, object: BuiltObject, { url, revision, path }: Wanted): FoundSource | undefined {
  const { origin } = object
  const own = path !== '' && origin.path.startsWith(`${path}/`)
  const listed = access.sources.filter((source) => source.url === urlOf(url))
  const all =
    listed.length > 0 ? listed : access.sources.filter(({ repository }) => own && repository === origin.repository)
  const [first] = all
  if (first === undefined) return undefined
  if (revision === '' || revision === 'HEAD') return { source: first }
  const branch = revision.replace(/^refs\/heads\//u, '')
  const source = all.find((one) => one.branch === branch)
  return source === undefined ? { source: first, pinned: `revision ${revision}` } : { source }
}

/** Argo CD takes URLs in the short form of ssh too. */
function urlOf(url: string): string | undefined {
  const [, user, host, path] = /^(?:([^@/]+)@)?([^/:]+):(?!\/\/)(.+)$/u.exec(url) ?? []
  try {
    return normalisedUrl({ kind: 'git', url: path === undefined ? url : `ssh://${user ?? 'git'}@${host}/${path}` })
  } catch {
    return undefined
  }
}
