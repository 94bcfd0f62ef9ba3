import type { Action, PodSighting } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { aLayout, editsOf, planOn } from '../../../../test/support/a-layout.ts'

const CONTAIN: readonly Action[] = [{ action: 'contain' }]
const WEB: PodSighting = { namespace: 'shop', podName: 'web-6d4cf56db6-x7k2p' }

function deployment(name: string, spec = 'replicas: 2'): string {
  return [
    'apiVersion: apps/v1',
    'kind: Deployment',
    `metadata: {name: ${name}, namespace: shop}`,
    'spec:',
    `  ${spec}`,
    `  selector: {matchLabels: {app: ${name}}}`,
    '  template:',
    `    metadata: {labels: {app: ${name}}}`,
    `    spec: {containers: [{name: app, image: 'r/${name}:1'}]}`,
    '',
  ].join('\n')
}

function kustomization(...lines: readonly string[]): string {
  return `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n${lines.join('\n')}\n`
}

function flux(name: string, path: string, more = ''): string {
  return [
    'apiVersion: kustomize.toolkit.fluxcd.io/v1',
    'kind: Kustomization',
    `metadata: {name: ${name}, namespace: flux-system}`,
    'spec:',
    `  path: ./${path}`,
    '  prune: true',
    '  sourceRef: {kind: GitRepository, name: flux-system}',
    ...(more === '' ? [] : [`  ${more}`]),
    '',
  ].join('\n')
}

const SYNC = [
  'apiVersion: source.toolkit.fluxcd.io/v1',
  'kind: GitRepository',
  'metadata: {name: flux-system, namespace: flux-system}',
  'spec: {url: https://git.example/acme/fleet, ref: {branch: main}}',
  '',
].join('\n')

/** What a plan writes, by path. */
function written(plan: ReturnType<typeof planOn>): Readonly<Record<string, string | null>> {
  return Object.fromEntries(editsOf(plan).edits.map(({ path, text }) => [path, text]))
}

