import { anchoredPattern } from '../kustomize/pattern.ts'

/** Whether a path fits a glob of an Application's directory: `*` and `?` cross slashes, `{a,b}` is either. */
export function matchesGlob(glob: string, path: string): boolean {
  return alternativesOf(glob).some((one) => fits(one, path, '.'))
}

/** Whether a folder fits a path of an ApplicationSet's generator, as Go's `path.Match` has it: `*` and `?` end at slashes. */
export function matchesFolder(glob: string, folder: string): boolean {
  return fits(glob, folder, '[^/]')
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

function fits(glob: string, path: string, any: string): boolean {
  if (glob.length > MAX_LENGTH) return false
  const source = glob
    .replaceAll(/[$()+.[\\\]^{|}]/gu, String.raw`\$&`)
    .replaceAll(/\*+|\?/gu, (sign) => (sign === '?' ? any : `${any}*`))
  return anchoredPattern(source)?.(path) === true
}

const MAX_LENGTH = 256
