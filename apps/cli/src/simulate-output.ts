import { once } from 'node:events'
import type { SimulatedRecord } from './simulated-record.ts'
import { simulatedText } from './simulated-text.ts'
import type { Paint } from './terminal-text.ts'

/** Prints what comes of alerts, one alert after the other. */
export interface RecordPrinter {
  /** Resolves when the reader has kept up. */
  records(records: readonly SimulatedRecord[]): Promise<void>
  /** Nothing is printed afterwards. */
  end(): Promise<void>
}

/** Prints a JSON array, one record a line. */
export function jsonPrinter(out: NodeJS.WritableStream): RecordPrinter {
  let isFirst = true
  return {
    async records(records) {
      for (const record of records) {
        await write(out, `${isFirst ? '[' : ','}\n${JSON.stringify(record)}`)
        isFirst = false
      }
    },
    end: () => write(out, isFirst ? '[]\n' : '\n]\n'),
  }
}

/** Prints for people. */
export function textPrinter(out: NodeJS.WritableStream, paint: Paint): RecordPrinter {
  return {
    records: (records) => write(out, simulatedText(records, paint)),
    end: async () => {},
  }
}

async function write(out: NodeJS.WritableStream, text: string): Promise<void> {
  if (!out.write(text)) await once(out, 'drain')
}

/** How long nothing is told, in milliseconds. */
const QUIET_MS = 5000

/** Counts what comes of alerts, and tells now and then how far it has come. */
export class SimulationTally {
  readonly #tell: (text: string) => void
  readonly #outcomes = new Map<string, number>()
  #alerts = 0
  #faults = 0
  #toldAt = performance.now()

  constructor(tell: (text: string) => void) {
    this.#tell = tell
  }

  /** Alerts so far, those that could not be read not among them. */
  get alerts(): number {
    return this.#alerts
  }

  /** Inputs and alerts that could not be read. */
  get faults(): number {
    return this.#faults
  }

  /** Counts an alert. */
  add(records: readonly SimulatedRecord[]): void {
    this.#alerts += 1
    for (const { outcome } of records) this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
    if (performance.now() - this.#toldAt < QUIET_MS) return
    this.#toldAt = performance.now()
    this.#tell(`${this.#alerts} alerts so far`)
  }

  /** Counts what could not be read. */
  addFault(): void {
    this.#faults += 1
  }

  /** `29 alerts: 18 ignored, 11 observed; 1 could not be read`. */
  summary(): string {
    const outcomes = Array.from(this.#outcomes, ([outcome, count]) => `${count} ${outcome}`).toSorted()
    const told = outcomes.length === 0 ? '' : `: ${outcomes.join(', ')}`
    const unread = this.#faults === 0 ? '' : `; ${this.#faults} could not be read`
    return `${this.#alerts} ${this.#alerts === 1 ? 'alert' : 'alerts'}${told}${unread}`
  }
}
