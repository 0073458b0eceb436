import type { DvcDate, DvcKey } from '../value/value.ts'

// The implicit types of ruamel's YAML 1.2, tried in its order. They are not those of the YAML
// specification: there are underscores in numbers, `0b`, dates, and `012` is twelve.
const BOOL = /^(?:true|True|TRUE|false|False|FALSE)$/
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const INT = /^(?:[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+)$/
const NULL = /^(?:~|null|Null|NULL|)$/
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/
const TIME =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|([-+])(\d\d?)(?::(\d\d))?))?$/

/** What a plain scalar is: the text itself where it is nothing else. */
export function plainScalar(text: string): DvcKey | DvcDate {
  const first = text.charAt(0)
  if (first === '' || '~nN'.includes(first)) return NULL.test(text) ? null : text
  if ('tTfF'.includes(first)) return BOOL.test(text) ? text.toLowerCase() === 'true' : text
  if (!'-+.0123456789'.includes(first)) return text
  if (FLOAT.test(text)) return floatOf(text)
  if (INT.test(text)) return intOf(text) ?? text
  return dateOf(text) ?? text
}

/** Whether ruamel would read a plain scalar as something else than text, so that text needs quotes. */
export function looksTyped(text: string): boolean {
  return typeof plainScalar(text) !== 'string' || text === '<<' || text === '='
}

function floatOf(text: string): number {
  const plain = text.replaceAll('_', '').toLowerCase()
  const sign = plain.startsWith('-') ? -1 : 1
  const unsigned = plain.replace(/^[-+]/, '')
  if (unsigned === '.inf') return sign * Infinity
  return unsigned === '.nan' ? NaN : sign * Number(unsigned)
}

function intOf(text: string): bigint | undefined {
  const plain = text.replaceAll('_', '')
  const negative = plain.startsWith('-')
  const unsigned = plain.replace(/^[-+]/, '')
  if (!/^(?:0b[01]+|0o[0-7]+|0x[\da-f]+|\d+)$/i.test(unsigned)) return undefined
  // BigInt reads 0b, 0o and 0x as Python does; zeros in front of a decimal number mean nothing.
  const value = BigInt(/^0[box]/.test(unsigned) ? unsigned : unsigned.replace(/^0+(?=\d)/, ''))
  return negative ? -value : value
}

function dateOf(text: string): DvcDate | undefined {
  if (DATE.test(text)) return { kind: 'date', text }
  const match = TIME.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, zone, sign, zoneHour, zoneMinute] =
    match
  const two = (part: string | undefined): string => (part ?? '0').padStart(2, '0')
  const micros = (fraction ?? '').slice(0, 6).padEnd(6, '0')
  const shownFraction = micros === '000000' ? '' : `.${micros}`
  const offset =
    zone === undefined ? '' : zone === 'Z' ? '+00:00' : `${sign}${two(zoneHour)}:${two(zoneMinute)}`
  const date = `${year}-${two(month)}-${two(day)}`
  return {
    kind: 'date',
    text: `${date} ${two(hour)}:${minute}:${second}${shownFraction}${offset}`,
  }
}
