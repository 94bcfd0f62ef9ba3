import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseConfig } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { find, helmAvailable, objectsIn, tryRender } from '../support/helm-chart.ts'
import { runSaker } from '../support/run-saker.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const BLOCKS = Array.from(
  README.matchAll(/^```yaml\n(.*?)^```$/gmsu),
  ([, text = '']) => parse(text) as Record<string, unknown>,
)

function blockWith(key: string): Readonly<Record<string, unknown>> {
  const found = BLOCKS.find((block) => key in block)
  if (found === undefined) throw new Error(`README.md has no block with ${key}`)
  return found
}

describe('README.md', () => {
  it('begins with a config that has no faults', () => {
    expect(parseConfig(blockWith('config')['config'])).toHaveProperty('config')
  })

  it('connects Falcosidekick as docs/install.md does', () => {
    const page = readFileSync(join(ROOT, 'docs/install.md'), 'utf8')
    const blocks = Array.from(page.matchAll(/^```yaml\n(.*?)^```$/gmsu), ([, text = '']) => text)
    const shown = parse(blocks.find((text) => text.startsWith('falcosidekick:')) ?? '') as object

    expect(JSON.parse(JSON.stringify(shown).replace(':8080/clusters/prod', ':8080/'))).toEqual(
      blockWith('falcosidekick'),
    )
  })

  it('leads only to what is there', () => {
    const links = Array.from(README.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/gu), ([, path = '']) => path)

    expect(links.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    expect(links.length).toBeGreaterThan(10)
  })

  it('names commands and scripts that exist', async () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
    const { stdout: help } = await runSaker(['--help'])
    const run = Array.from(README.matchAll(/npx -y pnpm (\w+)/gu), ([, name = '']) => name)
    const commands = Array.from(README.matchAll(/pnpm saker (\w+)/gu), ([, name = '']) => name)

    expect(run.filter((name) => !(name in scripts))).toEqual([])
    expect(commands.filter((name) => !new RegExp(`^ +(?:saker )?${name}\\b`, 'mu').test(help))).toEqual([])
    expect(commands).toContain('up')
  })
})

describe.skipIf(!helmAvailable)('README.md, by Helm', () => {
  it('shows values that the chart takes', () => {
    const made = tryRender({ values: blockWith('config') })

    expect(made).toMatchObject({ code: 0, problem: '' })
    expect(parse(find(objectsIn(made.text), 'ConfigMap saker-config').data?.['saker.yaml'] ?? '')).toEqual(
      blockWith('config')['config'],
    )
  })
})
