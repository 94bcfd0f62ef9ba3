import { blobOid, type Tree } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { warmLayout } from './warm-layout.ts'

function treeOf(count: number, salt: string): Tree {
  const files = Array.from({ length: count }, (_, index) => {
    const text = `kind: ConfigMap\napiVersion: v1\nmetadata: {name: ${salt}-${index}}\n`
    return [`${index}.yaml`, { path: `${index}.yaml`, mode: '100644', oid: blobOid(text), text }] as const
  })
  return { sha: '', files: new Map(files) }
}

describe('warmLayout', () => {
  it('gives way after each slice, and reads nothing twice', async () => {
    let time = 0
    const pauses: number[] = []
    const warming = { now: () => (time += 5), pause: () => Promise.resolve(void pauses.push(time)), sliceMs: 20 }

    await warmLayout(treeOf(40, 'slices'), warming)
    const first = pauses.length
    await warmLayout(treeOf(40, 'slices'), warming)

    expect(first).toBeGreaterThan(5)
    expect(pauses).toHaveLength(first)
  })
})
