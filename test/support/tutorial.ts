import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parse } from 'yaml'
import { objectsIn, type KubernetesObject } from './helm-chart.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** The page. */
export const TUTORIAL_PAGE = join(ROOT, 'docs/tutorial.md')

/** The files that a reader copies into the repository that Flux applies. */
export const TUTORIAL_FOLDER = join(ROOT, 'examples/tutorial')

/** Those files, by path. */
export function tutorialFiles(): Readonly<Record<string, string>> {
  const entries = readdirSync(TUTORIAL_FOLDER, { withFileTypes: true, recursive: true }).filter((one) => one.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).toSorted()
  return Object.fromEntries(paths.map((path) => [relative(TUTORIAL_FOLDER, path), readFileSync(path, 'utf8')]))
}

/** Every object in them. */
export function tutorialObjects(): readonly KubernetesObject[] {
  return Object.entries(tutorialFiles())
    .filter(([path]) => !path.endsWith('/kustomization.yaml'))
    .flatMap(([, text]) => objectsIn(text))
}

/** The values of Saker's HelmRelease, as text and as Helm gets them. */
export function sakerValues(): { readonly config: object; readonly secrets: { readonly existingSecret: string } } {
  const release = parse(tutorialFiles()['saker/release.yaml'] ?? '') as { readonly spec: { readonly values: unknown } }
  return release.spec.values as ReturnType<typeof sakerValues>
}

/** The page, with each part between `<!-- NAME: WHAT -->` and `<!-- end -->` made anew. */
export function pageWith(page: string, name: string, made: (what: string) => string): string {
  const marked = new RegExp(`(?<=<!-- ${name}: (\\S+) -->\\n)[^]*?(?=<!-- end -->)`, 'gu')
  return page.replaceAll(marked, (_, what: string) => made(what))
}

/** What stands for the names that such a page is marked with. */
export function marksIn(page: string, name: string): readonly string[] {
  return Array.from(page.matchAll(new RegExp(`^<!-- ${name}: (\\S+) -->$`, 'gmu')), ([, what = '']) => what)
}

/** The shell commands of the page under the headings that begin with the given numbers. */
export function commandsOf(page: string, ...steps: readonly number[]): string {
  return page
    .split(/^## /mu)
    .filter((section) => steps.some((step) => section.startsWith(`${step}. `)))
    .flatMap((section) => Array.from(section.matchAll(/^```sh\n(.*?)^```$/gmsu), ([, text = '']) => text))
    .join('')
}