describe('the layer that is edited', () => {
  it('is the manifest itself where one build reads it', () => {
    const layout = aLayout({
      'web.yaml': deployment('web'),
      'kustomization.yaml': kustomization('resources: [web.yaml]'),
    })

    const plan = editsOf(planOn(layout, WEB, { actions: CONTAIN }))

    expect(written(plan)).toEqual({ 'web.yaml': deployment('web', 'replicas: 0') })
    expect(plan.layer).toEqual({ kind: 'in-place', path: 'web.yaml', consumers: 1 })
  })

  it('is the manifest of a ReplicationController', () => {
    const controller = (spec?: string): string =>
      deployment('web', spec).replace('apps/v1', 'v1').replace('Deployment', 'ReplicationController')
    const layout = aLayout({ 'web.yaml': controller() })

    expect(written(planOn(layout, { namespace: 'shop', podName: 'web-x7k2p' }, { actions: CONTAIN }))).toEqual({
      'web.yaml': controller('replicas: 0'),
    })
  })

  it('is the manifest also where a comment or a text in it asks people not to change something', () => {
    const before = '# of the shop\n---\n'
    const told =
      '# do not change the name\n---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: c, namespace: shop}\n'
    const text = (spec?: string): string =>
      `${before}${deployment('web', spec)}${told}data:\n  a: |\n    # DO NOT EDIT\n`
    const layout = aLayout({ 'web.yaml': text() })

    expect(written(planOn(layout, WEB, { actions: CONTAIN }))).toEqual({ 'web.yaml': text('replicas: 0') })
  })

  it('is the overlay where another one uses the base, even if that one overrides the number', () => {
    const layout = aLayout({
      'base/web.yaml': deployment('web'),
      'base/kustomization.yaml': kustomization('resources: [web.yaml]'),
      'prod/kustomization.yaml': kustomization('resources: [../base]'),
      'test/kustomization.yaml': kustomization(
        'resources: [../base]',
        'namespace: test',
        'replicas: [{name: web, count: 5}]',
      ),
    })

    expect(written(planOn(layout, WEB, { actions: CONTAIN }))).toEqual({
      'prod/kustomization.yaml': kustomization('resources: [../base]', 'replicas:', '- name: web', '  count: 0'),
    })
  })

  it('is never an entry of replicas where its name means two objects', () => {
    const twin = deployment('web').replace('namespace: shop', 'namespace: other')
    const layout = aLayout({
      'base/web.yaml': deployment('web'),
      'base/twin.yaml': twin,
      'base/kustomization.yaml': kustomization('resources: [web.yaml, twin.yaml]'),
      'prod/kustomization.yaml': kustomization('resources: [../base]'),
      'test/kustomization.yaml': kustomization('resources: [../base]', 'nameSuffix: -test'),
    })

    const plan = editsOf(planOn(layout, WEB, { actions: CONTAIN }))

    expect(plan.layer.kind).toBe('patch')
    expect(written(plan)['prod/kustomization.yaml']).toContain('namespace: shop')
  })

  it.each([
    ['an entry of replicas', 'replicas: [{name: web, count: 7}]', 'replicas: [{name: web, count: 0}]'],
    [
      'a patch inside the kustomization',
      "patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 7}}'}]",
      "patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 0}}'}]",
    ],
  ])('is %s that would win over any other', (_, before, after) => {
    const layout = aLayout({
      'web.yaml': deployment('web'),
      'kustomization.yaml': kustomization('resources: [web.yaml]', before),
    })

    expect(written(planOn(layout, WEB, { actions: CONTAIN }))).toEqual({
      'kustomization.yaml': kustomization('resources: [web.yaml]', after),
    })
  })

  it('is the Flux object of the cluster where two clusters apply the folder', () => {
    const layout = aLayout(
      {
        'apps/web.yaml': deployment('web'),
        'clusters/prod/apps.yaml': flux('apps', 'apps'),
        'clusters/prod/sync.yaml': SYNC,
        'clusters/test/apps.yaml': flux('apps', 'apps'),
        'clusters/test/sync.yaml': SYNC,
      },
      [
        { name: 'prod', paths: ['clusters/prod'] },
        { name: 'test', paths: ['clusters/test'] },
      ],
    )

    const plan = editsOf(planOn(layout, WEB, { actions: CONTAIN }))

    expect(plan.layer).toMatchObject({ kind: 'flux-patch', path: 'clusters/prod/apps.yaml' })
    expect(Object.keys(written(plan))).toEqual(['clusters/prod/apps.yaml'])
  })

  it('is none where the very same folder is configured for two clusters', () => {
    const layout = aLayout({ 'apps/web.yaml': deployment('web') }, [
      { name: 'prod', paths: ['apps'] },
      { name: 'test', paths: ['apps'] },
    ])

    expect(() => planOn(layout, WEB, { actions: CONTAIN })).toThrow(expect.objectContaining({ code: 'LAYER_SHARED' }))
  })

  it('is an overlay where the manifest says that a program writes it', () => {
    const layout = aLayout({
      'web.yaml': `# Code generated by make. DO NOT EDIT.\n${deployment('web')}`,
      'kustomization.yaml': kustomization('resources: [web.yaml]'),
    })

    expect(editsOf(planOn(layout, WEB, { actions: CONTAIN })).layer.kind).toBe('replicas')
  })

  it('is none where such a manifest stands alone', () => {
    const layout = aLayout({ 'web.yaml': `# DO NOT EDIT\n${deployment('web')}` })

    expect(() => planOn(layout, WEB, { actions: CONTAIN })).toThrow(
      expect.objectContaining({ code: 'MANIFEST_GENERATED' }),
    )
  })
})

describe('several actions', () => {
  it('are one edit, and none the second time', () => {
    const actions: readonly Action[] = [
      { action: 'isolate' },
      { action: 'contain' },
      { action: 'label', labels: { quarantine: 'yes' } },
      { action: 'image', container: 'app', rollback: true },
    ]
    const layout = aLayout({
      'web.yaml': deployment('web'),
      'kustomization.yaml': kustomization('resources: [web.yaml]'),
    })
    const previousImage = (): string => 'r/web:0'

    const plan = editsOf(planOn(layout, WEB, { actions, previousImage }))
    const again = planOn(plan.layout, WEB, { actions, previousImage })

    expect(written(plan)['web.yaml']).toBe(
      deployment('web', 'replicas: 0')
        .replace('{name: web,', '{labels: { quarantine: "yes" }, name: web,')
        .replace('r/web:1', 'r/web:0'),
    )
    expect(Object.keys(written(plan)).toSorted()).toEqual([
      'kustomization.yaml',
      'saker-isolate-deployment-web.yaml',
      'web.yaml',
    ])
    expect(again).toMatchObject({ kind: 'unchanged' })
  })
})

