import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openGitRepository } from '@saker/repository'
import { afterAll, beforeAll } from 'vitest'
import { describeRepositoryHost } from './repository-host-suite.ts'

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'saker data '))
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

describeRepositoryHost('git over file', async (origin, { files = [] } = {}) =>
  openGitRepository({
    location: { kind: 'git', url: `file://${origin.path}` },
    branch: 'main',
    files,
    auth: { kind: 'none' },
    dataDir,
  }),
)
