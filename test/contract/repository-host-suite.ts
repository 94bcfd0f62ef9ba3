import { describe } from 'vitest'
import { describeCommitting, describeCompareAndSwap, describeRefusals } from './repository-host-committing.ts'
import { describeHistory } from './repository-host-history.ts'
import { describeCache, describeHugeManifests, describeReading } from './repository-host-reading.ts'
import { startOf, type OpenHost } from './repository-host-setup.ts'

/**
 * The contract of the port `RepositoryHost`. Every adapter passes it against a real repository; what only one kind of
 * host can do is tested beside that adapter. So are endless trees, which take long to make: once for each way in which
 * entries are counted, a listing of the git program and an archive of GitHub's, whatever they came over.
 */
export function describeRepositoryHost(name: string, open: OpenHost): void {
  const start = startOf(open)
  describe(`${name}: reading`, () => {
    describeReading(start)
  })
  describe(`${name}: refusing trees`, () => {
    describeHugeManifests(start)
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
