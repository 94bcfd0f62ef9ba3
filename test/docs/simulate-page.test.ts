import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import { runSaker } from '../support/run-saker.ts'
import { afterThisTest, temporaryFolder } from '../support/saker.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGE = join(ROOT, 'docs/simulate.md')
const SAMPLE = join(ROOT, 'examples/simulate')
const BETWEEN = /(?<=<!-- output begins -->\n)[^]*(?=<!-- output ends -->)/u

function filesUnder(folder: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(paths.map((path) => [relative(folder, path), readFileSync(path, 'utf8')]))
}

describe('docs/simulate.md', () => {
  it(
    'shows what saker simulate prints for the sample (SAKER_UPDATE_GOLDENS=1 writes it)',
    { timeout: 240_000 },
    async () => {
      const origin = await BareRepository.create(filesUnder(join(SAMPLE, 'repository')))
      afterThisTest(() => origin.remove())
      const config = join(await temporaryFolder(), 'saker.yaml')
      const written = readFileSync(join(SAMPLE, 'saker.yaml'), 'utf8')
      writeFileSync(config, written.replace('file:///tmp/saker-sample', `file://${origin.path}`))

      const ended = await runSaker(['simulate', '--config', config, 'test/corpus/alerts/real-alerts.jsonl'])

      expect(ended).toMatchObject({ exitCode: 0 })
      const page = readFileSync(PAGE, 'utf8')
      const fresh = page.replace(BETWEEN, () => `\`\`\`text\n${ended.stdout}\`\`\`\n`)
      if (process.env['SAKER_UPDATE_GOLDENS'] === '1') writeFileSync(PAGE, fresh)

      expect(readFileSync(PAGE, 'utf8')).toBe(fresh)
      expect(ended.stderr).toContain('saker: 29 alerts: ')
    },
  )
})
