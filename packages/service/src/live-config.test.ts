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
  const live = await LiveConfig.follow(source, { log, observe: { reloaded: (success) => successes.push(success) } })
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

  it('has nothing against a file that was gone and is back as it was', async () => {
    const path = join(folder, 'config')
    await writeFile(path, 'one')
    const { live, successes } = await follow(path)
    await rm(path)
    await live.look()

    await writeFile(path, 'one')
    await live.look()

    expect(successes).toEqual([true, false, true])
  })

  it('has everything against a refused file that was gone and is back as it was', async () => {
    const path = join(folder, 'config')
    await writeFile(path, 'one')
    const { live, successes } = await follow(path)
    await writeFile(path, 'wrong')
    await live.look()
    await rm(path)
    await live.look()

    await writeFile(path, 'wrong')
    await live.look()

    expect(live.value).toBe('ONE')
    expect(successes.at(-1)).toBe(false)
  })

  it('fails to start on an invalid file', async () => {
    const path = join(folder, 'config')
    await writeFile(path, 'wrong')

    await expect(follow(path)).rejects.toThrow('line 1: wrong')
  })
})

/** A source whose text and time are in the hands of the test. */
async function followByHand(first: string) {
  const state = { text: first, onLoad: (): void => {} }
  const waits: { ms: number; end: () => void }[] = []
  const successes: boolean[] = []
  const source = {
    read: async () => state.text,
    load: async (text: string) => {
      state.onLoad()
      if (text.startsWith('half')) throw new Error('cut off')
      return text.toUpperCase()
    },
  }
  const live = await LiveConfig.follow(source, {
    log: silentLog,
    observe: { reloaded: (success) => successes.push(success) },
    wait: (ms, signal) =>
      new Promise((end, fail) => {
        waits.push({ ms, end })
        signal.addEventListener('abort', () => fail(new Error('closed')))
      }),
  })
  opened.push(live)
  /** Lets the time pass that is waited for, once something waits, and changes the text meanwhile. */
  const pass = async (text = state.text): Promise<number | undefined> => {
    await vi.waitFor(() => expect(waits).not.toEqual([]))
    state.text = text
    const next = waits.shift()
    next?.end()
    return next?.ms
  }
  return { live, state, successes, pass }
}

describe('LiveConfig, step by step,', () => {
  it('looks once a second, and uses a text that has stayed the same for a quarter', async () => {
    const { live, pass } = await followByHand('one')

    const looked = await pass('two')
    const settled = await pass()
    await vi.waitFor(() => expect(live.value).toBe('TWO'))

    expect([looked, settled]).toEqual([1000, 250])
  })

  it('never uses what stood there only while it was written', async () => {
    const { live, successes, pass } = await followByHand('one')
    const seen: string[] = []
    live.onChange((value) => seen.push(value))

    for (const text of ['', 'half', 'half a l', 'half a list', 'whole', 'whole']) await pass(text)
    await vi.waitFor(() => expect(seen).toEqual(['WHOLE']))

    expect(successes).toEqual([true, true])
  })

  it('uses what stands there at the end when it changes while it is loaded', async () => {
    const { live, state, pass } = await followByHand('one')
    state.onLoad = () => {
      state.text = 'three'
    }

    await pass('two')
    await pass()
    await vi.waitFor(() => expect(live.value).toBe('THREE'))

    expect(live.value).toBe('THREE')
  })

  it('refuses nothing for being closed while it waits', async () => {
    const { live, successes, pass } = await followByHand('one')
    await pass('two')

    await live.close()

    expect(live.value).toBe('ONE')
    expect(successes).toEqual([true])
  })
})
