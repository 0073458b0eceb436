import { parse, TomlDate, TomlError, type TomlValue } from 'smol-toml'
import { dvcError } from '../dvc-error.ts'
import type { DvcMap, DvcValue } from '../value/value.ts'

/** @throws StepwellError STEPWELL_DVC_PARAMS naming file, line and column */
export function parseToml(file: string, text: string): DvcMap {
  try {
    return mapOf(parse(text, { integersAsBigInt: true }))
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw dvcError(
      { file, line: error.line, column: error.column },
      {
        code: 'STEPWELL_DVC_PARAMS',
        summary: `the TOML cannot be read: ${error.message.split('\n')[0]}`,
        cause: error,
      },
    )
  }
}

function mapOf(table: object): DvcMap {
  return new Map(
    Object.entries(table as Readonly<Record<string, TomlValue>>).map(([key, value]) => [
      key,
      valueOf(value),
    ]),
  )
}

function valueOf(value: TomlValue): DvcValue {
  if (Array.isArray(value)) return value.map((item) => valueOf(item))
  if (value instanceof TomlDate) return { kind: 'date', text: dateText(value) }
  return typeof value === 'object' ? mapOf(value) : value
}

// As Python's `isoformat` with a blank: six digits of a second's fraction, or none.
function dateText(date: TomlDate): string {
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.(\d+)/, (_, digits: string) =>
      /^0+$/.test(digits) ? '' : `.${digits.padEnd(6, '0')}`,
    )
    .replace('Z', '+00:00')
}
