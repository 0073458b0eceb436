import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  applyTransform,
  cleanTable,
  collectTable,
  fitTransform,
  openTable,
  splitTable,
  trainRegression,
  validateTable,
  type ColumnRules,
  type FitOperation,
  type Row,
} from '../src/index.ts'
import { contextOf, dataSet, expectClose, rejectionOf, tableContextOf } from './support.ts'

interface Part {
  readonly n_train: number
  readonly n_test: number
  readonly intercept: number
  readonly coef: readonly number[]
}

interface Reference {
  readonly rows: number
  readonly missing_tokens: readonly string[]
  readonly missing_cells: Readonly<Record<string, number>>
  readonly duplicate_rows: number
  readonly target: string
  readonly features: readonly string[]
  readonly rows_used: number
  readonly stats_on_used_rows: Readonly<
    Record<string, { min: number; max: number; mean: number; sd: number }>
  >
  readonly S1: Part
  readonly S2: Part
  readonly drift_first80_vs_last20: Readonly<
    Record<string, { mean_first80: number; mean_last20: number }>
  >
}

const references = JSON.parse(
  readFileSync(new URL('data/reference.json', import.meta.url), 'utf8'),
) as Record<string, Reference>

const MESSY = ['air-quality-uci.csv', 'penguins-raw.csv', 'california-housing.csv', 'auto-mpg.csv']

function referenceOf(name: string): Reference {
  const reference = references[name]
  if (reference === undefined) throw new Error(`no reference for ${name}`)
  return reference
}

async function collected(name: string) {
  const context = tableContextOf({ missing: ['', ...referenceOf(name).missing_tokens] }, 'table')
  const summary = await collectTable({ csv: dataSet(name) }, context)
  return { summary, table: context.out('table') }
}

async function used(name: string) {
  const { features, target } = referenceOf(name)
  const columns = [...features, target]
  const context = tableContextOf(
    { operations: [{ op: 'select', columns } as const, { op: 'dropMissing' } as const] },
    'table',
  )
  const { table } = await collected(name)
  await cleanTable({ table }, context)
  return context.out('table')
}

describe.each(MESSY)('%s', (name) => {
  const reference = referenceOf(name)
  const columns = [...reference.features, reference.target]

  test('is collected whole, and its missing cells are known', async () => {
    const { summary, table } = await collected(name)
    expect(summary).toMatchObject({ rows: reference.rows, rejected: 0 })
    for (const column of columns) expect(['integer', 'number']).toContain(summary.columns[column])
    await using handle = await openTable(table)
    for (const [column, count] of Object.entries(reference.missing_cells)) {
      const named = column.replace('Unnamed: 15', 'column_16').replace('Unnamed: 16', 'column_17')
      const values = await handle.values(named)
      expect(
        values.filter((value) => value === null),
        column,
      ).toHaveLength(count)
    }
  })

  test('loses its duplicates, no more and no fewer', async () => {
    const context = tableContextOf({ operations: [{ op: 'dropDuplicates' } as const] }, 'table')
    const { table } = await collected(name)
    expect(await cleanTable({ table }, context)).toEqual({
      rows: reference.rows - reference.duplicate_rows,
      dropped: reference.duplicate_rows,
    })
  })

  test('is cleaned to the rows and numbers of the reference, and is valid then', async () => {
    const table = await used(name)
    const rules = Object.fromEntries(
      columns.map((column): [string, ColumnRules] => {
        const { min, max } = reference.stats_on_used_rows[column] ?? {}
        return [
          column,
          { type: 'number', nulls: 0, ...(min === undefined ? {} : { min, max }) } as ColumnRules,
        ]
      }),
    )
    const rows = { min: reference.rows_used, max: reference.rows_used }
    const context = contextOf({ columns: rules, others: false, rows })
    expect(await validateTable({ table }, context)).toMatchObject({ valid: true })
    await using handle = await openTable(table)
    for (const column of columns) {
      const quoted = `"${column}"`
      const [found] = await handle.query(
        `SELECT avg(${quoted}) AS mean, stddev_samp(${quoted}) AS sd FROM data`,
      )
      const stats = reference.stats_on_used_rows[column]
      expectClose(Number(found?.['mean']), stats?.mean ?? Number.NaN, 1e-9)
      expectClose(Number(found?.['sd']), stats?.sd ?? Number.NaN, 1e-9)
    }
  })

  test('is not valid before', async () => {
    const { table } = await collected(name)
    const rules = Object.fromEntries(columns.map((column) => [column, { nulls: 0 }]))
    const error = await rejectionOf(validateTable({ table }, contextOf({ columns: rules })))
    for (const column of columns) {
      const missing = reference.missing_cells[column]
      if (missing === undefined) continue
      const share = (missing / reference.rows).toPrecision(3)
      expect(error.message).toContain(
        `${JSON.stringify(column)}: at most 0 missing, it is ${share} (${missing} of ${reference.rows} rows)`,
      )
    }
  })

  test.each(['S1', 'S2'] as const)(
    '%s: the parts, and the model on them, are those of the reference',
    async (way) => {
      const params = {
        S1: { by: 'fraction', train: 0.8 },
        S2: { by: 'index', every: 5, remainder: 4 },
      } as const
      const context = tableContextOf(params[way], 'train', 'test')
      const expected = reference[way]
      expect(await splitTable({ table: await used(name) }, context)).toEqual({
        train: expected.n_train,
        test: expected.n_test,
      })
      await using train = await openTable(context.out('train'))
      const rows = (await train.query('SELECT * FROM data')) as readonly Row[]
      const { features, target } = reference
      const model = trainRegression({ rows }, contextOf({ kind: 'linear', features, target }))
      if (!('intercept' in model)) throw new Error('not the kind asked for')
      expectClose(model.intercept, expected.intercept, 1e-6)
      for (const [index, coefficient] of expected.coef.entries()) {
        expectClose(model.coefficients[index] ?? Number.NaN, coefficient, 1e-6)
      }
    },
  )

  test('a transform that is fitted on the first part knows its numbers alone', async () => {
    const context = tableContextOf({ by: 'fraction', train: 0.8 } as const, 'train', 'test')
    await splitTable({ table: await used(name) }, context)
    const operations: FitOperation[] = [{ op: 'scale', columns, by: 'standard' }]
    const table = context.out('train')
    const transform = await fitTransform({ table }, contextOf({ operations }))
    const drift = reference.drift_first80_vs_last20
    const scales = new Map<string, number>()
    for (const fitted of transform.operations) {
      if (fitted.op !== 'scale') throw new Error('not what was asked for')
      expectClose(fitted.center, drift[fitted.column]?.mean_first80 ?? Number.NaN, 1e-6)
      scales.set(fitted.column, fitted.scale)
    }
    const applied = tableContextOf({}, 'table')
    await applyTransform({ table: context.out('test'), transform }, applied)
    await using rest = await openTable(applied.out('table'))
    for (const column of columns) {
      const { mean_first80: before, mean_last20: after } = drift[column] ?? {
        mean_first80: Number.NaN,
        mean_last20: Number.NaN,
      }
      const [found] = await rest.query(`SELECT avg("${column}") AS mean FROM data`)
      const moved = (after - before) / (scales.get(column) ?? Number.NaN)
      expect(Math.abs(Number(found?.['mean']) - moved)).toBeLessThan(1e-6)
    }
  })
})
