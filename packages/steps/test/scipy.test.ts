import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { contingencyOf } from '../src/contingency.ts'
import { driftOf } from '../src/drift.ts'
import { readCsv, type Rows } from '../src/index.ts'
import { contextOf, dataFile } from './support.ts'

interface Measured {
  readonly rows: readonly [number, number]
  readonly ks: number
  readonly wasserstein: number
  readonly chi2: number
  readonly df: number
  readonly cramersV: number
}

interface Fixtures {
  readonly real: readonly (Measured & {
    readonly file: string
    readonly column: string
    readonly where: string
    readonly before: string
    readonly after: string
  })[]
  readonly small: readonly (Measured & {
    readonly before: readonly number[]
    readonly after: readonly number[]
  })[]
}

const { real, small } = JSON.parse(
  readFileSync(new URL('data/scipy/fixtures.json', import.meta.url), 'utf8'),
) as Fixtures

const tables = new Map<string, Rows>()
function tableOf(file: string): Rows {
  const table = tables.get(file) ?? readCsv({ csv: dataFile(file) }, contextOf({ missing: ['NA'] }))
  tables.set(file, table)
  return table
}

function expectAgreement(before: Float64Array, after: Float64Array, expected: Measured): void {
  const { ks, wasserstein, chi2 } = driftOf(before, after, 10)
  const { statistic, df, cramersV } = contingencyOf(before, after)
  const found: Measured = {
    rows: [before.length, after.length],
    ks,
    wasserstein,
    chi2: statistic,
    df,
    cramersV,
  }
  for (const [name, value] of Object.entries(expected)) {
    const own: unknown = Reflect.get(found, name)
    if (typeof value !== 'number') continue
    const distance = Math.abs(Number(own) - value)
    expect(distance, `${name}: ${String(own)}, SciPy has ${value}`).toBeLessThanOrEqual(
      1e-9 * Math.max(1, Math.abs(value)),
    )
  }
  expect(found.rows).toEqual(expected.rows)
  // Categories are what has few values, and are told apart by the same numbers.
  expect(chi2).toEqual(new Set(before).size <= 24 ? { statistic, df, cramersV } : undefined)
}

describe('agrees with SciPy', () => {
  test.each(real)('$file, $column: $where $before against $after', (item) => {
    const part = (value: string): Float64Array =>
      Float64Array.from(
        tableOf(item.file).flatMap((row) => {
          const cell = row[item.column]
          return String(row[item.where]) === value && typeof cell === 'number' ? [cell] : []
        }),
      )
    expectAgreement(part(item.before), part(item.after), item)
  })

  test.each(small)('$before against $after', (item) => {
    // Not in order, since the rows of a table are in none.
    const mixed = (numbers: readonly number[]) => Float64Array.from(numbers).toReversed()
    expectAgreement(mixed(item.before), mixed(item.after), item)
  })
})