describe('what starts a workload again', () => {
  const scaler = [
    'apiVersion: keda.sh/v1alpha1',
    'kind: ScaledObject',
    'metadata: {name: web, namespace: shop}',
    'spec: {scaleTargetRef: {name: web}}',
    '',
  ].join('\n')

  it('is paused with it: KEDA is, where it alone says how many pods there are', () => {
    const layout = aLayout({ 'web.yaml': deployment('web', 'paused: false'), 'scaler.yaml': scaler })

    expect(written(planOn(layout, WEB, { actions: CONTAIN }))).toEqual({
      'scaler.yaml': scaler.replace(
        '{name: web,',
        '{annotations: { autoscaling.keda.sh/paused-replicas: "0" }, name: web,',
      ),
    })
  })

  it('is paused, and the number set, where the manifest has one that would be applied again', () => {
    const layout = aLayout({ 'web.yaml': deployment('web'), 'scaler.yaml': scaler })

    expect(Object.keys(written(planOn(layout, WEB, { actions: CONTAIN }))).toSorted()).toEqual([
      'scaler.yaml',
      'web.yaml',
    ])
  })

  it('is told of where an autoscaler may begin at zero', () => {
    const autoscaler = [
      'apiVersion: autoscaling/v2',
      'kind: HorizontalPodAutoscaler',
      'metadata: {name: web, namespace: shop}',
      'spec: {minReplicas: 0, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}',
      '',
    ].join('\n')
    const layout = aLayout({ 'web.yaml': deployment('web'), 'hpa.yaml': autoscaler })

    expect(planOn(layout, WEB, { actions: CONTAIN }).warnings).toEqual([expect.stringContaining('minReplicas is 0')])
  })

  it('is the Deployment that an Argo Rollout takes its pods from', () => {
    const rollout = [
      'apiVersion: argoproj.io/v1alpha1',
      'kind: Rollout',
      'metadata: {name: front, namespace: shop}',
      'spec: {replicas: 3, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}}',
      '',
    ].join('\n')
    const layout = aLayout({ 'web.yaml': deployment('web'), 'front.yaml': rollout })
    const front = { namespace: 'shop', podName: 'front-6d4cf56db6-x7k2p' }

    expect(written(planOn(layout, front, { actions: CONTAIN }))).toEqual({
      'front.yaml': rollout.replace('replicas: 3', 'replicas: 0'),
      'web.yaml': deployment('web', 'replicas: 0'),
    })
  })
})

describe('a plan is refused', () => {
  it.each([
    [
      'OPTED_OUT',
      'the manifest opts out',
      deployment('web').replace('{name: web,', '{name: web, annotations: {saker.dev/response: disabled},'),
    ],
    [
      'FIELD_IGNORED',
      'Flux leaves the object alone',
      deployment('web').replace(
        '{name: web,',
        '{name: web, annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled},',
      ),
    ],
    ['MANIFEST_SHARED_VALUE', 'others share the number', deployment('web', 'replicas: &n 2').concat('x: *n\n')],
  ])('%s: %s', (code, _, text) => {
    const layout = aLayout({ 'web.yaml': text })

    expect(() => planOn(layout, WEB, { actions: CONTAIN })).toThrow(expect.objectContaining({ code }))
  })

  it.each([
    ['SOURCE_SUSPENDED', 'suspend: true'],
    ['FIELD_IGNORED', 'ignore: [{paths: [/spec/replicas], target: {kind: Deployment}}]'],
  ])('%s: the Flux object says %s', (code, more) => {
    const layout = aLayout({
      'apps/web.yaml': deployment('web'),
      'clusters/prod/apps.yaml': flux('apps', 'apps', more),
      'clusters/prod/sync.yaml': SYNC,
    })

    expect(() => planOn(layout, WEB, { actions: CONTAIN })).toThrow(expect.objectContaining({ code }))
  })

  it('REMOVAL_NOT_PRUNED: a Pod would stay in the cluster', () => {
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: box, namespace: shop}\nspec: {containers: [{name: a, image: a}]}\n'
    const layout = aLayout({
      'apps/box.yaml': pod,
      'apps/web.yaml': deployment('web'),
      'clusters/prod/apps.yaml': flux('apps', 'apps').replace('prune: true', 'prune: false'),
      'clusters/prod/sync.yaml': SYNC,
    })

    expect(() => planOn(layout, { namespace: 'shop', podName: 'box' }, { actions: CONTAIN })).toThrow(
      expect.objectContaining({ code: 'REMOVAL_NOT_PRUNED' }),
    )
  })

  it('EVIDENCE_AT_RISK: volumes would be deleted with the pods', () => {
    const set = deployment('db', 'persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}').replace(
      'kind: Deployment',
      'kind: StatefulSet',
    )

    expect(() =>
      planOn(aLayout({ 'db.yaml': set }), { namespace: 'shop', podName: 'db-0' }, { actions: CONTAIN }),
    ).toThrow(expect.objectContaining({ code: 'EVIDENCE_AT_RISK' }))
  })
})

