/** Cluster-side identity of what an alert is about and an action is aimed at. */
export interface Workload {
  readonly cluster: string
  readonly namespace: string
  readonly kind: string
  readonly name: string
}

/** `namespace/Kind/name`, as commit subjects and logs write it; the cluster stands in front only where it matters. */
export function workloadTitle(workload: Omit<Workload, 'cluster'>): string {
  return `${workload.namespace}/${workload.kind}/${workload.name}`
}
