import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openGitRepository } from '@saker/repository'
import { afterAll, beforeAll, describe } from 'vitest'
import { describeEndlessTrees } from './repository-host-reading.ts'
import { startOf, type OpenHost } from './repository-host-setup.ts'
import { describeRepositoryHost } from './repository-host-suite.ts'

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'saker data '))
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

const open: OpenHost = async (origin, { files = [] } = {}) =>
  openGitRepository({
    location: { kind: 'git', url: `file://${origin.path}` },
    branch: 'main',
    files,
    auth: { kind: 'none' },
    dataDir,
  })

describeRepositoryHost('git over file', open)
describe('git over file: refusing endless trees', () => {
  describeEndlessTrees(startOf(open))
})
