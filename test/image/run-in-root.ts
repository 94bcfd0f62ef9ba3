import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'

/** A command that a build runs as root in a root file system. */
export interface BuildCommand {
  readonly root: string
  readonly script: string
  readonly workdir: string
  readonly env: Readonly<Record<string, string>>
  /** Folders that lie within while the command runs, by their paths there; made when they are missing. */
  readonly lent: Readonly<Record<string, string>>
}

/** What a build on this machine trusts, in case there is somebody between it and the registries. Is not in the image. */
const TRUSTED = { here: '/etc/ssl/certs/ca-certificates.crt', inside: '/run/build-authorities.crt' }

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Mounts and processes of its own: nothing is left of either when the command ends. */
export const NAMESPACES: readonly string[] = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child']

const ENTER = `
set -eu
root=$1 workdir=$2 script=$3
shift 3
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do mount --bind "$2" "$root$1"; shift 2; done
shift
exec chroot "$root" /usr/bin/env -i "$@" /bin/sh -c 'cd "$1"; eval "$2"' sh "$workdir" "$script"
`

/**
 * Runs it with the network of this machine, and throws what it printed unless it exits with 0. What is lent has to be on the
 * file system of the root: it is moved there and back, and not mounted, because links cannot cross a mount.
 */
export async function runInRoot({ root, script, workdir, env, lent }: BuildCommand): Promise<void> {
  const trust = existsSync(TRUSTED.here)
  const files = { '/etc/resolv.conf': '/etc/resolv.conf', ...(trust ? { [TRUSTED.inside]: TRUSTED.here } : {}) }
  const authorities = trust ? { NODE_EXTRA_CA_CERTS: TRUSTED.inside, SSL_CERT_FILE: TRUSTED.inside } : {}
  const variables = { PATH: SYSTEM_PATH, HOME: '/root', ...authorities, ...env }
  const takeBack = await lend(root, { files: Object.keys(files), folders: lent })
  const { exitCode, all } = await execa(
    'unshare',
    [
      ...NAMESPACES,
      'sh',
      '-c',
      ENTER,
      'sh',
      root,
      workdir,
      script,
      ...Object.entries(files).flat(),
      '--',
      ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ],
    { all: true, reject: false, stdin: 'ignore' },
  )
  await takeBack()
  if (exitCode !== 0) throw new Error(`${script}\nexited with ${exitCode}:\n${all}`)
}

/** Makes what files are mounted on, and moves folders in; gives what undoes that. */
async function lend(
  root: string,
  { files, folders }: { readonly files: readonly string[]; readonly folders: Readonly<Record<string, string>> },
): Promise<() => Promise<void>> {
  const made = files.map((path) => join(root, path)).filter((path) => !existsSync(path))
  for (const path of made) await writeFile(path, '')
  const moved = Object.entries(folders).map(([inside, here]) => ({ here, there: join(root, inside) }))
  for (const { here, there } of moved) {
    await mkdir(here, { recursive: true })
    await mkdir(dirname(there), { recursive: true })
    await rename(here, there)
  }
  return async () => {
    for (const { here, there } of moved) await rename(there, here)
    for (const path of made) await rm(path)
  }
}
