import { execa } from 'execa'
import { BareRepository } from './bare-repository.ts'

/** How many manifests a repository gets, and how large they are all together. */
export interface BulkSize {
  readonly manifests: number
  readonly bytes: number
}

/** Path of the n-th manifest: a hundred teams, a folder for each app. */
export function bulkPath(index: number): string {
  return `apps/team-${index % 100}/app-${index}/deployment.yaml`
}

/** The n-th manifest. No two are alike. */
export function bulkText(index: number, { manifests, bytes }: BulkSize): string {
  const head = `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-${index}\nspec:\n  replicas: 3\n`
  const lines: string[] = [head]
  let length = head.length
  for (let line = 0; length < bytes / manifests; line += 1) {
    const text = `  # ${index}.${line}: ${((index * 7919 + line * 104_729) % 1_000_003).toString(36)} and some words that people write\n`
    lines.push(text)
    length += text.length
  }
  return lines.join('')
}

/** Makes a repository of thousands of manifests in one go, with the program's own way of importing. */
export async function createBulkRepository(size: BulkSize): Promise<BareRepository> {
  const origin = await BareRepository.create()
  const commit = 'commit refs/heads/main\ncommitter A Person <person@example.test> 1700000000 +0000\ndata 4\nmany\n'
  const files = (function* allFiles() {
    yield commit
    for (let index = 0; index < size.manifests; index += 1) {
      const text = bulkText(index, size)
      yield `M 100644 inline ${bulkPath(index)}\ndata ${Buffer.byteLength(text)}\n${text}\n`
    }
  })()
  await execa('git', ['fast-import', '--quiet'], { cwd: origin.path, stdin: files })
  return origin
}
