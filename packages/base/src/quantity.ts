/** Milliseconds in a day. */
export const DAY_MS = 86_400_000

const TIME = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: DAY_MS } as const
const SIZE = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
} as const

/** A time: a number of milliseconds, or `'90s'`, `'10 min'`, `'1.5h'`, `'500ms'`, `'2d'`. */
export type Time = number | string

/** A size: a number of bytes, or a text with its unit, `'4 GB'` (of 1000 MB), `'4 GiB'` (of 1024 MiB), `'512 B'`. */
export type Size = number | string

/** A time in whole milliseconds, or `undefined` for another value, such as a text without a unit. */
export function parseTime(time: unknown): number | undefined {
  return parse(time, TIME)
}

/** A size in whole bytes, or `undefined` for another value, such as a text without a unit. */
export function parseSize(size: unknown): number | undefined {
  return parse(typeof size === 'string' ? size.toLowerCase() : size, SIZE)
}

/**
 * A time that is an option, in whole milliseconds.
 * @param of what the option is called, as in `grace` of openEngine()
 * @throws TypeError for other values
 */
export function timeOf(time: Time, of: string): number {
  const parsed = parseTime(time)
  if (parsed !== undefined) return parsed
  throw new TypeError(
    `Expected ${of} to be a time, such as '10 min' or 500 (ms), got ${String(time)}`,
  )
}

/**
 * A size that is an option, in bytes.
 * @param of what the option is called, as in `maxSize` of gc()
 * @throws TypeError for other values
 */
export function sizeOf(size: Size, of: string): number {
  const parsed = parseSize(size)
  if (parsed !== undefined) return parsed
  throw new TypeError(
    `Expected ${of} to be a size, such as '10 GB', '10 GiB' or a number of bytes, got ${String(size)}`,
  )
}

/** Whole, since timers and limits of Node take no fractions, and `2.01 * 1000` has one. */
function parse(quantity: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof quantity === 'number') {
    return Number.isFinite(quantity) && quantity >= 0 ? Math.round(quantity) : undefined
  }
  if (typeof quantity !== 'string') return undefined
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(quantity.trim()) ?? []
  if (number === undefined || !Object.hasOwn(units, unit)) return undefined
  const value = Number(number) * (units[unit] ?? Number.NaN)
  return Number.isFinite(value) ? Math.round(value) : undefined
}
