const SPECIAL = /[.+^${}()|[\]\\]/gu

/** A shell glob as a regular expression: `*` and `?` stay within a folder, `**` does not. */
export function globToRegExp(glob: string): RegExp {
  const wild = glob
    .replaceAll(SPECIAL, String.raw`\$&`)
    .replaceAll('?', '[^/]')
    .replaceAll('**/', '\u0001')
    .replaceAll('**', '\u0002')
    .replaceAll('*', '[^/]*')
    .replaceAll('\u0001', '(?:.*/)?')
    .replaceAll('\u0002', '.*')
  return new RegExp(`^${wild}$`, 'u')
}

/** A glob as Argo CD takes it for the manifests of a folder: `*` also crosses folders, `{a,b}` is a choice. */
export function argoGlobToRegExp(glob: string): RegExp {
  const wild = glob
    .replaceAll(SPECIAL, String.raw`\$&`)
    .replaceAll('?', '.')
    .replaceAll(/\*+/gu, '.*')
    .replaceAll(/\\\{([^{}]*)\\\}/gu, (_, inner: string) => `(?:${inner.replaceAll(',', '|')})`)
  return new RegExp(`^${wild}$`, 'u')
}

/** The lines of a `.sourceignore` or `.gitignore`, as a predicate on paths: the last line that fits decides. */
export function ignoredBy(lines: readonly string[]): (path: string) => boolean {
  const rules = lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(ruleOf)
  return (path) => rules.findLast(({ pattern }) => pattern.test(path))?.ignores === true
}

function ruleOf(line: string): { readonly ignores: boolean; readonly pattern: RegExp } {
  const ignores = !line.startsWith('!')
  const written = ignores ? line : line.slice(1)
  const isAnchored = written.replace(/\/$/u, '').includes('/')
  const body = globToRegExp(written.replace(/^\//u, '').replace(/\/$/u, '')).source.slice(1, -1)
  const below = written.endsWith('/') ? '/.*' : '(?:/.*)?'
  return { ignores, pattern: new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${body}${below}$`, 'u') }
}
