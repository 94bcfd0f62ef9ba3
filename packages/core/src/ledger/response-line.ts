import type { Workload } from '../pod/workload.ts'
import { decodePercent } from '../text/decode-percent.ts'
import { encodePart } from './hostile-text.ts'

/** One place that a response changed: a file, the document in it, the field in that. */
export interface ChangedPlace {
  readonly path: string
  readonly document: {
    readonly apiVersion: string
    readonly kind: string
    readonly namespace: string
    readonly name: string
  }
  /** RFC 6901 pointer to the field. */
  readonly pointer: string
}

/** What one `Saker-Response:` line of a commit message says. */
export interface ResponseLine {
  readonly id: string
  readonly response: string
  readonly workload: Workload
  /** `path#where` of each changed place, still percent-encoded. */
  readonly places: readonly string[]
  /** When it is to be undone by itself; absent: never. */
  readonly until?: string
}

const KEY = 'Saker-Response:'

/** Writes the line. It is self-contained: whatever a squash merge or a rebase does to the rest, it tells the whole response. */
export function formatResponseLine(
  line: Omit<ResponseLine, 'places'> & { readonly places: readonly ChangedPlace[] },
): string {
  return formatParsedLine({ ...line, places: formatPlaces(line.places) })
}

/** Writes a line anew that was read. */
export function formatParsedLine(line: ResponseLine): string {
  const { cluster, namespace, kind, name } = line.workload
  const target = [cluster, namespace, kind, name].map((part) => encodePart(part)).join('/')
  const until = line.until === undefined ? '-' : encodePart(line.until, { keep: ':' })
  return [KEY, encodePart(line.id), encodePart(line.response), target, line.places.join(','), `until=${until}`].join(
    ' ',
  )
}

/** Changed places as the line spells them, for comparing with those of a line that was read. */
export function formatPlaces(places: readonly ChangedPlace[]): readonly string[] {
  return places.map(formatPlace)
}

/** `apps/web.yaml#apps/v1/Deployment/default/web:/spec/replicas`; a manifest without a namespace leaves its place empty. */
function formatPlace({ path, document, pointer }: ChangedPlace): string {
  const identity = [encodePart(document.apiVersion, { keep: '/' }), document.kind, document.namespace, document.name]
  const where = [identity[0], ...identity.slice(1).map((part) => encodePart(part ?? ''))].join('/')
  return `${encodePart(path, { keep: '/' })}#${where}:${encodePart(pointer, { keep: '/' })}`
}

/**
 * Finds the lines in a message, wherever they stand: indented, quoted or in a list, as squash merges and pull request
 * bodies leave them. Lines that do not parse are passed over.
 */
export function parseResponseLines(message: string): readonly ResponseLine[] {
  const pattern = /Saker-Response: (\S+) (\S+) ([^\s/]+)\/([^\s/]+)\/([^\s/]+)\/([^\s/]+) (\S+) until=([\w.~:%-]+)/gu
  return Array.from(message.matchAll(pattern), (match) => {
    const [, id = '', response = '', cluster = '', namespace = '', kind = '', name = '', places = '', until = '-'] =
      match
    const decoded = [id, response, cluster, namespace, kind, name, until].map(decodePercent)
    const [
      idText = '',
      responseText = '',
      clusterText = '',
      namespaceText = '',
      kindText = '',
      nameText = '',
      untilText = '-',
    ] = decoded
    return {
      id: idText,
      response: responseText,
      workload: { cluster: clusterText, namespace: namespaceText, kind: kindText, name: nameText },
      places: places.split(','),
      ...(untilText === '-' ? {} : { until: untilText }),
    }
  })
}

/** A changed place as the line spells it, taken apart. Undefined when it is none. */
export function parsePlace(written: string): ChangedPlace | undefined {
  const [, path, where, pointer] = /^([^#]+)#([^:]*):(.*)$/u.exec(written) ?? []
  const parts = where?.split('/') ?? []
  const [kind, namespace, name] = parts.slice(-3).map(decodePercent)
  if (path === undefined || pointer === undefined || parts.length < 4) return undefined
  if (kind === undefined || namespace === undefined || name === undefined) return undefined
  // Only the version of an API keeps its slash.
  const apiVersion = decodePercent(parts.slice(0, -3).join('/'))
  return {
    path: decodePercent(path),
    document: { apiVersion, kind, namespace, name },
    pointer: decodePercent(pointer),
  }
}
