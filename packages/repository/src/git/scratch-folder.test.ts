import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeScratchFolder } from './scratch-folder.ts'

async function parentWith(owners: Readonly<Record<string, object | string>>): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'saker-scratch-'))
  onTestFinished(() => rm(parent, { recursive: true, force: true }))
  for (const [name, owner] of Object.entries(owners)) {
    await mkdir(join(parent, name))
    const text = typeof owner === 'string' ? owner : JSON.stringify(owner)
    await writeFile(join(parent, name, 'owner.json'), text)
  }
  return parent
}

const deadPid = (): number => spawnSync(process.execPath, ['--version']).pid

test('makes a folder for each asker that only we can read', async () => {
  const parent = join(await parentWith({}), 'not', 'there')

  const [one, other] = [await makeScratchFolder(parent, 'a'), await makeScratchFolder(parent, 'a')]

  expect(one).not.toBe(other)
  expect((await stat(parent)).mode & 0o777).toBe(0o700)
  expect((await stat(one)).mode & 0o777).toBe(0o700)
  expect((await readdir(parent)).length).toBe(2)
})

test('removes what ended processes left, and nothing of processes that may be at work', async () => {
  const host = hostname()
  const parent = await parentWith({
    dead: { host, pid: deadPid(), startedAt: 0 },
    'same-number-in-an-earlier-container': { host, pid: process.pid, startedAt: 0 },
    alive: { host, pid: process.ppid, startedAt: 0 },
    'of-another-machine': { host: 'elsewhere', pid: deadPid(), startedAt: 0 },
    'being-made': '',
  })

  const made = await makeScratchFolder(parent, 'new')

  const left = await readdir(parent)
  expect(left.toSorted()).toEqual(
    ['alive', 'being-made', made.slice(parent.length + 1), 'of-another-machine'].toSorted(),
  )
})

test("removes another machine's folder that was not used for a week", async () => {
  const parent = await parentWith({ 'of-another-machine': { host: 'elsewhere', pid: 1, startedAt: 0 } })
  const longAgo = new Date(Date.now() - 8 * 24 * 3_600_000)
  await utimes(join(parent, 'of-another-machine'), longAgo, longAgo)

  await makeScratchFolder(parent, 'new')

  expect(await readdir(parent)).toHaveLength(1)
})
