import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { alertInputs, describePlace } from './alert-inputs.ts'

const alert = (rule: string): string =>
  `{"rule":"${rule}","priority":"Notice","time":"2026-01-01T00:00:00Z","output_fields":{"evt.time":1618082841038853452}}`
const pretty = (rule: string): string => JSON.stringify(JSON.parse(alert(rule)), null, 2)

/** What is read: the place, and the rule or the code of the fault. */
async function readText(text: string): Promise<readonly string[]> {
  return readAll(['-'], Readable.from([text]))
}

async function readAll(files: readonly string[], input: Readable): Promise<readonly string[]> {
  const read: string[] = []
  for await (const one of alertInputs(files, input)) {
    read.push(`${describePlace(one)} ${'alert' in one ? one.alert.alertRule : one.fault.code}`)
  }
  return read
}

describe('alertInputs', () => {
  it('reads JSON lines, blank ones between them, with any line end', async () => {
    expect(await readText(`\uFEFF${alert('a')}\r\n\n${alert('b')}\n${alert('c')}`)).toEqual(['-:1 a', '-:3 b', '-:4 c'])
  })

  it('names each line that is no alert and reads the others', async () => {
    const lines = [alert('a'), '{"rule":', 'what?', '{"rule":"x"}', '7', alert('b'), '[']

    expect(await readText(lines.join('\n'))).toEqual([
      '-:1 a',
      '-:2 ALERT_MALFORMED',
      '-:3 ALERT_MALFORMED',
      '-:4 ALERT_MALFORMED',
      '-:5 ALERT_MALFORMED',
      '-:6 b',
      '-:7 ALERT_MALFORMED',
    ])
  })

  it.each([
    ['one', ['{"rule":', alert('a')], ['-:1 ALERT_MALFORMED', '-:2 a']],
    ['one without braces', ['oops', alert('a')], ['-:1 ALERT_MALFORMED', '-:2 a']],
    ['two', ['{"rule":', 'oops', alert('a')], ['-:1 ALERT_MALFORMED', '-:2 ALERT_MALFORMED', '-:3 a']],
  ])('reads lines of which the first are bad: %s', async (_, lines, expected) => {
    expect(await readText(lines.join('\n'))).toEqual(expected)
  })

  it('reads one document over several lines', async () => {
    expect(await readText(`\n${pretty('a')}\n`)).toEqual(['-:2 a'])
  })

  it('reads an array, over several lines or on one', async () => {
    expect(await readText(`[\n${pretty('a')},\n${pretty('b')}\n]\n`)).toEqual(['-:1[0] a', '-:1[1] b'])
    expect(await readText(`[\n${alert('a')},\n${alert('b')}\n]\n`)).toEqual(['-:1[0] a', '-:1[1] b'])
    expect(await readText(`[${alert('a')},${alert('b')}]`)).toEqual(['-:1[0] a', '-:1[1] b'])
  })

  it('says once that a document is none', async () => {
    expect(await readText(`[\n${alert('a')},\n${alert('b')}\n`)).toEqual(['-:1 ALERT_MALFORMED'])
    expect(await readText(pretty('a').slice(0, -3))).toEqual(['-:1 ALERT_MALFORMED'])
  })

  it('reads nothing from nothing', async () => {
    expect(await readText('')).toEqual([])
  })
})

describe('alertInputs of files', () => {
  let folder: string
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'saker-inputs-'))))
  afterEach(() => rm(folder, { recursive: true }))

  it('goes on behind a file that cannot be read', async () => {
    const [missing, there] = [join(folder, 'missing'), join(folder, 'there')]
    await writeFile(there, alert('a'))

    expect(await readAll([missing, folder, there, '-'], Readable.from([alert('b')]))).toEqual([
      `${missing}:1 INPUT_UNREADABLE`,
      `${folder}:1 INPUT_UNREADABLE`,
      `${there}:1 a`,
      '-:1 b',
    ])
  })
})
