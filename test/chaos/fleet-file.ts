import type { FileMode } from '@saker/core'

/** What a run changes of one workload's manifest; everything else of it stays as it was written. */
export interface DeclaredState {
  readonly name: string
  replicas: number
  /** Counts the changes of people to the comment above the manifest. */
  revision: number
}

/** One file of a repository with the manifests of some workloads. */
export interface FleetFile {
  readonly path: string
  readonly mode: FileMode
  readonly declared: readonly DeclaredState[]
}

/** The very bytes of a file in a given state. Both what a repository starts with and what is expected of it later. */
export function renderFleetFile({ declared }: FleetFile): string {
  return declared.map(renderManifest).join('---\n')
}

/** The comment that people change. */
export function revisionLine({ name, revision }: Pick<DeclaredState, 'name' | 'revision'>): string {
  return `# ${name}: revision ${revision} of its team's notes\n`
}

/** Quotes, flow style, comments and odd indentation, as in real repositories: every byte of it must survive. */
function renderManifest(state: DeclaredState): string {
  const { name, replicas } = state
  return `${revisionLine(state)}apiVersion: apps/v1
kind: Deployment
metadata:
    name: ${name}
    namespace: "default"
    labels: {app: '${name}', tier: backend}   # one line on purpose
spec:
    replicas: ${replicas}      # three zones
    selector:
        matchLabels: {app: ${name}}
    template:
        metadata:
            labels: {app: ${name}}
        spec:
            containers:
            - name: main
              image: "registry.example.test/${name}:1.0"   # pinned
              args: ['--verbose', "--name=${name}"]
`
}

/** A copy that can be changed without changing the original. */
export function copyOf(file: FleetFile): FleetFile {
  return { ...file, declared: file.declared.map((state) => ({ ...state })) }
}
