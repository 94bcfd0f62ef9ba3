import type { z } from 'zod'

/** What a person calls the types that a schema expects. */
const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

/** An error map for zod that speaks to the person who wrote the input, and never repeats a value of it. */
export const plainIssue: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type') {
    return issue.input === undefined ? 'is missing' : `must be ${WORDS[issue.expected] ?? issue.expected}`
  }
  if (issue.code === 'too_small')
    return issue.origin === 'string' || issue.origin === 'array' ? 'must not be empty' : 'is too small'
  if (issue.code === 'too_big') return 'is too great'
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? 'has a key that is not allowed'
  return issue.code === 'custom' ? undefined : 'is not what belongs here'
}
