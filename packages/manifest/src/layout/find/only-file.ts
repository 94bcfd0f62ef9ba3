import { ResponseError } from '@saker/core'
import { refuseEncrypted } from '../../yaml/refuse-encrypted.ts'
import { parseManifest } from '../../yaml/parse-manifest.ts'
import type { Layout } from '../layout-model.ts'

/**
 * Where the config names one file for a cluster, that file has to be readable. Ends in `MANIFEST_MISSING`,
 * `MANIFEST_NOT_A_FILE` (symbolic link or submodule), `MANIFEST_NOT_TEXT`, `MANIFEST_UNPARSEABLE`, `MANIFEST_TEMPLATED`,
 * `MANIFEST_SHARED_VALUE` or `MANIFEST_ENCRYPTED`.
 */
export function refuseOnlyFile(layout: Layout, cluster: string): void {
  for (const { repository, clusters } of layout.sources) {
    for (const { name, file } of clusters)
      if (name === cluster && file !== undefined) refuse(layout, { repository, file })
  }
}

function refuse(layout: Layout, { repository, file }: { repository: string; file: string }): void {
  const content = layout.read({ repository, path: file })
  if (content === undefined) throw refusal('MANIFEST_MISSING', file, 'is not in the repository')
  if ('fault' in content) throw refusal(content.fault.code, file, content.fault.message)
  if (content.text.startsWith('version https://git-lfs.github.com/spec/')) {
    throw refusal('MANIFEST_NOT_TEXT', file, 'is kept in Git LFS')
  }
  refuseEncrypted(parseManifest(content.text, file), file)
}

function refusal(code: ResponseError['code'], path: string, what: string): ResponseError {
  return new ResponseError(code, `${path} ${what}`, { details: { path } })
}
