/** A decimal number without loss: `digits` times ten to the power of `exponent`. */
interface Decimal {
  readonly digits: bigint
  readonly exponent: number
}

/** Longer texts are no numbers that anybody means, and a great exponent would fill the memory. */
const MAX_LENGTH = 100
const MAX_EXPONENT = 400

/** Undefined for anything but a plain decimal number as JSON writes it, leading zeros allowed. */
function parseDecimal(text: string): Decimal | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const [, sign, whole, fraction = '', power = '0'] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?$/u.exec(text) ?? []
  if (whole === undefined || Math.abs(Number(power)) > MAX_EXPONENT) return undefined
  const digits = BigInt(whole + fraction)
  return { digits: sign === '-' ? -digits : digits, exponent: Number(power) - fraction.length }
}

/**
 * Compares two decimal numbers exactly, however large: negative, zero or positive as `a` is less than, equal to or greater
 * than `b`. Undefined when one of them is no decimal number.
 */
export function compareDecimals(a: string, b: string): number | undefined {
  const [left, right] = [parseDecimal(a), parseDecimal(b)]
  if (left === undefined || right === undefined) return undefined
  const exponent = Math.min(left.exponent, right.exponent)
  const scaled = (one: Decimal): bigint => one.digits * 10n ** BigInt(one.exponent - exponent)
  const difference = scaled(left) - scaled(right)
  if (difference === 0n) return 0
  return difference < 0n ? -1 : 1
}

/** Whether a number says what was written: a double repeats fifteen digits, and integers below 2^53. */
export function isExactNumber(number: number): boolean {
  if (Number.isSafeInteger(number)) return true
  const [mantissa = ''] = String(number).split('e')
  const digits = mantissa.replaceAll(/[^0-9]/gu, '').replaceAll(/^0+|0+$/gu, '')
  return Number.isFinite(number) && digits.length <= 15
}