describe('isolate', () => {
  const isolate: readonly Action[] = [{ action: 'isolate' }]

  it('adds a manifest beside the workload, and never a kustomization file', () => {
    const layout = aLayout({ 'apps/web.yaml': deployment('web') })

    expect(Object.keys(written(planOn(layout, WEB, { actions: isolate })))).toEqual([
      'apps/saker-isolate-deployment-web.yaml',
    ])
  })

  it('takes the name of the namespace into the file’s where two policies would share it', () => {
    const twin = deployment('web').replace('namespace: shop', 'namespace: other')
    const layout = aLayout({ 'a/web.yaml': deployment('web'), 'a/twin.yaml': twin })
    const first = editsOf(planOn(layout, WEB, { actions: isolate }))

    const second = planOn(first.layout, { ...WEB, namespace: 'other' }, { actions: isolate })

    expect(Object.keys(written(second))).toEqual(['a/saker-isolate-deployment-web-other.yaml'])
  })

  it('picks pods more narrowly than their selector where others have its labels', () => {
    const job = [
      'apiVersion: batch/v1',
      'kind: CronJob',
      'metadata: {name: report, namespace: shop}',
      'spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: web}}, spec: {containers: []}}}}}',
      '',
    ].join('\n')
    const narrow = deployment('web').replace('labels: {app: web}', 'labels: {app: web, tier: front}')

    const plan = planOn(aLayout({ 'web.yaml': narrow, 'job.yaml': job }), WEB, { actions: isolate })

    expect(written(plan)['saker-isolate-deployment-web.yaml']).toContain('tier: front')
    expect(() =>
      planOn(aLayout({ 'web.yaml': deployment('web'), 'job.yaml': job }), WEB, { actions: isolate }),
    ).toThrow(expect.objectContaining({ code: 'ISOLATION_UNCERTAIN' }))
  })

  it('tells of policies that go on allowing traffic, and of pods that no policy reaches', () => {
    const allow = [
      'apiVersion: networking.k8s.io/v1',
      'kind: NetworkPolicy',
      'metadata: {name: allow, namespace: shop}',
      'spec: {podSelector: {}, ingress: [{}]}',
      '',
    ].join('\n')
    const host = deployment('web').replace('spec: {containers', 'spec: {hostNetwork: true, containers')

    const { warnings } = planOn(aLayout({ 'web.yaml': host, 'allow.yaml': allow }), WEB, { actions: isolate })

    expect(warnings).toEqual([
      expect.stringContaining('network of their node'),
      expect.stringContaining('NetworkPolicy shop/allow'),
    ])
  })

  it('denies by a policy of Cilium where Cilium is', () => {
    const policy = [
      'apiVersion: cilium.io/v2',
      'kind: CiliumNetworkPolicy',
      'metadata: {name: other, namespace: shop}',
      'spec: {endpointSelector: {matchLabels: {app: db}}, ingress: [{}]}',
      '',
    ].join('\n')

    const plan = planOn(aLayout({ 'web.yaml': deployment('web'), 'p.yaml': policy }), WEB, { actions: isolate })

    expect(written(plan)['saker-isolate-deployment-web.yaml']).toContain('ingressDeny:')
  })
})
