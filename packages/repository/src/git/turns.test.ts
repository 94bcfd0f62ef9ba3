import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

const never = new AbortController().signal

test('runs one piece of work at a time, in the order of asking, also after one has failed', async () => {
  const turns = new Turns()
  const log: string[] = []
  const work = (name: string) => async (): Promise<void> => {
    log.push(`${name} starts`)
    await Promise.resolve()
    log.push(`${name} ends`)
    if (name === 'b') throw new Error('b fails')
  }

  const endings = await Promise.allSettled(['a', 'b', 'c'].map((name) => turns.take(never, work(name))))

  expect(log).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends'])
  expect(endings.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('leaves the queue when called off, and the others keep their order', async () => {
  const turns = new Turns()
  const gate = Promise.withResolvers<void>()
  const controller = new AbortController()
  const log: string[] = []
  const first = turns.take(never, async () => {
    await gate.promise
    log.push('first')
  })
  const second = turns.take(controller.signal, async () => log.push('second'))
  const third = turns.take(never, async () => log.push('third'))

  controller.abort(new Error('no longer wanted'))
  await expect(second).rejects.toThrow('no longer wanted')
  gate.resolve()
  await Promise.all([first, third])

  expect(log).toEqual(['first', 'third'])
})
