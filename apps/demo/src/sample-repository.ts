import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The file that declares the tutorial's workload, in the shape that files in real repositories have: comments, several documents. */
export const WORKLOAD_FILE = 'apps/alpine.yaml'

const FILES: Readonly<Record<string, string>> = {
  'README.md': '# fleet-infra\n\nWhat runs in the cluster. Flux applies `./apps`.\n',
  [WORKLOAD_FILE]: `# Owned by team shell. Ask in #shell before you change the image.
apiVersion: v1
kind: Service
metadata:
  name: alpine
  namespace: default
spec:
  selector: {app: alpine}
  ports:
    - port: 80        # plain HTTP, TLS ends at the ingress
---
apiVersion: apps/v1
kind: Deployment
metadata:
    name: alpine-deployment
    namespace: default
    labels: {app: alpine}
spec:
    replicas: 3       # three zones
    selector:
        matchLabels: {app: alpine}
    template:
        metadata:
            labels: {app: alpine}
        spec:
            containers:
            - name: alpine
              image: "alpine:3.18"
              command: ['sleep', 'infinity']
`,
  'apps/podinfo.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: podinfo
  namespace: default
spec:
  replicas: 2
  selector: { matchLabels: { app: podinfo } }
  template:
    metadata: { labels: { app: podinfo } }
    spec:
      containers:
        - name: podinfo
          image: ghcr.io/stefanprodan/podinfo:6.7.0
`,
}

/** Runs git in a folder. Throws with its error text, or saying that git is missing. */
export function git(folder: string, ...args: string[]): string {
  const result = spawnSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' },
  })
  if (result.error !== undefined)
    throw new Error(`the git program is needed and could not be run: ${result.error.message}`)
  if (result.status !== 0) throw new Error(`git ${args[0]} failed: ${result.stderr.trim()}`)
  return result.stdout
}

/** Makes the repository that stands for the user's, and gives the path of its bare folder. */
export function createSampleRepository(folder: string): string {
  const work = join(folder, 'work')
  const bare = join(folder, 'fleet-infra.git')
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(join(work, path, '..'), { recursive: true })
    writeFileSync(join(work, path), text)
  }
  git(work, 'init', '--quiet', '--initial-branch=main')
  git(work, 'add', '.')
  git(
    work,
    '-c',
    'user.name=Team Shell',
    '-c',
    'user.email=shell@example.test',
    'commit',
    '--quiet',
    '-m',
    'Run alpine and podinfo',
  )
  git(folder, 'clone', '--quiet', '--bare', work, bare)
  return bare
}
