import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@saker/core'
import { openGitProposals, type GitProposalsOptions } from '@saker/repository'
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import { GitHttpServer } from '../support/git-http-server.ts'
import { originControls, type ProposalWorld } from './proposal-host-setup.ts'
import { describeWriters } from './proposal-host-branches.ts'
import { describeProposalHost } from './proposal-host-suite.ts'
import { FILES } from './repository-host-setup.ts'

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'saker data '))
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

async function start(
  reach: (origin: BareRepository) => Promise<Pick<GitProposalsOptions, 'location' | 'auth'>>,
): Promise<ProposalWorld> {
  const origin = await BareRepository.create(FILES)
  onTestFinished(() => origin.remove())
  const reached = await reach(origin)
  return {
    openProposals() {
      const proposals = openGitProposals({ ...reached, branch: 'main', prefix: 'saker/main-', dataDir })
      onTestFinished(() => proposals.close())
      return proposals
    },
    ...originControls(origin),
  }
}

describeProposalHost('git over file', () =>
  start(async (origin) => ({ location: { kind: 'git', url: `file://${origin.path}` }, auth: { kind: 'none' } })),
)

describe('git over http, with push options: writers of a branch', () => {
  describeWriters(() =>
    start(async (origin) => {
      await origin.git(['config', 'receive.advertisePushOptions', 'true'])
      const server = await GitHttpServer.start(origin, { password: 'let-me-in' })
      onTestFinished(() => server.close())
      return {
        location: { kind: 'git', url: server.url },
        auth: { kind: 'token', token: async () => new Secret('let-me-in') },
      }
    }),
  )
})
