import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TUTORIAL_ALERT } from '@saker/demo'
import { describe, expect, it, vi } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import { planContainer, type Planning } from '../support/container-here.ts'
import { find, helmAvailable, podOf, render, type KubernetesObject } from '../support/helm-chart.ts'
import { freePort } from '../support/redis-server.ts'
import { afterThisTest, temporaryFolder } from '../support/saker.ts'
import { ImageContainer } from './image-container.ts'
import { builtImage, NO_IMAGE } from './image-root.ts'

const ORIGIN = '/srv/fleet.git'

/** An address that is loopback, and not for Saker: as in a pod, it has to ask for tokens there. */
const HERE = '[::ffff:127.0.0.1]:0'

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: alpine-deployment, namespace: default }
spec: { replicas: 2 }
`

/** The image's user, which owns nothing of what a kubelet lays; its group does. */
const USER = 65_532

const VALUES = {
  secrets: { ingestToken: 'an-ingest-token', adminToken: 'an-admin-token' },
  config: {
    version: 1,
    repositories: { fleet: { git: { url: `file://${ORIGIN}` }, delivery: 'commit' } },
    responses: [{ name: 'contain-shells', match: {}, actions: [{ contain: {} }] }],
    ingest: { tokens: [{ name: 'sidekick', tokenFrom: { file: '/etc/saker/secrets/tokens/SAKER_INGEST_TOKEN' } }] },
  },
  // Saker's image has a Valkey, so that one image is enough where only one may be pulled.
  redis: { image: { repository: 'saker' } },
}

/** Runs a pod of the chart in the image as a kubelet does: its user and groups, its volumes where they are mounted. */
async function startPod(planning: Planning, volumes: Readonly<Record<string, string>> = {}): Promise<ImageContainer> {
  const { spec } = podOf(find(planning.objects, planning.key))
  const { runAsUser = USER, fsGroup = 0 } = spec.securityContext
  const { command, args, env, mounts } = planContainer(planning)
  const folder = await temporaryFolder()
  const mounted: Record<string, string> = {}
  for (const [path, files] of mounts) {
    const here = join(folder, path.replaceAll('/', '_'))
    mkdirSync(here)
    for (const [file, text] of Object.entries(files)) {
      writeFileSync(join(here, file), text, { mode: 0o440 })
      chownSync(join(here, file), 0, fsGroup)
    }
    chownSync(here, 0, fsGroup)
    chmodSync(here, 0o2770)
    mounted[Object.keys(files).length > 0 ? `${path}:ro` : path] = here
  }
  const container = new ImageContainer(builtImage(), {
    folder: join(folder, 'container'),
    ...(command.length === 0 ? {} : { entrypoint: command }),
    args,
    env,
    volumes: { ...mounted, ...volumes },
    user: `${runAsUser}:${runAsUser}`,
    groups: [fsGroup],
  })
  afterThisTest(() => container.remove())
  return container
}

async function startServices(
  objects: readonly KubernetesObject[],
  { redis, origin }: { readonly redis: string; readonly origin: string },
): Promise<readonly [ingest: ImageContainer, worker: ImageContainer]> {
  const replace = [
    ['0.0.0.0:8080', HERE],
    ['0.0.0.0:8081', HERE],
    ['saker-redis:6379', redis],
  ] as const
  return Promise.all([
    startPod({ objects, key: 'Deployment saker-ingest', replace }),
    startPod({ objects, key: 'Deployment saker-worker', replace }, { [ORIGIN]: origin }),
  ])
}

const skipped = helmAvailable ? NO_IMAGE : ' (skipped: no helm here)'
const isReady = ({ msg }: { readonly msg: string }): boolean => msg === 'saker is ready'

describe.skipIf(skipped !== '')(`pods of the chart in the image${skipped}`, () => {
  it('take an alert with a token, commit, and end when they are told to', { timeout: 240_000 }, async () => {
    const origin = await BareRepository.create({ 'alpine.yaml': DEPLOYMENT })
    afterThisTest(() => origin.remove())
    execFileSync('chown', ['-R', `${USER}:${USER}`, origin.path])
    const objects = render({ values: VALUES })
    const port = await freePort()
    const replace = [['port 6379', `port ${port}\nbind 127.0.0.1`]] as const
    const redis = await startPod({ objects, key: 'StatefulSet saker-redis', replace })
    await vi.waitFor(() => expect(redis.printed).toContain('Ready to accept connections'), { timeout: 60_000 })
    const [ingest, worker] = await startServices(objects, { redis: `127.0.0.1:${port}`, origin: origin.path })
    const { ingest: url } = await ingest.line('ready', isReady)
    await worker.line('ready', isReady)
    const send = async (headers: Readonly<Record<string, string>>): Promise<number> => {
      const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: TUTORIAL_ALERT }
      return (await fetch(String(url), init)).status
    }

    const answers = [await send({}), await send({ authorization: 'Bearer an-ingest-token' })]
    await worker.line('committed', (line) => line.msg === 'response settled' && line['outcome'] === 'committed')
    for (const container of [ingest, worker, redis]) container.signal('SIGTERM')
    const codes = await Promise.all([ingest, worker, redis].map((container) => container.ended()))
    execFileSync('chown', ['-R', '0:0', origin.path])

    expect(answers).toEqual([401, 202])
    expect(codes).toEqual([0, 0, 0])
    expect(await origin.log()).toHaveLength(2)
  })
})
