import type { Repository } from '@saker/core'

/** A repository of the config, with what a test says of it in place of the usual. */
export function aRepository(overrides: Partial<Repository> = {}): Repository {
  return {
    name: 'fleet',
    location: { kind: 'git', url: 'https://git.example/fleet.git' },
    auth: { kind: 'none' },
    branch: 'main',
    delivery: 'commit',
    pullRequest: { labels: ['saker'], autoMerge: false, branchPrefix: 'saker/', draft: false },
    clusters: [],
    ...overrides,
  }
}
