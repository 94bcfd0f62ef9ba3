/** Cluster-side identity of what an alert is about and an action is aimed at. */
export interface Workload {
  readonly cluster: string
  readonly namespace: string
  readonly kind: string
  readonly name: string
}

/** A workload as one text, for comparing and for keys: no two distinct ones share it. */
export function workloadKeyOf({ cluster, namespace, kind, name }: Workload): string {
  return [cluster, namespace, kind, name].join('/')
}

/** `namespace/Kind/name`, as commit subjects and logs write it; the cluster stands in front only where it matters. */
export function workloadTitle(workload: Omit<Workload, 'cluster'>): string {
  return `${workload.namespace}/${workload.kind}/${workload.name}`
}
