import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changedConfig, FULL_CONFIG, placesIn, type Path } from '../../../../test/support/full-config.ts'
import { clusterNames, repositoriesOfCluster, type Config } from './config.ts'
import type { ConfigFault } from './config-fault.ts'
import { parseConfig } from './parse-config.ts'
import { fuzzRuns } from '../../../../test/support/fixed-seed.ts'

/** The smallest file that is valid. Keys given here replace those of the file. */
function written(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    version: 1,
    repositories: { fleet: aRepository() },
    responses: [{ name: 'contain-shells', match: {}, actions: [{ contain: {} }] }],
    ...overrides,
  }
}

function aRepository(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    github: { owner: 'acme', repository: 'fleet-infra' },
    auth: { tokenFrom: { env: 'GITHUB_TOKEN' } },
    delivery: 'commit',
    ...overrides,
  }
}

function configOf(file: unknown, options: { readonly ownNamespace?: string } = {}): Config {
  const parsed = parseConfig(file, options)
  if ('faults' in parsed) throw new Error(`refused: ${JSON.stringify(parsed.faults)}`)
  return parsed.config
}

function faultsOf(file: unknown): readonly ConfigFault[] {
  const parsed = parseConfig(file)
  return 'faults' in parsed ? parsed.faults : []
}

/** `repositories.fleet.delivery: must be commit, pull-request or observe`. */
function faultLines(file: unknown): readonly string[] {
  return faultsOf(file).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

const FULL = {
  version: 1,
  repositories: {
    fleet: {
      github: { owner: 'acme', repository: 'fleet-infra', apiUrl: 'https://github.example.com/api/v3' },
      auth: { app: { id: 12, installationId: '34', privateKeyFrom: { file: '/run/secrets/key.pem' } } },
      branch: 'production',
      delivery: 'commit',
      clusters: {
        prod: {
          paths: ['./clusters/prod/', 'base//shared'],
          file: './apps/web.yaml',
          pins: [{ namespace: 'db', kind: 'StatefulSet', name: 'main', file: './db/release.yaml' }],
          notify: [{ urlFrom: { env: 'RECEIVER_URL' }, hmacFrom: { env: 'RECEIVER_TOKEN' } }],
        },
        staging: {},
      },
      pullRequest: { labels: ['security'], autoMerge: 'squash', branchPrefix: 'bot/saker-', draft: false },
    },
    edge: {
      git: { url: 'ssh://git@git.example.com/team/edge.git' },
      auth: { ssh: { keyFrom: { file: '/run/secrets/id' }, knownHosts: 'git.example.com ssh-ed25519 AAAA' } },
      delivery: 'observe',
      clusters: { edge: { paths: ['.'] } },
    },
  },
  responses: [
    {
      name: 'contain-shells',
      match: {
        alertRules: ['Terminal shell in container', 'Drop*'],
        priority: '>=Warning',
        sources: ['syscall'],
        tags: { any: ['mitre_persistence'], all: [], none: [] },
        clusters: ['prod'],
        namespaces: { in: ['*'], notIn: ['sandbox'] },
        fields: {
          'proc.name': { in: ['sh', 'bash'], notIn: [0, false] },
          'evt.time': { greaterThan: '1685022245478445995', lessThan: 2e18 },
          'proc.cmdline': { glob: 'sh *', regex: '^sh -c', exists: true, notEquals: 'sh' },
        },
      },
      actions: [
        { scale: { replicas: 0 } },
        { isolate: { policy: 'cilium' } },
        { label: { 'saker.dev/quarantine': 'true' } },
        { annotate: { 'example.com/why': 'Falco: a shell' } },
        { image: { container: 'web', set: 'registry.example.com:5000/shop/web:1.2' } },
        { image: { container: 'side', rollback: true } },
        { patch: { json6902: [{ op: 'remove', path: '/spec/template/spec/hostNetwork' }] } },
        { patch: { merge: { spec: { paused: true } } } },
      ],
      delivery: 'pull-request',
      revertAfter: '4h',
      continue: true,
    },
  ],
  guard: {
    onlyNamespaces: ['shop'],
    protectedNamespaces: ['payments'],
    unprotectNamespaces: ['falco'],
    maxWorkloads: { count: 3, per: '10m', otherwise: 'pull-request' },
    maxAge: '5m',
    muteFor: '2h',
  },
  dedupe: { window: '2m' },
  coalesce: { quiet: '50ms', max: '1s' },
  outcomes: { keep: '1d', keepFailed: '2h' },
  commit: { author: 'Saker Bot <saker@example.com>', signOff: true, includeFields: ['proc.name'] },
  ingest: { tokens: [{ name: 'sidekick', tokenFrom: { env: 'INGEST' }, clusters: ['prod'] }], allowAnonymous: true },
  admin: { tokens: [{ name: 'ops', tokenFrom: { env: 'ADMIN' } }] },
}

describe('parseConfig', () => {
  it('normalises a file that uses everything', () => {
    const config = configOf(FULL)

    expect(config).toMatchObject({
      repositories: [
        {
          name: 'fleet',
          location: {
            kind: 'github',
            owner: 'acme',
            repository: 'fleet-infra',
            apiUrl: 'https://github.example.com/api/v3',
          },
          auth: { kind: 'app', appId: '12', installationId: '34', privateKeyFrom: { file: '/run/secrets/key.pem' } },
          branch: 'production',
          delivery: 'commit',
          clusters: [
            {
              name: 'prod',
              paths: ['clusters/prod', 'base/shared'],
              file: 'apps/web.yaml',
              pins: [{ namespace: 'db', kind: 'StatefulSet', name: 'main', file: 'db/release.yaml' }],
              notify: [{ urlFrom: { env: 'RECEIVER_URL' }, hmacFrom: { env: 'RECEIVER_TOKEN' } }],
            },
            { name: 'staging', paths: [''], pins: [], notify: [] },
          ],
          pullRequest: { labels: ['security'], autoMerge: 'squash', branchPrefix: 'bot/saker-', draft: false },
        },
        {
          name: 'edge',
          location: { kind: 'git', url: 'ssh://git@git.example.com/team/edge.git' },
          auth: { kind: 'ssh', keyFrom: { file: '/run/secrets/id' }, knownHosts: 'git.example.com ssh-ed25519 AAAA' },
          branch: 'main',
          delivery: 'observe',
          clusters: [{ name: 'edge', paths: [''] }],
        },
      ],
      responses: [
        {
          name: 'contain-shells',
          match: {
            alertRules: ['Terminal shell in container', 'Drop*'],
            priority: { operator: '>=', priority: 'Warning' },
            sources: ['syscall'],
            tags: { any: ['mitre_persistence'], all: [], none: [] },
            clusters: ['prod'],
            namespaces: { in: ['*'], notIn: ['sandbox'] },
            fields: {
              'proc.name': { in: ['sh', 'bash'], notIn: [0, 'false'] },
              'evt.time': { greaterThan: '1685022245478445995', lessThan: '2000000000000000000' },
              'proc.cmdline': { glob: 'sh *', regex: '^sh -c', exists: true, notEquals: 'sh' },
            },
          },
          actions: [
            { action: 'scale', replicas: 0 },
            { action: 'isolate', policy: 'cilium' },
            { action: 'label', labels: { 'saker.dev/quarantine': 'true' } },
            { action: 'annotate', annotations: { 'example.com/why': 'Falco: a shell' } },
            { action: 'image', container: 'web', set: 'registry.example.com:5000/shop/web:1.2' },
            { action: 'image', container: 'side', rollback: true },
            { action: 'patch', json6902: [{ op: 'remove', path: '/spec/template/spec/hostNetwork' }] },
            { action: 'patch', merge: { spec: { paused: true } } },
          ],
          delivery: 'pull-request',
          revertAfterMs: 14_400_000,
          continue: true,
        },
      ],
      guard: {
        onlyNamespaces: ['shop'],
        maxWorkloads: { count: 3, perMs: 600_000, otherwise: 'pull-request' },
        maxAgeMs: 300_000,
        muteForMs: 7_200_000,
      },
      dedupe: { windowMs: 120_000 },
      coalesce: { quietMs: 50, maxMs: 1000 },
      outcomes: { keepMs: 86_400_000, keepFailedMs: 7_200_000 },
      commit: {
        author: { name: 'Saker Bot', email: 'saker@example.com' },
        signOff: true,
        includeFields: ['proc.name'],
      },
      ingest: {
        tokens: [{ name: 'sidekick', tokenFrom: { env: 'INGEST' }, clusters: ['prod'] }],
        allowAnonymous: true,
      },
      admin: { tokens: [{ name: 'ops', tokenFrom: { env: 'ADMIN' } }] },
    })
  })

  it('fills in what the smallest file leaves out', () => {
    const config = configOf(written())

    expect(config).toMatchObject({
      repositories: [
        {
          location: { kind: 'github', apiUrl: 'https://api.github.com' },
          auth: { kind: 'token', tokenFrom: { env: 'GITHUB_TOKEN' } },
          branch: 'main',
          pullRequest: { labels: ['saker'], autoMerge: false, branchPrefix: 'saker/', draft: false },
          clusters: [{ name: 'default', paths: [''], pins: [], notify: [] }],
        },
      ],
      guard: {
        onlyNamespaces: [],
        maxWorkloads: { count: 20, perMs: 3_600_000, otherwise: 'hold' },
        maxAgeMs: 900_000,
        muteForMs: 3_600_000,
      },
      responses: [{ match: {}, continue: false }],
      dedupe: { windowMs: 60_000 },
      coalesce: { quietMs: 200, maxMs: 2000 },
      outcomes: { keepMs: 604_800_000, keepFailedMs: 2_592_000_000 },
      commit: { signOff: false, includeFields: [] },
      ingest: { tokens: [], allowAnonymous: false },
      admin: { tokens: [] },
    })
    expect(config.commit.author).toBeUndefined()
    expect(config.responses[0]).not.toHaveProperty('delivery')
    expect(config.responses[0]).not.toHaveProperty('revertAfterMs')
  })

  it('takes paths, file and notify right under a repository for the cluster default', () => {
    const notify = [{ urlFrom: { env: 'URL' } }]
    const repository = aRepository({ paths: ['apps'], file: 'apps/web.yaml', notify })

    const [fleet] = configOf(written({ repositories: { fleet: repository } })).repositories

    expect(fleet?.clusters).toEqual([{ name: 'default', paths: ['apps'], file: 'apps/web.yaml', pins: [], notify }])
  })

  describe('protected namespaces', () => {
    const BUILT_IN = ['argocd', 'falco', 'flux-system', 'kube-node-lease', 'kube-public', 'kube-system']
    const protectedIn = (file: unknown, ownNamespace?: string): readonly string[] =>
      [...configOf(file, ownNamespace === undefined ? {} : { ownNamespace }).guard.protectedNamespaces].toSorted()

    it('are those that keep a cluster alive', () => {
      expect(protectedIn(written())).toEqual(BUILT_IN)
    })

    it('hold Saker’s own', () => {
      expect(protectedIn(written(), 'saker')).toEqual([...BUILT_IN, 'saker'])
    })

    it('grow by those that the file names', () => {
      expect(protectedIn(written({ guard: { protectedNamespaces: ['payments'] } }))).toContain('payments')
    })

    it('shrink by those that the file takes out', () => {
      const file = written({ guard: { unprotectNamespaces: ['kube-system', 'saker'] } })

      expect(protectedIn(file, 'saker')).toEqual(BUILT_IN.filter((namespace) => namespace !== 'kube-system'))
    })

    it('hold what is named both ways', () => {
      const file = written({ guard: { protectedNamespaces: ['falco'], unprotectNamespaces: ['falco'] } })

      expect(protectedIn(file)).toContain('falco')
    })
  })
})

describe('parseConfig on a file that is wrong', () => {
  it('reports every fault of form at once, with its path', () => {
    const lines = faultLines({
      version: 2,
      surprise: true,
      repositories: {
        fleet: {
          github: { owner: '', repository: 'x', apiUrl: 'ftp://x' },
          auth: { tokenFrom: 'ghp_hunter2' },
          delivery: 'push',
          clusters: { prod: { paths: ['../other', '/etc'], file: 'a\\b', notify: [{ url: 'hunter2' }] } },
        },
        edge: { git: { url: 'git@github.com:acme/x.git' }, delivery: 'commit' },
      },
      responses: [
        {
          name: 'Bad Name',
          match: { priority: '>=High', regexp: 'x', namespaces: { in: [] } },
          actions: [{ reboot: {} }],
        },
        { name: 'empty', match: { alertRules: [''] }, actions: [] },
      ],
      dedupe: { window: 60 },
      coalesce: { quiet: '200', max: 'soon' },
      outcomes: { keep: 'week', keepFailed: 30 },
      commit: { author: 'Saker' },
      ingest: { tokens: [{ name: 'a', tokenFrom: { env: 'A', file: 'b' } }] },
    })

    const where = lines.map((line) => line.split(': ')[0])
    expect(where).toEqual(
      expect.arrayContaining([
        'version',
        'surprise',
        'repositories.fleet.github.owner',
        'repositories.fleet.github.apiUrl',
        'repositories.fleet.auth.tokenFrom',
        'repositories.fleet.delivery',
        'repositories.fleet.clusters.prod.paths.0',
        'repositories.fleet.clusters.prod.paths.1',
        'repositories.fleet.clusters.prod.file',
        'repositories.fleet.clusters.prod.notify.0.urlFrom',
        'repositories.fleet.clusters.prod.notify.0.url',
        'repositories.edge.git.url',
        'responses.0.name',
        'responses.0.match.priority',
        'responses.0.match.regexp',
        'responses.0.match.namespaces.in',
        'responses.0.actions.0.reboot',
        'responses.1.match.alertRules.0',
        'responses.1.actions',
        'dedupe.window',
        'coalesce.quiet',
        'coalesce.max',
        'outcomes.keep',
        'outcomes.keepFailed',
        'commit.author',
        'ingest.tokens.0.tokenFrom',
      ]),
    )
    expect(lines).toContainEqual(
      expect.stringMatching(/^surprise: unknown key `surprise`; here are known: version, repositories, /u),
    )
    expect(lines).toContain('dedupe.window: must be a duration such as 200ms, 60s, 15m, 4h or 7d')
  })

  it('reports every fault of sense at once, with its path', () => {
    const lines = faultLines(
      written({
        repositories: {
          fleet: aRepository({ clusters: { prod: {} }, file: 'a.yaml' }),
          twin: {
            git: { url: 'https://github.com/Acme/Fleet-Infra.git' },
            delivery: 'observe',
            clusters: { prod: {} },
          },
          both: aRepository({ git: { url: 'https://git.example.com/a' } }),
          neither: { delivery: 'commit' },
          anonymous: { github: { owner: 'a', repository: 'b' }, delivery: 'commit', clusters: { c1: {} } },
          torn: aRepository({
            github: { owner: 'a', repository: 'c' },
            auth: { tokenFrom: { env: 'A' }, ssh: { keyFrom: { env: 'B' }, knownHosts: 'x' } },
            clusters: { c2: {} },
          }),
          app: {
            git: { url: 'https://git.example.com/b' },
            auth: { app: { id: 1, installationId: 2, privateKeyFrom: { env: 'A' } } },
            delivery: 'commit',
            clusters: { c3: {} },
          },
          named: {
            git: { url: 'https://git.example.com/c' },
            auth: { username: 'bot' },
            delivery: 'commit',
            clusters: { c4: {} },
          },
        },
        responses: [
          { name: 'twice', match: { clusters: ['prod', 'moon'] }, actions: [{ contain: {} }] },
          { name: 'twice', match: {}, actions: [{ contain: {} }] },
        ],
      }),
    )

    expect(lines.toSorted()).toEqual(
      [
        'repositories.fleet: has both clusters and paths, file, pins or notify; the latter are short for clusters.default',
        'repositories.twin: is the same repository and branch as fleet; list its clusters there',
        'repositories.both: must have exactly one of github and git',
        'repositories.neither: must have exactly one of github and git',
        'repositories.anonymous.auth: must have tokenFrom or app for a GitHub repository',
        'repositories.torn.auth: must have only one of tokenFrom, app and ssh',
        'repositories.app.auth: app works only for a GitHub repository',
        'repositories.named.auth: username works only with tokenFrom',
        'responses.0.match.clusters.1: is a cluster that no repository declares',
        'responses.1.name: is the name of an earlier response too',
      ].toSorted(),
    )
  })

  it('lets one repository serve two branches', () => {
    const repositories = {
      prod: aRepository({ clusters: { prod: {} } }),
      staging: aRepository({ branch: 'staging', clusters: { staging: {} } }),
    }

    expect(faultsOf(written({ repositories }))).toEqual([])
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'version: 1'],
    ['a list', []],
    ['an empty map', {}],
  ])('refuses %s', (_, file) => {
    expect(faultsOf(file).length).toBeGreaterThan(0)
  })

  it.each([
    ['no repository', { repositories: {} }],
    ['a repository with a name that is none', { repositories: { 'Fleet Infra': aRepository() } }],
    ['no response', { responses: [] }],
    ['no version', { version: undefined }],
    ['no delivery', { repositories: { fleet: aRepository({ delivery: undefined }) } }],
  ])('refuses a file with %s', (_, overrides) => {
    expect(faultsOf(written(overrides)).length).toBeGreaterThan(0)
  })

  it.each([
    'https://user:hunter2@git.example.com/a',
    'https://[broken/a',
    'https://',
    'git.example.com/a',
    'git://git.example.com/a',
    'javascript://x/a',
  ])('refuses the URL %s with a fault, not an exception', (url) => {
    const file = written({ repositories: { fleet: { git: { url }, delivery: 'commit' } } })

    expect(faultLines(file)).toEqual([
      'repositories.fleet.git.url: must be an https://, ssh:// or file:// URL without a password in it',
    ])
  })

  it('never shows a value of the file', () => {
    const secret = 'hunter2'
    const faults = faultsOf({
      version: secret,
      repositories: {
        fleet: {
          github: { owner: 7, repository: [secret], apiUrl: secret },
          auth: { tokenFrom: secret, username: [secret], ssh: secret, app: { id: { secret }, installationId: '' } },
          branch: [secret],
          delivery: secret,
          paths: [secret, [secret]],
          notify: [{ urlFrom: { env: [secret] } }],
        },
        edge: { git: { url: `https://u:${secret}@git.example.com/a` }, delivery: 'commit', clusters: secret },
      },
      responses: [
        { name: `${secret} `, match: { priority: secret, sources: secret }, actions: secret, continue: secret },
      ],
      guard: { protectedNamespaces: secret },
      dedupe: { window: secret },
      commit: { author: secret, signOff: secret, includeFields: [[secret]] },
      ingest: { tokens: [{ name: `${secret}!`, tokenFrom: { value: secret } }], allowAnonymous: secret },
      admin: secret,
    })

    expect(faults.length).toBeGreaterThan(20)
    expect(JSON.stringify(faults)).not.toContain(secret)
  })
})

