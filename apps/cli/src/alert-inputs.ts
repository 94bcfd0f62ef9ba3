import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { asResponseError, ResponseError, type Alert } from '@saker/core'
import { readLooseAlerts } from '@saker/ingest'

/** Where an alert stands in an input. */
export interface InputPlace {
  /** As it was named; `-` is standard input. */
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** Counted from 0, where the line, or the document that begins there, is an array. */
  readonly item?: number
}

/** One alert of an input, or why there is none where one could be. */
export type AlertInput = InputPlace & ({ readonly alert: Alert } | { readonly fault: ResponseError })

/** `alerts.jsonl:3`, or `alerts.json:1[7]` for an item of an array. */
export function describePlace({ file, line, item }: InputPlace): string {
  return `${file}:${line}${item === undefined ? '' : `[${item}]`}`
}

/**
 * The alerts of some files, as they come: JSON lines, which are never held all at once, or a single JSON document over
 * several lines. Faults come between them; the rest is read all the same. `-` is standard input.
 */
export async function* alertInputs(files: readonly string[], standardInput: Readable): AsyncGenerator<AlertInput> {
  for (const file of files) yield* alertsOf(file, file === '-' ? standardInput : createReadStream(file))
}

async function* alertsOf(file: string, source: Readable): AsyncGenerator<AlertInput> {
  try {
    const lines = createInterface({ input: source, crlfDelay: Infinity })
    for await (const text of textsIn(lines)) yield* alertsIn(file, text)
  } catch (thrown) {
    yield { file, line: 1, fault: unreadable(thrown) }
  }
}

/** A JSON text and the line where it begins. */
interface NumberedText {
  readonly line: number
  readonly text: string
}

/**
 * The JSON texts in some lines. A first line that is JSON says that each line is a text of its own, and so does a second one
 * that begins another object; else all lines together are one document.
 */
async function* textsIn(lines: AsyncIterable<string>): AsyncGenerator<NumberedText> {
  const held: NumberedText[] = []
  let form: 'unknown' | 'lines' | 'document' = 'unknown'
  let line = 0
  for await (const raw of lines) {
    line += 1
    const text = line === 1 ? raw.replace(/^\uFEFF/u, '') : raw
    if (form !== 'document' && text.trim() === '') continue
    if (form === 'unknown') form = formAfter(held[0]?.text, text)
    if (form !== 'lines') held.push({ line, text })
    else yield* [...held.splice(0), { line, text }]
  }
  yield* heldTexts(held)
}

function formAfter(first: string | undefined, text: string): 'unknown' | 'lines' | 'document' {
  if (first === undefined) return /^\s*[[{]/u.test(text) && !isJson(text) ? 'unknown' : 'lines'
  return first.startsWith('{') && text.startsWith('{') ? 'lines' : 'document'
}

/** A document that is none, with whole objects in it, was lines with faults from the start. */
function heldTexts(held: readonly NumberedText[]): readonly NumberedText[] {
  const [first] = held
  if (first === undefined) return []
  const text = held.map((one) => one.text).join('\n')
  const isLines = first.text.startsWith('{') && !isJson(text) && held.some((one) => isJson(one.text, '{'))
  return isLines ? held.filter((one) => one.text.trim() !== '') : [{ line: first.line, text }]
}

function isJson(text: string, beginning = ''): boolean {
  if (!text.startsWith(beginning)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function alertsIn(file: string, { line, text }: NumberedText): readonly AlertInput[] {
  try {
    const alerts = readLooseAlerts(text)
    const isArray = /^\s*\[/u.test(text)
    return alerts.map((alert, item) => ({ file, line, ...(isArray ? { item } : {}), alert }))
  } catch (thrown) {
    return [{ file, line, fault: asResponseError(thrown) }]
  }
}

function unreadable(cause: unknown): ResponseError {
  const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  return new ResponseError('INPUT_UNREADABLE', `cannot be read${why}`, { cause })
}
