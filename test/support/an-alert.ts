import { parseAlert, type Alert } from '@saker/core'

/** An alert as Falcosidekick posts it: a shell in a pod of the Deployment `web`. Keys given here replace those of the body. */
export function alertBody(overrides: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    uuid: 'a63c8f17-21f2-49ea-a225-05d0e93f13a0',
    output: '13:44:05.478445995: Notice A shell was spawned in a container with an attached terminal',
    priority: 'Notice',
    rule: 'Terminal shell in container',
    time: '2026-05-25T13:44:05.478445995Z',
    source: 'syscall',
    tags: ['', 'container', 'mitre_execution', 'shell'],
    hostname: 'worker-1',
    output_fields: fields({}),
    ...overrides,
  })
}

/** The same, parsed. `outputFields` are added to those of a shell in a pod; `undefined` takes one out. */
export function anAlert(
  overrides: Readonly<Record<string, unknown>> = {},
  outputFields: Readonly<Record<string, unknown>> = {},
): Alert {
  return parseAlert(alertBody({ output_fields: fields(outputFields), ...overrides }))
}

function fields(changed: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    'container.id': '45dd76eff80f',
    'container.name': 'web',
    'k8s.ns.name': 'default',
    'k8s.pod.name': 'web-77789455d6-m7flp',
    'proc.cmdline': 'sh -c uptime',
    'user.name': 'root',
    ...changed,
  }
}
