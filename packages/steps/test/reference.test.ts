import { digestValue } from '@stepwell/engine/author'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { driftOf } from '../src/drift.ts'
import {
  dropMissing,
  evaluateRegression,
  readCsv,
  selectColumns,
  splitRows,
  trainRegression,
  type Row,
  type SplitRowsParams,
} from '../src/index.ts'
import { deviation, mean } from '../src/summary.ts'
import { numbersOf } from '../src/table.ts'
import { contextOf, dataFile, expectClose } from './support.ts'

interface Scores {
  readonly r2: number
  readonly rmse: number
  readonly mae: number
}

interface Split {
  readonly n_train: number
  readonly n_test: number
  readonly train: Scores
  readonly test: Scores
  readonly intercept: number
  readonly coef: readonly number[]
}

interface Reference {
  readonly sha256: string
  readonly rows: number
  readonly columns: readonly string[]
  readonly missing_tokens: readonly string[]
  readonly missing_cells: Readonly<Record<string, number>>
  readonly target: string
  readonly features: readonly string[]
  readonly rows_used: number
  readonly rows_dropped: number
  readonly stats_on_used_rows: Readonly<
    Record<string, { min: number; max: number; mean: number; sd: number }>
  >
  readonly S1: Split
  readonly S2: Split
  readonly drift_first80_vs_last20: Readonly<
    Record<string, { mean_first80: number; mean_last20: number; ks: number }>
  >
}

const references = JSON.parse(
  readFileSync(new URL('data/reference.json', import.meta.url), 'utf8'),
) as Record<string, Reference>

const SPLITS: Readonly<Record<'S1' | 'S2', SplitRowsParams>> = {
  S1: { by: 'fraction', train: 0.8 },
  S2: { by: 'index', every: 5, remainder: 4 },
}

test('every data set of the reference is here', () => {
  expect(Object.keys(references)).toHaveLength(8)
})

describe.each(Object.entries(references))('%s', (name, reference) => {
  const { features, target, missing_tokens: tokens } = reference
  const columns = [...features, target]
  const all = readCsv({ csv: dataFile(name) }, contextOf({ missing: ['', ...tokens] }))
  const cleaning = contextOf({ columns })
  const used = dropMissing({ rows: all }, cleaning)
  const rows: Row[] = selectColumns({ rows: used }, contextOf({ columns }))

  test('is the file of the reference', () => {
    const bytes = dataFile(name).bytes()
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(reference.sha256)
  })

  test('is read and cleaned to the same rows', () => {
    expect(all).toHaveLength(reference.rows)
    const named = reference.columns.map((column) => column.replace('Unnamed: 15', 'column_16'))
    expect(Object.keys(all[0] ?? {})).toEqual(
      named.map((column) => column.replace('Unnamed: 16', 'column_17')),
    )
    expect(rows).toHaveLength(reference.rows_used)
    expect(cleaning.metrics.get('dropped')).toBe(reference.rows_dropped)
    for (const column of columns) {
      const missing = reference.missing_cells[column]
      expect(cleaning.metrics.get(`missing.${column}`)).toBe(missing)
      const numbers = numbersOf(rows, column)
      const stats = reference.stats_on_used_rows[column]
      expect(Math.min(...numbers)).toBe(stats?.min)
      expect(Math.max(...numbers)).toBe(stats?.max)
      expectClose(mean(numbers), stats?.mean ?? Number.NaN, 1e-9)
      const n = numbers.length
      const sd = deviation(numbers, mean(numbers)) * Math.sqrt(n / (n - 1))
      expectClose(sd, stats?.sd ?? Number.NaN, 1e-9)
    }
  })

  test('declaring the tokens in dropMissing comes to the same', () => {
    const raw = readCsv({ csv: dataFile(name) }, contextOf({ missing: [] }))
    const dropped = dropMissing({ rows: raw }, contextOf({ columns, tokens }))
    expect(selectColumns({ rows: dropped }, contextOf({ columns }))).toEqual(rows)
  })

  test.each(['S1', 'S2'] as const)('%s: the same model and scores', async (split) => {
    const expected = reference[split]
    const { train, test: rest } = splitRows({ rows }, contextOf(SPLITS[split]))
    expect([train.length, rest.length]).toEqual([expected.n_train, expected.n_test])

    const params = { kind: 'linear', features, target } as const
    const model = trainRegression({ rows: train }, contextOf(params))
    if (!('intercept' in model)) throw new Error('not the kind asked for')
    expect(model.rows).toBe(expected.n_train)
    expectClose(model.intercept, expected.intercept, 1e-6)
    expect(model.coefficients).toHaveLength(expected.coef.length)
    for (const [index, coefficient] of expected.coef.entries()) {
      expectClose(model.coefficients[index] ?? Number.NaN, coefficient, 1e-6)
    }
    for (const [part, scored] of [
      ['train', train],
      ['test', rest],
    ] as const) {
      const context = contextOf({})
      const metrics = await evaluateRegression({ model, rows: scored }, context)
      expect(metrics.n).toBe(scored.length)
      for (const score of ['r2', 'rmse', 'mae'] as const) {
        expectClose(metrics[score], expected[part][score], 1e-6)
        expect(context.metrics.get(score)).toBe(metrics[score])
      }
    }
    const { r2, rmse, mae } = await evaluateRegression({ model, rows: train }, contextOf({}))
    expect(model.residuals).toMatchObject({ r2, rmse, mae })
    const again = trainRegression({ rows: train }, contextOf(params))
    expect(digestValue(again)).toBe(digestValue(model))
  })

  test('the same drift between the parts of S1', () => {
    const { train, test: rest } = splitRows({ rows }, contextOf(SPLITS.S1))
    for (const [column, expected] of Object.entries(reference.drift_first80_vs_last20)) {
      const drift = driftOf(numbersOf(train, column), numbersOf(rest, column), 10)
      expectClose(drift.meanBefore, expected.mean_first80, 1e-9)
      expectClose(drift.meanAfter, expected.mean_last20, 1e-9)
      expect(Math.abs(drift.ks - expected.ks)).toBeLessThan(1e-9)
    }
  })
})
