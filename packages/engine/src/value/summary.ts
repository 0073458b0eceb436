import { clip } from '@stepwell/base/text'
const count = new Intl.NumberFormat('en-US')
const MAX = 60

/** A few words that tell a person what a value is. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') return clip(JSON.stringify(value), MAX)
  if (Array.isArray(value)) return describeArray(value)
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString()
  if (value instanceof Map) return `map of ${count.format(value.size)}`
  if (value instanceof Set) return `set of ${count.format(value.size)}`
  if (ArrayBuffer.isView(value)) {
    return `${value.constructor.name} of ${count.format((value as Uint8Array).length)}`
  }
  if (typeof value === 'object') return describeObject(value)
  if (typeof value === 'number') return formatNumber(value)
  return typeof value === 'boolean' || typeof value === 'bigint' ? `${value}` : typeof value
}

function describeArray(value: readonly unknown[]): string {
  const rows = value.length > 0 && value.every((row) => isPlain(row))
  if (rows) {
    const columns = Object.keys(value[0] as object).length
    return `${plural(value.length, 'row')} of ${plural(columns, 'column')}`
  }
  return `list of ${count.format(value.length)}`
}

function describeObject(value: object): string {
  const members = Object.entries(value)
  const scalars = members.filter(([, member]) => isScalar(member))
  const shown = scalars.map(([key, member]) => {
    return `${key} ${typeof member === 'number' ? formatNumber(member) : String(member)}`
  })
  const others = members
    .filter(([, member]) => !isScalar(member))
    .map(([key, member]) =>
      Array.isArray(member) ? `${key} (${count.format(member.length)})` : key,
    )
  return clip(`{ ${[...shown, ...others].join(', ')} }`, MAX)
}

function isScalar(value: unknown): boolean {
  return ['number', 'boolean', 'string', 'bigint'].includes(typeof value)
}

/** A number to six significant digits, without trailing zeros. */
function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)))
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function plural(n: number, noun: string): string {
  return `${count.format(n)} ${noun}${n === 1 ? '' : 's'}`
}