describe('the faults of a config', () => {
  const SECRET = 'hunter2 ${hunter2} (hunter2'
  const SHAPES: readonly unknown[] = [SECRET, [SECRET], { env: [SECRET] }, { file: { x: SECRET } }, `${SECRET}@x:y`]

  it.each(SHAPES)('show nothing of %j, wherever it stands', (value) => {
    const leaks = placesIn(FULL_CONFIG).flatMap((path) => {
      const faults = faultsOf(changedConfig(path, (parent, key) => void (parent[key] = value)))
      return faults.filter(({ message }) => message.includes('hunter')).map(({ message }) => message)
    })

    expect(leaks).toEqual([])
  })

  it('are told in words of ours, whatever stands there', () => {
    const places = placesIn(FULL_CONFIG)

    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 3 }), (path, value) => {
        const faults = faultsOf(changedConfig(path, (parent, key) => void (parent[key] = value)))

        expect(faults.filter(({ message }) => /^(?:Invalid|Too|Expected|Un)/u.test(message))).toEqual([])
      }),
      { numRuns: fuzzRuns(500) },
    )
  })

  it('are all of them reported at once', () => {
    const paths = [
      ['version'],
      ['repositories', 'fleet', 'delivery'],
      ['responses', 0, 'match', 'fields', 'proc.name', 'regex'],
      ['responses', 0, 'actions', 0, 'scale', 'replicas'],
      ['guard', 'maxAge'],
      ['admin', 'tokens', 0, 'name'],
    ]
    const config = structuredClone(FULL_CONFIG) as unknown
    for (const path of paths) Object.assign(parentOf(config, path), { [String(path.at(-1))]: '(' })

    expect(faultsOf(config).map(({ path }) => path)).toEqual(paths)
  })
})

function parentOf(config: unknown, path: Path): object {
  return path.slice(0, -1).reduce<object>((at, step) => Object(Reflect.get(at, step)), Object(config))
}

describe('the clusters of a config', () => {
  const config = configOf(FULL)

  it('are named in the order of the file', () => {
    expect(clusterNames(config)).toEqual(['prod', 'staging', 'edge'])
  })

  it('lead to their repository', () => {
    const found = repositoriesOfCluster(config, 'staging')

    expect(found.map(({ repository, place }) => [repository.name, place.name])).toEqual([['fleet', 'staging']])
  })

  it('lead to all repositories that declare them, in the order of the file', () => {
    const repositories = {
      web: aRepository({ clusters: { prod: { paths: ['web'] } } }),
      platform: aRepository({ branch: 'platform', clusters: { prod: {}, staging: {} } }),
    }
    const shared = configOf(written({ repositories }))

    expect(repositoriesOfCluster(shared, 'prod').map(({ repository }) => repository.name)).toEqual(['web', 'platform'])
    expect(clusterNames(shared)).toEqual(['prod', 'staging'])
  })

  it('lead nowhere when no repository declares them', () => {
    expect(repositoriesOfCluster(config, 'moon')).toEqual([])
  })
})
