import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const SCRIPT = resolve(import.meta.dirname, '../.ci/closing-line.mjs')
const folder = mkdtempSync(join(tmpdir(), 'saker-report-'))
const path = join(folder, 'report.json')

afterAll(() => rmSync(folder, { recursive: true }))

interface Ending {
  readonly status: number | null
  readonly lines: readonly string[]
}

function close(report: string): Ending {
  writeFileSync(path, report)
  const { status, stdout } = spawnSync(process.execPath, [SCRIPT, path], { encoding: 'utf8' })
  return { status, lines: stdout.trimEnd().split('\n') }
}

/** A report as Vitest writes it, of one file with tests of these statuses. */
function reportOf(statuses: readonly string[], file: Readonly<Record<string, unknown>> = {}): string {
  const assertionResults = statuses.map((status, index) => ({ fullName: `test ${index}`, status }))
  const good = statuses.every((status) => status !== 'failed')
  const result = { name: resolve('a.test.ts'), status: good ? 'passed' : 'failed', assertionResults, ...file }
  return JSON.stringify({ success: result.status === 'passed', testResults: [result] })
}

describe('the closing line of .ci/run', () => {
  it('counts what passed, and all is well', () => {
    expect(close(reportOf(['passed', 'passed']))).toEqual({ status: 0, lines: ['2 passed, 0 failed, 0 skipped'] })
  })

  it('fails when a test failed', () => {
    expect(close(reportOf(['passed', 'failed']))).toEqual({ status: 1, lines: ['1 passed, 1 failed, 0 skipped'] })
  })

  it.each(['skipped', 'pending', 'todo'])('fails when a test is %s, and names it', (status) => {
    expect(close(reportOf(['passed', status]))).toEqual({
      status: 1,
      lines: ['skipped: test 1', '1 passed, 0 failed, 1 skipped'],
    })
  })

  it('counts a file that could not be loaded as a failure', () => {
    const ending = close(reportOf([], { status: 'failed', message: 'Cannot find module' }))

    expect(ending).toEqual({
      status: 1,
      lines: ['failed to run: a.test.ts: Cannot find module', '0 passed, 1 failed, 0 skipped'],
    })
  })

  it.each([
    ['no test', JSON.stringify({ success: true, testResults: [] })],
    ['an empty report', ''],
    ['half a report', '{"success":true,"testRes'],
  ])('fails with %s', (_, report) => {
    const { status, lines } = close(report)

    expect(status).toBe(1)
    expect(lines.at(-1)).toBe('0 passed, 0 failed, 0 skipped')
  })

  it('fails when Vitest itself does, though every test passed', () => {
    const report = reportOf(['passed']).replace('"success":true', '"success":false')

    expect(close(report).status).toBe(1)
  })
})
