import { anchoredPattern } from '../kustomize/pattern.ts'
import { folderOf, type RepositoryFiles } from '../repository-files.ts'

/** Tells whether Flux leaves a path out of what it fetches. */
export type IgnoreRule = (path: string) => boolean

/** What Flux's source controller leaves out by default. Source: fluxcd/pkg/sourceignore. */
const DEFAULTS = [
  '.git/',
  '.gitignore',
  '.gitmodules',
  '.gitattributes',
  '.github/',
  '.circleci/',
  '.travis.yml',
  '.gitlab-ci.yml',
  'appveyor.yml',
  '.drone.yml',
  'cloudbuild.yaml',
  'codeship-services.yml',
  'codeship-steps.yml',
  '**/.goreleaser.yml',
  '**/.sops.yaml',
  '**/.flux.yaml',
]

interface Pattern {
  /** Folder that it counts for, with a final slash; `''` is the root. */
  readonly within: string
  readonly isNegated: boolean
  readonly fits: (path: string) => boolean
}

const rules = new WeakMap<RepositoryFiles, IgnoreRule>()

/** The rule of a repository's `.sourceignore` files and the defaults. */
export function ignoreRuleOf(files: RepositoryFiles): IgnoreRule {
  const known = rules.get(files)
  if (known !== undefined) return known
  const written = files.paths
    .filter((path) => path === '.sourceignore' || path.endsWith('/.sourceignore'))
    .flatMap((path) => patternsIn(files.textOf(path) ?? '', folderOf(path)))
  const rule = ruleOf([...patternsIn(DEFAULTS.join('\n'), ''), ...written])
  rules.set(files, rule)
  return rule
}

function ruleOf(patterns: readonly Pattern[]): IgnoreRule {
  if (patterns.length === 0) return () => false
  return (path) => {
    for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
      const isFolder = end >= 0
      if (isIgnored(patterns, isFolder ? `${path.slice(0, end)}/` : path)) return true
      if (!isFolder) return false
    }
  }
}

/** The last pattern that fits decides. */
function isIgnored(patterns: readonly Pattern[], path: string): boolean {
  const last = patterns.findLast(({ within, fits }) => path.startsWith(within) && fits(path.slice(within.length)))
  return last !== undefined && !last.isNegated
}

function patternsIn(text: string, folder: string): readonly Pattern[] {
  return text
    .split(/\r?\n/u)
    .filter((line) => !line.startsWith('#') && line.trim() !== '')
    .slice(0, 1000)
    .map((line) => patternOf(line.trimEnd(), folder))
}

function patternOf(line: string, folder: string): Pattern {
  const isNegated = line.startsWith('!')
  const body = line.slice(isNegated ? 1 : 0)
  const isFolderOnly = body.endsWith('/')
  const inner = body.replace(/^\//u, '').replace(/\/$/u, '')
  const isAnchored = body.startsWith('/') || inner.includes('/')
  const source = inner
    .split('/')
    .map((part) => (part === '**' ? '**' : globSource(part)))
    .join('/')
    .replaceAll(/(^|\/)\*\*\//gu, '$1(?:[^/]+/)*')
    .replaceAll(/\/\*\*$/gu, '/.+')
  const fits =
    anchoredPattern(`${isAnchored ? '' : '(?:[^/]+/)*'}${source}${isFolderOnly ? '/' : '/?'}`) ?? (() => false)
  return { within: folder === '' ? '' : `${folder}/`, isNegated, fits }
}

function globSource(part: string): string {
  return part
    .replaceAll(/\*+/gu, '*')
    .replaceAll(/[$()+.[\\\]^{|}]/gu, String.raw`\$&`)
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
}
