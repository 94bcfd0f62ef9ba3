import { describe, expect, it } from 'vitest'
import { TextMemo } from './text-memo.ts'

function counting(memo: TextMemo<string>): { get: (text: string) => string; made: string[] } {
  const made: string[] = []
  const get = (text: string): string =>
    memo.get(text, () => {
      made.push(text)
      return text.toUpperCase()
    })
  return { get, made }
}

describe('TextMemo', () => {
  it('makes a value once per text', () => {
    const { get, made } = counting(new TextMemo({ maxTexts: 10, maxLength: 100 }))

    expect([get('a'), get('b'), get('a')]).toEqual(['A', 'B', 'A'])
    expect(made).toEqual(['a', 'b'])
  })

  it('forgets what was longest not asked for when there are too many', () => {
    const { get, made } = counting(new TextMemo({ maxTexts: 2, maxLength: 100 }))

    for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) get(text)

    expect(made).toEqual(['a', 'b', 'c', 'b'])
  })

  it('forgets what was longest not asked for when they are too long together', () => {
    const { get, made } = counting(new TextMemo({ maxTexts: 10, maxLength: 5 }))

    for (const text of ['aa', 'bb', 'cc', 'bb', 'aa']) get(text)

    expect(made).toEqual(['aa', 'bb', 'cc', 'aa'])
  })
})
