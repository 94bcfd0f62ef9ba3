// Makes what is derived in helm/saker: values.schema.json out of tools/chart/values.schema.json, the schema of the config
// file and Kubernetes' own schemas; and the tables of README.md out of the comments of values.yaml.
//
//   node tools/make-chart.mjs [FOLDER]
//
// With a folder, the files are made there and not in the chart.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import readmeGenerator from '@bitnami/readme-generator-for-helm'

const ROOT = join(import.meta.dirname, '..')
const CHART = join(ROOT, 'helm/saker')
const out = process.argv[2] ?? CHART

const readJson = (path) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'))

/** Helm's regular expressions are Go's and cannot look ahead or behind; Saker itself checks what these patterns say. */
function withoutForeignPatterns(key, value) {
  return key === 'pattern' && typeof value === 'string' && /\(\?<?[=!]/u.test(value) ? undefined : value
}

/** The schema of the config file, with its definitions under names that nobody else has. */
function configDefinitions() {
  const { $schema: _dialect, $id: _id, $defs = {}, ...config } = readJson('docs/saker-config.schema.json')
  const renamed = JSON.stringify({ ...$defs, '': config }, withoutForeignPatterns).replaceAll(
    '"#/$defs/',
    '"#/definitions/config.',
  )
  const all = Object.entries(JSON.parse(renamed))
  return Object.fromEntries(all.map(([name, schema]) => [name === '' ? 'config' : `config.${name}`, schema]))
}

function valuesSchema() {
  const written = readJson('tools/chart/values.schema.json')
  const known = readJson('test/helm/schemas/kubernetes-1.36.json').definitions
  const definitions = configDefinitions()
  const take = (schema) => {
    for (const [, name] of JSON.stringify(schema).matchAll(/"#\/definitions\/(io\.k8s\.[^"]+)"/gu)) {
      if (definitions[name] !== undefined) continue
      definitions[name] = known[name]
      take(known[name])
    }
  }
  take(written)
  return { ...written, definitions }
}

writeFileSync(join(out, 'values.schema.json'), `${JSON.stringify(valuesSchema(), undefined, 2)}\n`)
if (out !== CHART) copyFileSync(join(CHART, 'README.md'), join(out, 'README.md'))
readmeGenerator.runReadmeGenerator({ values: join(CHART, 'values.yaml'), readme: join(out, 'README.md') })
