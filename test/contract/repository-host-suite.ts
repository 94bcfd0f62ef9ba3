import { describe, onTestFinished } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import { describeCommitting, describeCompareAndSwap, describeRefusals } from './repository-host-committing.ts'
import { describeHistory } from './repository-host-history.ts'
import { describeCache, describeHostileTrees, describeReading } from './repository-host-reading.ts'
import { FILES, openClosed, type OpenHost, type Start } from './repository-host-setup.ts'

/**
 * The contract of the port `RepositoryHost`. Every adapter passes it against a real repository; what only one kind of
 * host can do is tested beside that adapter.
 */
export function describeRepositoryHost(name: string, open: OpenHost): void {
  const start: Start = async (files = FILES, options = {}) => {
    const origin = await BareRepository.create(files)
    onTestFinished(() => origin.remove())
    return { origin, host: await openClosed(open, origin, options) }
  }
  describe(`${name}: reading`, () => {
    describeReading(start)
  })
  describe(`${name}: refusing trees`, () => {
    describeHostileTrees(start)
  })
  describe(`${name}: what a read remembers`, () => {
    describeCache(start)
  })
  describe(`${name}: reading what was`, () => {
    describeHistory(start)
  })
  describe(`${name}: committing`, () => {
    describeCommitting(start)
  })
  describe(`${name}: compare-and-swap`, () => {
    describeCompareAndSwap(start, open)
  })
  describe(`${name}: refusing`, () => {
    describeRefusals(start, open)
  })
}
