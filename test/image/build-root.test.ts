import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/saker.ts'
import { buildRoot } from './build-root.ts'
import type { ImageConfig } from './read-dockerfile.ts'

interface Built {
  readonly config: ImageConfig
  readonly has: (path: string) => boolean
  readonly read: (path: string) => string
  readonly folder: string
}

async function build(dockerfile: string, args: Readonly<Record<string, string>> = {}): Promise<Built> {
  const source = await temporaryFolder()
  const files = {
    Dockerfile: dockerfile,
    '.dockerignore': 'secret\n**/*.log\n',
    secret: 'hidden',
    one: '1',
    'tree/two': '2',
    'tree/deep/three': '3',
    'tree/noise.log': 'noise',
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(source, path)), { recursive: true })
    writeFileSync(join(source, path), text)
  }
  const folder = await temporaryFolder()
  const config = await buildRoot({ source, folder, args })
  return {
    config,
    folder,
    has: (path) => existsSync(join(folder, 'root', path)),
    read: (path) => readFileSync(join(folder, 'root', path), 'utf8'),
  }
}

describe('buildRoot', () => {
  it('copies what is in a folder, and files under a name or into a folder', async () => {
    const { read } = await build('FROM scratch\nCOPY tree /there\nCOPY one /named\nCOPY one tree/two /into/\n')

    expect(['there/two', 'there/deep/three', 'named', 'into/one', 'into/two'].map(read)).toEqual([
      '2',
      '3',
      '1',
      '1',
      '2',
    ])
  })

  it('copies relative to the working directory, and nothing that .dockerignore keeps back', async () => {
    const { read, has } = await build('FROM scratch\nWORKDIR /app\nCOPY . .\n')

    expect(read('app/tree/two')).toBe('2')
    expect(has('app/secret')).toBe(false)
    expect(has('app/tree/noise.log')).toBe(false)
  })

  it('begins with the files and the config of the stage it is from, and leaves that as it was', async () => {
    const stages = [
      'FROM scratch AS base\nENV A=a\nCOPY one /one',
      'FROM base AS more\nENV B=$A\nCOPY tree/two /two',
      'FROM base\nCOPY --from=more /two /three',
    ]

    const { config, read, has } = await build(`${stages.join('\n')}\n`)

    expect(config.env).toEqual({ A: 'a' })
    expect([read('one'), read('three'), has('two')]).toEqual(['1', '2', false])
  })

  it('builds no stage that the last one does not need, and leaves nothing but the last', async () => {
    const { folder } = await build('FROM unknown:1 AS unused\nFROM scratch\nCOPY one /\n')

    expect(existsSync(join(folder, 'work'))).toBe(false)
    expect(statSync(join(folder, 'root/one')).isFile()).toBe(true)
  })

  it('takes arguments over their defaults, also where an image is named', async () => {
    const text = 'ARG BASE=unknown:1\nFROM $BASE\nARG V=1\nARG W=2\nLABEL v=$V w="${W}"\nUSER 1:2\n'

    const { config } = await build(text, { BASE: 'scratch', V: '7' })

    expect(config).toMatchObject({ labels: { v: '7', w: '2' }, user: '1:2' })
  })

  it('refuses a base image that it cannot make, and a variable without a value', async () => {
    await expect(build('FROM unknown:1\n')).rejects.toThrow('no base image unknown:1 can be made here')
    await expect(build('FROM scratch\nLABEL v=$V\n')).rejects.toThrow('${V} has no value here')
  })
})
