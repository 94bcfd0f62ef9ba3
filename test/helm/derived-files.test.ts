import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { CHART } from '../support/helm-chart.ts'
import { temporaryFolder } from '../support/saker.ts'

const ROOT = join(CHART, '../..')

it.each(['values.schema.json', 'README.md'])('helm/saker/%s is what tools/make-chart.mjs makes', async (file) => {
  const folder = await temporaryFolder()

  const { status, stderr } = spawnSync(process.execPath, ['tools/make-chart.mjs', folder], {
    cwd: ROOT,
    encoding: 'utf8',
  })

  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(readFileSync(join(CHART, file), 'utf8'), 'run: node tools/make-chart.mjs').toBe(
    readFileSync(join(folder, file), 'utf8'),
  )
})

it('the chart names the version of Saker that it installs', () => {
  const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string; appVersion: string }
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }

  expect(chart.appVersion).toBe(version)
})
