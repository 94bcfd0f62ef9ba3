import { createHash } from 'node:crypto'

/**
 * Git's object id of a text as UTF-8. Where it equals the id that the host gave for the file, the text is the file's very
 * bytes; where it differs, decoding lost something and an edit would damage the rest of the file. The length of `like`
 * tells SHA-1 repositories from SHA-256 ones.
 */
export function blobOid(text: string, like = ''): string {
  const bytes = Buffer.from(text, 'utf8')
  return createHash(like.length === 64 ? 'sha256' : 'sha1')
    .update(`blob ${bytes.length}\0`)
    .update(bytes)
    .digest('hex')
}
