import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addServiceFlags } from './flags.ts'

function lockDurationOf(...args: readonly string[]): unknown {
  const command = addServiceFlags(new Command('worker'))
  return command.parse(args, { from: 'user' }).opts()['lockDuration']
}

describe('addServiceFlags', () => {
  it('reads the lock duration in milliseconds, and leaves it to the queue where it is not given', () => {
    expect(lockDurationOf('--lock-duration', '5s')).toBe(5000)
    expect(lockDurationOf()).toBeUndefined()
  })

  it.each(['5', '500ms', 'soon'])('refuses the lock duration %s', (written) => {
    expect(() => lockDurationOf('--lock-duration', written)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    )
  })
})
