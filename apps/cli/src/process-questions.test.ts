import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

it('takes a parent that went while its child started for gone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'saker-child-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const script = join(folder, 'child.mjs')
  await writeFile(
    script,
    `import { answerParent } from ${JSON.stringify(new URL('process-questions.ts', import.meta.url).href)}
const start = () => (process.connected ? setTimeout(start, 1) : answerParent({}, () => process.exit(7)))
start()
`,
  )
  const child = fork(script, { stdio: 'ignore' })
  await once(child, 'spawn')

  child.disconnect()
  const [code] = (await once(child, 'exit')) as [number | null]

  expect(code).toBe(7)
})
