import type { ChildProcess } from 'node:child_process'

/** What the parent of a worker process may ask it. */
export type ProcessQuestion = 'running' | 'metrics'

/** What a worker process answers; only the part that was asked for is there. */
export interface ProcessAnswer {
  /** Why it does not serve all its lanes. Absent when it does. */
  readonly problem?: string
  readonly metrics?: readonly object[]
}

interface Asked {
  readonly ask: ProcessQuestion
  readonly number: number
}

interface Answered extends ProcessAnswer {
  readonly number: number
}

/** Longest wait for an answer; a worker in the middle of a large plan does not answer at once. */
const ANSWER_MS = 4000

let lastNumber = 0

/** Asks a child process. Answers with a problem when it is gone or does not answer in time. */
export async function askProcess(child: ChildProcess, ask: ProcessQuestion): Promise<ProcessAnswer> {
  if (!child.connected) return { problem: 'the worker process is not running' }
  const number = (lastNumber += 1)
  const { promise, resolve } = Promise.withResolvers<ProcessAnswer>()
  const listen = (message: unknown): void => {
    const answer = message as Answered
    if (typeof message === 'object' && answer.number === number) resolve(answer)
  }
  const timer = setTimeout(() => resolve({ problem: 'the worker process does not answer' }), ANSWER_MS)
  child.on('message', listen)
  child.send({ ask, number } satisfies Asked, (error) => {
    if (error !== null) resolve({ problem: 'the worker process is not running' })
  })
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    child.off('message', listen)
  }
}

/** The first word of a child process that has started. */
const STARTED = 'started'

/** Resolves once a child process has said that it started; with a problem when it has not in time, or is gone. */
export async function untilStarted(child: ChildProcess, timeoutMs: number): Promise<ProcessAnswer> {
  const { promise, resolve } = Promise.withResolvers<ProcessAnswer>()
  const timer = setTimeout(() => resolve({ problem: `the worker did not start within ${timeoutMs} ms` }), timeoutMs)
  const listen = (message: unknown): void => {
    if (message === STARTED) resolve({})
  }
  const gone = (): void => resolve({ problem: 'the worker process ended while it started' })
  child.on('message', listen).once('exit', gone)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    child.off('message', listen).off('exit', gone)
  }
}

/**
 * In a child process that has started: tells its parent so, answers it from now on, and calls `orphaned` when the parent is
 * gone, be it since before. Does nothing in any other process.
 */
export function answerParent(
  answers: Readonly<Record<ProcessQuestion, () => Promise<ProcessAnswer>>>,
  orphaned: () => void,
): void {
  if (process.send === undefined) return
  if (!process.connected) {
    // Once the caller has got as far as to listen for the signal that this may send.
    setImmediate(orphaned)
    return
  }
  process.on('message', (message) => {
    const { ask, number } = message as Asked
    void answers[ask]().then((answer) => process.send?.({ ...answer, number } satisfies Answered))
  })
  process.once('disconnect', orphaned)
  process.send(STARTED)
}

/** Whether a parent of our own started this process and listens to it. */
export function hasParent(): boolean {
  return process.send !== undefined
}
