/** A config that uses every key at least once. */
export const FULL_CONFIG = {
  version: 1,
  repositories: {
    fleet: {
      github: { owner: 'acme', repository: 'fleet', apiUrl: 'https://github.example.com/api/v3' },
      auth: { app: { id: 12, installationId: '34', privateKeyFrom: { file: '/run/key' } } },
      branch: 'main',
      delivery: 'commit',
      pullRequest: { labels: ['saker'], autoMerge: 'squash', branchPrefix: 'saker/', draft: false },
      clusters: {
        prod: {
          paths: ['./clusters'],
          file: 'web.yaml',
          pins: [{ namespace: 'db', kind: 'StatefulSet', name: 'main', file: 'db.yaml' }],
          notify: [{ urlFrom: { env: 'URL' }, hmacFrom: { env: 'KEY' } }],
        },
      },
    },
    edge: {
      git: { url: 'https://git.example.com/edge' },
      auth: { tokenFrom: { env: 'T' }, username: 'u' },
      delivery: 'observe',
      file: 'a.yaml',
    },
    bare: {
      git: { url: 'ssh://git@git.example.com/bare' },
      auth: { ssh: { keyFrom: { env: 'K' }, knownHosts: 'k' } },
      delivery: 'pull-request',
      paths: ['a'],
    },
  },
  responses: [
    {
      name: 'all',
      match: {
        alertRules: ['A*'],
        priority: '>=Warning',
        sources: ['syscall'],
        tags: { any: ['a'], all: ['b'], none: ['c'] },
        clusters: ['prod'],
        namespaces: { in: ['*'], notIn: ['b'] },
        fields: {
          'proc.name': {
            equals: 'a',
            notEquals: 1,
            in: [true, 'x'],
            notIn: ['y'],
            glob: '*',
            regex: '^a',
            exists: true,
          },
          'evt.time': { greaterThan: 1, lessThan: '18446744073670260079' },
        },
      },
      actions: [
        { scale: { replicas: 0 } },
        { contain: {} },
        { isolate: { policy: 'cilium' } },
        { label: { 'example.com/a': 'b' } },
        { annotate: { 'example.com/a': 'b c' } },
        { image: { container: 'web', set: 'registry.example.com/web:1' } },
        { image: { container: 'side', rollback: true } },
        { patch: { merge: { spec: { paused: true, gone: null, list: [1] } } } },
        {
          patch: {
            json6902: [
              { op: 'add', path: '/spec/a', value: 1 },
              { op: 'remove', path: '/spec/b' },
              { op: 'move', from: '/spec/c', path: '/spec/d' },
            ],
          },
        },
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
    muteFor: '0s',
  },
  dedupe: { window: '0s' },
  coalesce: { quiet: '1ms', max: '1s' },
  outcomes: { keep: '1d', keepFailed: '2d' },
  commit: { author: 'A <a@b>', signOff: true, includeFields: ['proc.name'] },
  ingest: { tokens: [{ name: 'a', tokenFrom: { env: 'A' }, clusters: ['prod'] }], allowAnonymous: false },
  admin: { tokens: [{ name: 'b', tokenFrom: { file: '/b' } }] },
}

/** Where something stands in a config: keys and indexes from the top. */
export type Path = readonly (string | number)[]

/** Every place of a value, itself included. */
export function placesIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const keyOf = (key: string): string | number => (Array.isArray(value) ? Number(key) : key)
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, keyOf(key)]))]
}

/** Does something to one place: the value at `key` of `parent`. */
export type Change = (parent: Record<string | number, unknown>, key: string | number) => void

/** The full config with something done to one place of it. */
export function changedConfig(path: Path, change: Change): unknown {
  const root = { config: structuredClone(FULL_CONFIG) as unknown }
  const steps: Path = ['config', ...path]
  const parent = steps.slice(0, -1).reduce<unknown>((at, step) => Reflect.get(Object(at), step), root)
  change(parent as Record<string | number, unknown>, steps.at(-1) ?? 'config')
  return root.config
}
