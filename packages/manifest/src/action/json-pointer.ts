/** A JSON pointer (https://www.rfc-editor.org/rfc/rfc6901) of segments. */
export function pointerTo(segments: readonly (string | number)[]): string {
  return segments.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
