// Makes test/helm/schemas/: JSON Schemas of the Kubernetes objects that the chart makes, out of the OpenAPI document of
// Kubernetes and the CRDs of the projects around it, as the Go modules of these projects hold them.
//
//   node tools/make-kubernetes-schemas.mjs
//
// Needs go. Run it to move to newer versions; the result is committed, so tests need neither go nor a network.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

const OUT = join(import.meta.dirname, '../test/helm/schemas')

/** The oldest version that the chart supports, and a new one. */
const KUBERNETES = ['v1.25.16', 'v1.36.3']

const KINDS = [
  'v1/ConfigMap',
  'v1/Namespace',
  'v1/Secret',
  'v1/Service',
  'v1/ServiceAccount',
  'apps/v1/Deployment',
  'apps/v1/StatefulSet',
  'autoscaling/v2/HorizontalPodAutoscaler',
  'networking.k8s.io/v1/Ingress',
  'networking.k8s.io/v1/NetworkPolicy',
  'policy/v1/PodDisruptionBudget',
]

const CRDS = [
  [
    'github.com/prometheus-operator/prometheus-operator',
    'v0.85.0',
    'example/prometheus-operator-crd',
    'monitoring.coreos.com_{servicemonitors,podmonitors,prometheusrules}.yaml',
  ],
  ['github.com/kedacore/keda/v2', 'v2.21.0', 'config/crd/bases', 'keda.sh_scaledobjects.yaml'],
  ['sigs.k8s.io/gateway-api', 'v1.6.3', 'config/crd/standard', 'gateway.networking.k8s.io_httproutes.yaml'],
]

const FLUX_CRDS = [
  [
    'github.com/fluxcd/source-controller',
    'v1.9.4',
    'config/crd/bases',
    'source.toolkit.fluxcd.io_{gitrepositories,helmrepositories}.yaml',
  ],
  [
    'github.com/fluxcd/kustomize-controller',
    'v1.9.5',
    'config/crd/bases',
    'kustomize.toolkit.fluxcd.io_kustomizations.yaml',
  ],
]

/** Go types of which Flux makes its CRDs, where the CRDs themselves are in no module. */
const FLUX_TYPES = [
  ['github.com/fluxcd/helm-controller/api', 'v1.4.5', 'v2', 'helm.toolkit.fluxcd.io_helmreleases.yaml'],
  ['github.com/fluxcd/notification-controller/api', 'v1.9.0', 'v1', 'notification.toolkit.fluxcd.io_receivers.yaml'],
]
const CONTROLLER_GEN = 'sigs.k8s.io/controller-tools/cmd/controller-gen@v0.19.0'

/** Makes CRDs of Go types as their projects do, and gives their texts. */
function generatedCrds() {
  const folder = mkdtempSync(join(tmpdir(), 'saker-crds-'))
  const go = (...args) =>
    execFileSync('go', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const packages = FLUX_TYPES.map(([module, , name]) => `${module}/${name}`)
  writeFileSync(join(folder, 'types.go'), `package types\n${packages.map((name) => `import _ "${name}"\n`).join('')}`)
  go('mod', 'init', 'types')
  go('get', ...FLUX_TYPES.map(([module, version]) => `${module}@${version}`))
  go('mod', 'tidy')
  go('run', CONTROLLER_GEN, 'crd', ...packages.map((name) => `paths=${name}`), `output:crd:dir=${join(folder, 'crds')}`)
  const texts = FLUX_TYPES.map(([, , , file]) => readFileSync(join(folder, 'crds', file), 'utf8'))
  rmSync(folder, { recursive: true })
  return texts
}

function folderOf(module, version) {
  return JSON.parse(execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], { encoding: 'utf8' })).Dir
}

function expand(pattern) {
  const [, head, names, tail] = /^(.*)\{(.*)\}(.*)$/u.exec(pattern) ?? [undefined, pattern, '', '']
  return names.split(',').map((name) => head + name + tail)
}

