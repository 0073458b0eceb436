const TIME = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const
const SIZE = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 } as const

/** A time: a number of milliseconds, or `'90s'`, `'10 min'`, `'1.5h'`, `'500ms'`, `'2d'`. */
export type Time = number | string

/** A time in milliseconds, or `undefined` for what is none. */
export function parseTime(time: unknown): number | undefined {
  if (typeof time === 'number') return Number.isFinite(time) && time >= 0 ? time : undefined
  return typeof time === 'string'
    ? parse(time, /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)$/, TIME)
    : undefined
}

/** A size in bytes, of `'4GB'`, `'500 MB'`, `'1024'` (units of 1024), or `undefined` for what is none. */
export function parseSize(size: unknown): number | undefined {
  if (typeof size === 'number') return Number.isFinite(size) && size >= 0 ? size : undefined
  if (typeof size !== 'string') return undefined
  const bytes = parse(size.toLowerCase(), /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/, SIZE)
  return bytes === undefined ? undefined : Math.round(bytes)
}

function parse(
  text: string,
  form: RegExp,
  units: Readonly<Record<string, number>>,
): number | undefined {
  const [, number, unit = ''] = form.exec(text.trim()) ?? []
  const factor = units[unit]
  return number === undefined || factor === undefined ? undefined : Number(number) * factor
}
