import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { blobOid } from './blob-oid.ts'

describe('blobOid', () => {
  it.each(['', 'replicas: 3\n', '\uFEFFkind: Service\r\n', 'name: größe 🦅\n', 'a\0b'])(
    'is what git gives %j',
    (text) => {
      const ofGit = execFileSync('git', ['hash-object', '--stdin'], { input: text, encoding: 'utf8' }).trim()

      expect(blobOid(text)).toBe(ofGit)
    },
  )

  it('follows repositories with SHA-256 ids', () => {
    const empty = '473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813'

    expect(blobOid('', empty)).toBe(empty)
  })

  it('differs when decoding lost a byte', () => {
    const bytes = Buffer.from([0x61, 0xff, 0x62])

    expect(blobOid(bytes.toString('utf8'))).not.toBe(
      execFileSync('git', ['hash-object', '--stdin'], { input: bytes, encoding: 'utf8' }).trim(),
    )
  })
})