/** Without prose and server-side checks; what the server would refuse as an unknown field is refused. */
function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict)
  if (typeof schema !== 'object' || schema === null) return schema
  if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string')
    return { type: ['integer', 'string'] }
  const kept = Object.entries(schema).filter(
    ([key, value]) => !key.startsWith('x-kubernetes-') && !(PROSE.has(key) && typeof value !== 'object'),
  )
  const made = Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      key === 'properties'
        ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, strict(inner)]))
        : strict(value),
    ]),
  )
  delete made.default
  if (made.pattern !== undefined && !isPattern(made.pattern)) delete made.pattern
  if (made.nullable === true) made.type = [made.type, 'null']
  delete made.nullable
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || made.additionalProperties !== undefined
  if (made.properties !== undefined && !open) made.additionalProperties = false
  return made
}

/** Go's regular expressions know what JavaScript's do not, such as a leading (?i). */
function isPattern(pattern) {
  try {
    return Boolean(new RegExp(pattern, 'u'))
  } catch {
    return false
  }
}

const PROSE = new Set(['description', 'format', 'externalDocs'])

function kindOf(group, version, kind) {
  return [group, version, kind].filter((part) => part !== '').join('/')
}

/** The definitions of the kinds and all they refer to, and which definition is which kind's. */
function schemasOfKubernetes(version) {
  const path = join(folderOf('k8s.io/kubernetes', version), 'api/openapi-spec/swagger.json')
  const { definitions } = JSON.parse(readFileSync(path, 'utf8'))
  const kinds = {}
  for (const [name, { 'x-kubernetes-group-version-kind': [first] = [] }] of Object.entries(definitions)) {
    if (first === undefined) continue
    const kind = kindOf(first.group, first.version, first.kind)
    if (KINDS.includes(kind)) kinds[kind] = { $ref: `#/definitions/${name}` }
  }
  const made = {}
  const take = (name) => {
    if (made[name] !== undefined) return
    made[name] = name.endsWith('.Quantity') ? { type: ['string', 'number'] } : strict(definitions[name])
    for (const [, next] of JSON.stringify(made[name]).matchAll(/#\/definitions\/([^"]+)/gu)) take(next)
  }
  for (const { $ref } of Object.values(kinds)) take($ref.replace('#/definitions/', ''))
  return { from: `k8s.io/kubernetes ${version}`, kinds, definitions: made }
}

function crdsIn([module, version, folder, pattern]) {
  return expand(pattern).map((file) => readFileSync(join(folderOf(module, version), folder, file), 'utf8'))
}

/** The schemas of the kinds that CRDs define; `from` says whose they are. */
function schemasOfCustomResources(texts, from) {
  const kinds = {}
  for (const document of texts.flatMap((crd) => parseAllDocuments(crd))) {
    const { spec } = document.toJS() ?? {}
    for (const { name, schema } of spec?.versions ?? []) {
      const made = strict(schema.openAPIV3Schema)
      made.properties.metadata = { $ref: '#/definitions/metadata' }
      kinds[kindOf(spec.group, name, spec.names.kind)] = made
    }
  }
  const text = { type: 'object', additionalProperties: { type: 'string' } }
  const metadata = {
    type: 'object',
    properties: { name: { type: 'string' }, namespace: { type: 'string' }, labels: text, annotations: text },
    required: ['name'],
    additionalProperties: false,
  }
  return { from: from.map(([module, version]) => `${module} ${version}`).join(', '), kinds, definitions: { metadata } }
}

const write = (name, schemas) => writeFileSync(join(OUT, name), `${JSON.stringify(schemas)}\n`)
for (const version of KUBERNETES) {
  const [minor] = version.match(/[0-9]+\.[0-9]+/u)
  write(`kubernetes-${minor}.json`, schemasOfKubernetes(version))
}
write('custom-resources.json', schemasOfCustomResources(CRDS.flatMap(crdsIn), CRDS))
write(
  'flux.json',
  schemasOfCustomResources([...FLUX_CRDS.flatMap(crdsIn), ...generatedCrds()], [...FLUX_CRDS, ...FLUX_TYPES]),
)
