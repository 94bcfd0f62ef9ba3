// write-sbom.mjs NPM-SBOM STATUS-FOLDER OUT: what is in the image, as CycloneDX: the npm packages as pnpm found them in the
// lockfile, the Debian packages whose control files lie in the folder, and the Node that runs this.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [npm, statusFolder, out] = process.argv.slice(2)
const sbom = JSON.parse(readFileSync(npm, 'utf8'))

/** The fields of a control file of Debian; those that go on over several lines are not needed. */
function controlOf(file) {
  const lines = readFileSync(join(statusFolder, file), 'utf8').split('\n')
  return Object.fromEntries(lines.map((line) => /^([\w-]+): (.*)$/u.exec(line)?.slice(1)).filter(Boolean))
}

function debianPackage({ Package: name, Version: version, Architecture: arch, Source: source = name }) {
  const upstream = encodeURIComponent(source.split(' ')[0])
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${arch}&upstream=${upstream}`
  return { type: 'library', name, version, purl, 'bom-ref': purl }
}

const nodeVersion = process.versions.node
const node = {
  type: 'application',
  name: 'node',
  version: nodeVersion,
  purl: `pkg:generic/node@${nodeVersion}`,
  cpe: `cpe:2.3:a:nodejs:node.js:${nodeVersion}:*:*:*:*:*:*:*`,
  'bom-ref': `pkg:generic/node@${nodeVersion}`,
}
const system = [node, ...readdirSync(statusFolder).toSorted().map(controlOf).map(debianPackage)]

sbom.components.push(...system)
const root = sbom.metadata.component['bom-ref']
sbom.dependencies ??= []
sbom.dependencies.push(...system.map((component) => ({ ref: component['bom-ref'] })))
const rootEntry = sbom.dependencies.find(({ ref }) => ref === root)
if (rootEntry === undefined) throw new Error(`the SBOM of npm packages does not say what ${root} depends on`)
rootEntry.dependsOn = [...(rootEntry.dependsOn ?? []), ...system.map((component) => component['bom-ref'])]
writeFileSync(out, `${JSON.stringify(sbom)}\n`)
