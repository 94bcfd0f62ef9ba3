import { parseResponseLines, workloadKeyOf, type Response, type ResponseJob } from '@saker/core'
import {
  findWorkload,
  imageFilesOf,
  imageIn,
  type FileEdit,
  type FoundWorkload,
  type Layout,
  type PreviousImage,
} from '@saker/manifest'
import type { PlanContext } from './plan-responses.ts'
import type { HistoryCommit, RepositoryHost } from './repository-host.ts'

/** How many commits are looked through for the image before. */
const DEPTH = 100

/** What is asked of the history. */
export interface ImageHistory {
  readonly host: RepositoryHost
  readonly signal: AbortSignal
}

/**
 * The images before, for the jobs whose responses roll one back, by job id. Two requests to the host for each of them, none
 * where nothing is rolled back. Ends as `RepositoryHost.readHistory` and `readTexts` do.
 */
export async function previousImages(
  jobs: readonly ResponseJob[],
  context: Pick<PlanContext, 'layout' | 'config' | 'repository' | 'tree'>,
  history: ImageHistory,
): Promise<ReadonlyMap<string, PreviousImage>> {
  const images = new Map<string, PreviousImage>()
  const byWorkload = new Map<string, PreviousImage>()
  for (const job of jobs) {
    const response = context.config.responses.find(({ name }) => name === job.response)
    const found = response?.actions.some(rollsBack) === true ? foundOrNot(context.layout, job) : undefined
    if (found === undefined || found.object.origin.repository !== context.repository) continue
    const key = workloadKeyOf(found.workload)
    const image = byWorkload.get(key) ?? (await previousImageOf(found, context, history))
    byWorkload.set(key, image)
    images.set(job.id, image)
  }
  return images
}

function rollsBack(action: Response['actions'][number]): boolean {
  return action.action === 'image' && action.rollback === true
}

/** Planning tells why a workload is not found. */
function foundOrNot(layout: Layout, job: ResponseJob): FoundWorkload | undefined {
  try {
    return findWorkload(layout, job.cluster, job.sighting)
  } catch {
    return undefined
  }
}

async function previousImageOf(
  found: FoundWorkload,
  { layout, repository, tree }: Pick<PlanContext, 'layout' | 'repository' | 'tree'>,
  { host, signal }: ImageHistory,
): Promise<PreviousImage> {
  const { commits } = await host.readHistory({ from: tree.sha, limit: DEPTH, signal })
  const paths = imageFilesOf(found.object, repository)
  const asked = commits.flatMap(({ sha }) => paths.map((path) => ({ sha, path })))
  const texts = await host.readTexts(asked, { signal })
  const filesAt = (index: number): readonly FileEdit[] =>
    paths.map((path, at) => ({ repository, path, text: texts[index * paths.length + at] ?? null }))
  return (container) => {
    const present = imageIn(layout, found.object, { container, files: [] })
    const before = commits.findIndex((_, index) => {
      const image = imageIn(layout, found.object, { container, files: filesAt(index) })
      return image !== undefined && image !== present
    })
    if (before < 0) return undefined
    // The commit after that one brought the present image. Where it was ours, that image is the one that was rolled back to.
    if (isOurs(commits[before - 1], found)) return present
    return imageIn(layout, found.object, { container, files: filesAt(before) })
  }
}

function isOurs(commit: HistoryCommit | undefined, { workload }: FoundWorkload): boolean {
  const lines = parseResponseLines(commit?.message ?? '')
  return lines.some((line) => workloadKeyOf(line.workload) === workloadKeyOf(workload))
}
