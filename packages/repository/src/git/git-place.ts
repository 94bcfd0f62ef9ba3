import { createHash } from 'node:crypto'
import { ResponseError, type GitLocation, decodePercent, isBranchName } from '@saker/core'

/** A branch on a server, checked: every part of it can stand among git's arguments. */
export interface GitPlace {
  /** Without password, and for HTTP without user. Safe to show. */
  readonly url: string
  readonly scheme: 'https' | 'http' | 'ssh' | 'file'
  /** Scheme, host and port, for a setting that must hold for this server only. */
  readonly origin: string
  /** The user that the URL names, where it names one. */
  readonly username?: string
  readonly branch: string
  /** A name for folders, readable and distinct for distinct places. */
  readonly slug: string
}

/**
 * Checks a location, its branch and whether the credential fits the URL. Ends in `CONFIG_INVALID`.
 */
export function gitPlaceOf(
  location: GitLocation,
  branch: string,
  auth: { readonly kind: 'none' | 'token' | 'ssh' },
): GitPlace {
  const url = URL.parse(location.url)
  const scheme = url?.protocol.slice(0, -1)
  if (url === null || (scheme !== 'https' && scheme !== 'http' && scheme !== 'ssh' && scheme !== 'file')) {
    throw new ResponseError('CONFIG_INVALID', 'the git url is not an https://, http://, ssh:// or file:// URL')
  }
  if (!isBranchName(branch)) throw new ResponseError('CONFIG_INVALID', 'the branch is not a valid branch name')
  if ((scheme === 'ssh') !== (auth.kind === 'ssh')) {
    throw new ResponseError('CONFIG_INVALID', 'an ssh:// URL needs an ssh key, and only such a URL can use one')
  }
  const username = decodePercent(url.username)
  url.password = ''
  if (scheme !== 'ssh') url.username = ''
  return {
    url: url.href,
    scheme,
    origin: `${scheme}://${url.host}`,
    ...(username === '' ? {} : { username }),
    branch,
    slug: slugOf(url.href, branch),
  }
}

function slugOf(url: string, branch: string): string {
  const readable = /([^/]*?)(?:\.git)?\/*$/u.exec(url)?.[1] ?? ''
  const hash = createHash('sha256').update(`${url}#${branch}`).digest('hex').slice(0, 10)
  return `${readable.replaceAll(/[^A-Za-z0-9._-]+/gu, '-').slice(-40)}-${hash}`
}
