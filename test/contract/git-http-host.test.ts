import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@saker/core'
import { openGitRepository } from '@saker/repository'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { GitHttpServer } from '../support/git-http-server.ts'
import { describeRepositoryHost } from './repository-host-suite.ts'

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'saker-data-'))
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

describeRepositoryHost('git over http with a token', async (origin, { files = [] } = {}) => {
  const server = await GitHttpServer.start(origin, { password: 'let-me-in' })
  onTestFinished(() => server.close())
  return openGitRepository({
    location: { kind: 'git', url: server.url },
    branch: 'main',
    files,
    auth: { kind: 'token', token: async () => new Secret('let-me-in') },
    dataDir,
  })
})
