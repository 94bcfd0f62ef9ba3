/** The alert of Falco's tutorial, as Falcosidekick passes it on. https://falco.org/blog/falcosidekick-response-engine-part-8-fluxv2/ */
export const TUTORIAL_ALERT = `{"uuid":"5f2c1a0e-7d0b-4b5e-9d57-2f6f3c1f0a52","output":"19:35:58.532086161: Notice A shell was spawned in a container with an attached terminal (user=root user_loginuid=-1 k8s.ns=default k8s.pod=alpine-deployment-77789455d6-m7flp container=788861c3cf83 shell=sh parent=runc cmdline=sh -c uptime terminal=34816 container_id=788861c3cf83 image=alpine)","priority":"Notice","rule":"Terminal shell in container","time":"2021-06-13T19:35:58.532086161Z","output_fields":{"container.id":"788861c3cf83","container.image.repository":"alpine","evt.time":1623612958532086161,"k8s.ns.name":"default","k8s.pod.name":"alpine-deployment-77789455d6-m7flp","proc.cmdline":"sh -c uptime","proc.name":"sh","proc.pname":"runc","proc.tty":34816,"user.loginuid":-1,"user.name":"root"},"source":"syscall","tags":["container","mitre_execution","shell"],"hostname":"minikube"}`

/**
 * The headers with which Falcosidekick 2.30 and newer sends an alert through its CloudEvents output, binary mode
 * (falcosidekick `outputs/cloudevents.go`).
 */
export function cloudEventHeaders(id: string): Record<string, string> {
  return {
    'user-agent': 'Go-http-client/1.1',
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-id': id,
    'ce-source': 'https://falco.org',
    'ce-type': 'falco.rule.output.v1',
    'ce-time': '2021-06-13T19:35:58.532086161Z',
    'ce-priority': 'Notice',
    'ce-rule': 'Terminal shell in container',
    'ce-eventsource': 'syscall',
    'ce-hostname': 'minikube',
  }
}
