import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, type Log } from '@saker/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LiveConfig } from './live-config.ts'

let folder: string
const opened: LiveConfig<string>[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-live-'))
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((live) => live.close()))
  await rm(folder, { recursive: true })
})

async function follow(path: string, log: Log = silentLog) {
  const successes: boolean[] = []
  const load = async (text: string): Promise<string> => {
    if (text.includes('wrong')) throw new Error('line 1: wrong')
    return text.toUpperCase()
  }
  const source = { read: () => readFile(path, 'utf8'), load }
  const live = await LiveConfig.follow(source, log, { reloaded: (success) => successes.push(success) })
  opened.push(live)
  return { live, successes }
}

describe('LiveConfig', () => {
  it('swaps a valid change in and tells the listeners', async () => {
    const path = join(folder, 'config')
    await writeFile(path, 'one')
    const { live } = await follow(path)
    const told: string[] = []
    live.onChange((value) => told.push(value))

    await writeFile(path, 'two')

    await vi.waitFor(() => expect(live.value).toBe('TWO'), { timeout: 5000 })
    expect(told).toEqual(['TWO'])
  })

  it('refuses an invalid change once, loudly, and keeps what is in use', async () => {
    const path = join(folder, 'config')
    await writeFile(path, 'one')
    const errors: string[] = []
    const { live, successes } = await follow(path, { ...silentLog, error: (_fields, message) => errors.push(message) })

    await writeFile(path, 'wrong')
    await live.look()
    await live.look()

    expect(live.value).toBe('ONE')
    expect(errors).toEqual(['config refused; the one in use stays'])
    expect(successes).toEqual([true, false])
  })

  it('waits until a file is written to its end', async () => {
    const path = join(folder, 'config')
    await writeFile(path, 'one')
    const errors: string[] = []
    const { live } = await follow(path, { ...silentLog, error: (_fields, message) => errors.push(message) })

    await writeFile(path, 'wrong because it is cut o')
    const looked = live.look()
    await writeFile(path, 'two')
    await looked

    expect(live.value).toBe('TWO')
    expect(errors).toEqual([])
  })

  it('takes the next valid change after a refused one', async () => {
    const path = join(folder, 'config')
    await writeFile(path, 'one')
    const { live, successes } = await follow(path)
    await writeFile(path, 'wrong')
    await live.look()

    await writeFile(path, 'one again')
    await live.look()

    expect(live.value).toBe('ONE AGAIN')
    expect(successes).toEqual([true, false, true])
  })

  it('follows the symlinks that Kubernetes swaps under a ConfigMap', async () => {
    await mkdir(join(folder, 'v1'))
    await mkdir(join(folder, 'v2'))
    await writeFile(join(folder, 'v1', 'config'), 'one')
    await writeFile(join(folder, 'v2', 'config'), 'two')
    await symlink('v1', join(folder, '..data'))
    await symlink(join('..data', 'config'), join(folder, 'config'))
    const { live } = await follow(join(folder, 'config'))

    await symlink('v2', join(folder, '..data_tmp'))
    await rename(join(folder, '..data_tmp'), join(folder, '..data'))

    await vi.waitFor(() => expect(live.value).toBe('TWO'), { timeout: 5000 })
  })

  it('keeps the value when the file is gone for a while', async () => {
    const path = join(folder, 'config')
    await writeFile(path, 'one')
    const { live } = await follow(path)

    await rm(path)
    await live.look()

    expect(live.value).toBe('ONE')
  })

  it('fails to start on an invalid file', async () => {
    const path = join(folder, 'config')
    await writeFile(path, 'wrong')

    await expect(follow(path)).rejects.toThrow('line 1: wrong')
  })
})
