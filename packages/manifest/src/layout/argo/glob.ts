/** Whether a path fits an Argo CD glob: `*` and `?` do not cross slashes, `**` does, `{a,b}` is either. */
export function matchesGlob(glob: string, path: string): boolean {
  return alternativesOf(glob).some((one) => fits(one, path))
}

/** So many alternatives are looked at; what braces a hostile glob multiplies beyond that fits nothing. */
const MAX_ALTERNATIVES = 64

function alternativesOf(glob: string): readonly string[] {
  let done: readonly string[] = [glob]
  for (;;) {
    const next = done.flatMap((one) => {
      const [whole, before = '', list = '', after = ''] = /^([^{]*)\{([^{}]*)\}(.*)$/su.exec(one) ?? []
      return whole === undefined ? [one] : list.split(',').map((alternative) => `${before}${alternative}${after}`)
    })
    if (next.length === done.length && next.every((one, index) => one === done[index])) return done
    if (next.length > MAX_ALTERNATIVES) return []
    done = next
  }
}

/** Linear in both, with one step back per star. */
function fits(glob: string, path: string): boolean {
  const source = glob
    .replaceAll(/[$()+.[\\\]^|}]/gu, String.raw`\$&`)
    .replaceAll('**', '\0')
    .replaceAll(/\*+/gu, '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll(/\0+/gu, '.*')
  return glob.length <= 256 && new RegExp(`^${source}$`, 'su').test(path)
}
