const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A year: longer than anything here is meant to last, and far from what timers and Redis take. */
const MAX_MS = 366 * 86_400_000

/** Reads `200ms`, `60s`, `15m`, `4h`, `7d` as milliseconds. Undefined for anything else: a bare number, which names no unit, or more than a year. */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit] = /^([0-9]+)(ms|s|m|h|d)$/u.exec(text) ?? []
  const factor = unit === undefined ? undefined : UNITS_MS[unit]
  if (amount === undefined || factor === undefined) return undefined
  const ms = Number(amount) * factor
  return ms <= MAX_MS ? ms : undefined
}

/** Writes a duration as `parseDurationMs` reads it, in the largest unit that divides it. */
export function formatDuration(ms: number): string {
  const [unit, factor] = Object.entries(UNITS_MS).findLast(([, one]) => ms % one === 0) ?? ['ms', 1]
  return `${ms / factor}${unit}`
}
