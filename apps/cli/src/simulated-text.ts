import { workloadTitle } from '@saker/core'
import { describePlace } from './alert-inputs.ts'
import type { SimulatedRecord } from './simulated-record.ts'
import { plainText, type Paint } from './terminal-text.ts'

const REASONS: Readonly<Record<string, string>> = {
  TestAlert: "it is Falcosidekick's test alert",
  FalcoInternal: 'Falco speaks of itself',
  NoResponse: 'no response matches',
  NoWorkload: 'it names no pod and no workload',
  ProtectedNamespace: 'its namespace is protected',
  NamespaceNotAllowed: 'its namespace is not one of guard.onlyNamespaces',
}

const DELIVERIES = {
  commit: 'would be committed to',
  'pull-request': 'would be proposed to',
  observe: 'would only be shown for',
} as const

/** What people read of one alert: where it stands, and for each response how it would end, with the diff. */
export function simulatedText(records: readonly SimulatedRecord[], paint: Paint): string {
  const [first] = records
  if (first === undefined) return ''
  const head = `${describePlace(first)}  ${first.priority}  ${first.alertRule}`
  const lines = records.flatMap((record) => responseLines(record, paint)).map((line) => `  ${line}`)
  return `${[paint('bold', plainText(head)), ...lines].join('\n')}\n`
}

function responseLines(record: SimulatedRecord, paint: Paint): readonly string[] {
  const { response, outcome, warnings = [], candidates = [] } = record
  if (response === undefined) return [paint('dim', `ignored: ${reasonText(record)}`)]
  const color = outcome === 'failed' ? 'red' : 'green'
  const head = `${response}: ${paint(outcome === 'observed' || outcome === 'failed' ? color : 'dim', endingText(record))}`
  const details = [
    ...targetLines(record),
    ...candidates.map((one) => plainText(`candidate: ${one}`)),
    ...warnings.map((one) => paint('yellow', plainText(`warning: ${one}`))),
    ...diffLines(record, paint),
  ]
  return [head, ...details.map((line) => `  ${line}`)]
}

function endingText(record: SimulatedRecord): string {
  const { outcome, delivery = 'observe', repository = '', code = '', message = '' } = record
  if (outcome === 'observed') return `${DELIVERIES[delivery]} ${repository}`
  if (outcome === 'unchanged') return 'unchanged: it is as wanted already'
  if (outcome === 'failed') return plainText(`would fail: ${message} (${code})`)
  return `${outcome}: ${reasonText(record)}`
}

function reasonText({ reason = '' }: SimulatedRecord): string {
  return REASONS[reason] ?? reason
}

function targetLines({ workload, path, layer, consumers }: SimulatedRecord): readonly string[] {
  const builds = consumers === 1 ? '1 build reads it' : `${consumers} builds read it`
  const built = layer === undefined ? '' : ` (${layer}, ${builds})`
  const parts = [workload === undefined ? '' : workloadTitle(workload), path === undefined ? '' : `${path}${built}`]
  const told = parts.filter((part) => part !== '').join(' in ')
  return told === '' ? [] : [plainText(told)]
}

function diffLines({ diff }: SimulatedRecord, paint: Paint): readonly string[] {
  if (diff === undefined) return []
  return plainText(diff.replaceAll('\r\n', '\n'), { lines: true })
    .replace(/\n$/u, '')
    .split('\n')
    .map((line) => paintedLine(line, paint))
}

function paintedLine(line: string, paint: Paint): string {
  if (/^(?:---|\+\+\+) /u.test(line)) return paint('bold', line)
  if (line.startsWith('@@')) return paint('cyan', line)
  if (line.startsWith('+')) return paint('green', line)
  return line.startsWith('-') ? paint('red', line) : line
}
