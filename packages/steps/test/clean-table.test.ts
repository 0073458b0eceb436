import { describe, expect, test } from 'vitest'
import {
  applyTransform,
  cleanTable,
  collectTable,
  fitTransform,
  type CleanOperation,
  type FitOperation,
  type Transform,
} from '../src/index.ts'
import { contextOf, rejectionOf, rowsOf, tableContextOf, written } from './support.ts'

async function tableOf(csv: string) {
  const context = tableContextOf({ missing: ['', 'NA'] }, 'table')
  await collectTable({ csv: written(csv) }, context)
  return context.out('table')
}

async function cleaned(csv: string, ...operations: CleanOperation[]) {
  const context = tableContextOf({ operations }, 'table')
  await cleanTable({ table: await tableOf(csv) }, context)
  return await rowsOf(context.out('table'))
}

async function failing(csv: string, ...operations: CleanOperation[]) {
  return await rejectionOf(cleaned(csv, ...operations))
}

describe('cleanTable', () => {
  test('drops rows with missing values, in any column or in some', async () => {
    const csv = 'a,b\n1,x\n,y\n3,\n4,z\n'
    expect(await cleaned(csv, { op: 'dropMissing' })).toEqual([
      { a: 1, b: 'x' },
      { a: 4, b: 'z' },
    ])
    expect(await cleaned(csv, { op: 'dropMissing', columns: ['a'] })).toHaveLength(3)
    expect((await failing('a,b\n1,\n', { op: 'dropMissing' })).code).toBe('STEPWELL_ROWS_NONE')
  })

  test('drops duplicates, keeps the first, and the order', async () => {
    const csv = 'a,b\n2,x\n1,x\n2,x\n2,y\n,x\n,x\n'
    expect(await cleaned(csv, { op: 'dropDuplicates' })).toEqual([
      { a: 2, b: 'x' },
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
      { a: null, b: 'x' },
    ])
    expect(await cleaned(csv, { op: 'dropDuplicates', columns: ['b'] })).toEqual([
      { a: 2, b: 'x' },
      { a: 2, b: 'y' },
    ])
  })

  test('keeps the order of many rows', async () => {
    const csv = `id,g\n${Array.from({ length: 5000 }, (_, i) => `${i},${i % 1000}`).join('\n')}\n`
    const rows = await cleaned(csv, { op: 'dropDuplicates', columns: ['g'] })
    expect(rows.map((row) => row['id'])).toEqual(Array.from({ length: 1000 }, (_, id) => id))
  })

  test('marks tokens as missing, and fills in a constant', async () => {
    const csv = 'a,b\n-200,x\n7,-200.0\n'
    expect(
      await cleaned(
        csv,
        { op: 'missing', tokens: ['-200', ' x '] },
        { op: 'fill', values: { a: 0.5, b: "it's" } },
      ),
    ).toEqual([
      { a: 0.5, b: "it's" },
      { a: 7, b: "it's" },
    ])
  })

  test('coerces, and says which cell does not suit', async () => {
    const csv = 'a,d\n007,3/10/2004\nx,3/11/2004\n'
    const error = await failing(csv, { op: 'coerce', types: { a: 'integer' } })
    expect(error.code).toBe('STEPWELL_CELL_TYPE')
    expect(error.message).toContain(
      '"a" cannot become integer; 1 cells do not suit; the first is "x" in row 2',
    )
    const operation: CleanOperation = {
      op: 'coerce',
      types: { a: 'integer', d: 'date' },
      formats: { d: '%m/%d/%Y' },
      otherwise: 'missing',
    }
    expect(await cleaned(csv, operation)).toEqual([
      { a: 7, d: '2004-03-10' },
      { a: null, d: '2004-03-11' },
    ])
  })

  test('normalises text, also its Unicode form', async () => {
    const csv = 't\n"  Cafe\u0301   Noir\u00a0"\nMÄR\n'
    const operation: CleanOperation = {
      op: 'normalise',
      columns: ['t'],
      case: 'lower',
      replace: { mär: 'march' },
    }
    expect(await cleaned(csv, operation)).toEqual([{ t: 'caf\u00e9 noir' }, { t: 'march' }])
  })

  test('selects, renames and filters, whatever the names are', async () => {
    const csv = `"it's","a ""b""",__proto__\n1,2,3\n4,5,6\n`
    expect(
      await cleaned(
        csv,
        { op: 'where', sql: `"a ""b""" > 2 -- all of them` },
        { op: 'select', columns: ['__proto__', `it's`] },
        { op: 'rename', names: { [`it's`]: '"; DROP' } },
      ),
    ).toEqual([
      Object.fromEntries([
        ['__proto__', 6],
        ['"; DROP', 4],
      ]),
    ])
  })

  test('refuses what it does not know', async () => {
    expect((await failing('a\n1\n', { op: 'where', sql: 'nope > 1' })).code).toBe('STEPWELL_SQL')
    expect((await failing('a\n1\n', { op: 'select', columns: ['b'] })).code).toBe(
      'STEPWELL_COLUMN_UNKNOWN',
    )
    const odd = await failing('a\n1\nNA\n', { op: 'fill', values: { a: 'x' } })
    expect(odd.code).toBe('STEPWELL_TABLE_WORK')
    const twice: CleanOperation = { op: 'rename', names: { a: 'B' } }
    expect((await failing('a,b\n1,2\n', twice)).code).toBe('STEPWELL_TABLE_COLUMN')
    const wrong = { op: 'select', columns: ['a'], names: {} } as unknown as CleanOperation
    expect((await failing('a\n1\n', wrong)).message).toContain(
      'operations[0] (select): no param "names"',
    )
    expect((await failing('a\n1\n', { op: 'none' } as unknown as CleanOperation)).code).toBe(
      'STEPWELL_PARAM_INVALID',
    )
  })
})

async function fitted(csv: string, ...operations: FitOperation[]): Promise<Transform> {
  return await fitTransform({ table: await tableOf(csv) }, contextOf({ operations }))
}

async function applied(transform: Transform, csv: string) {
  const context = tableContextOf({}, 'table')
  // As it comes back from an artifact.
  const stored = JSON.parse(JSON.stringify(transform)) as Transform
  await applyTransform({ table: await tableOf(csv), transform: stored }, context)
  return await rowsOf(context.out('table'))
}

describe('a transform', () => {
  test('knows the part that it was fitted on, and nothing of the rest', async () => {
    const transform = await fitted(
      'a,b\n1,x\n2,x\n6,y\nNA,NA\n',
      {
        op: 'impute',
        columns: ['a'],
        by: 'mean',
      },
      { op: 'impute', columns: ['b'], by: 'mode' },
    )
    expect(transform).toEqual({
      kind: 'transform',
      rows: 4,
      operations: [
        { op: 'impute', column: 'a', value: 3 },
        { op: 'impute', column: 'b', value: 'x' },
      ],
    })
    expect(await applied(transform, 'a,b\n100,y\nNA,NA\n')).toEqual([
      { a: 100, b: 'y' },
      { a: 3, b: 'x' },
    ])
  })

  test('fills in medians, also between integers', async () => {
    const transform = await fitted('a\n1\n2\n3\n10\n', {
      op: 'impute',
      columns: ['a'],
      by: 'median',
    })
    expect(await applied(transform, 'a,b\n,1\n1,1\n')).toEqual([
      { a: 2.5, b: 1 },
      { a: 1, b: 1 },
    ])
  })

  // By scikit-learn's definitions: StandardScaler divides by n, RobustScaler takes type 7 quartiles.
  test.each([
    ['standard', 3.75, Math.sqrt(9.6875)],
    ['minmax', 1, 8],
    ['robust', 2.5, 2.75],
  ] as const)('scales: %s', async (by, center, scale) => {
    const transform = await fitted('a,c\n1,5\n2,5\n3,5\n9.000,5\n', {
      op: 'scale',
      columns: ['a', 'c'],
      by,
    })
    const [a, c] = transform.operations
    expect(a).toMatchObject({ op: 'scale', column: 'a' })
    expect(c).toEqual({ op: 'scale', column: 'c', center: 5, scale: 1 })
    const [row] = await applied(transform, 'a,c\n4,7\n')
    expect(row?.['a']).toBeCloseTo((4 - center) / scale, 12)
    expect(row?.['c']).toBe(2)
  })

  test('bounds outliers by what it learned', async () => {
    const csv = `a\n${[1, 2, 3, 4, 100].join('\n')}\n`
    const iqr = await fitted(csv, { op: 'outliers', columns: ['a'], by: 'iqr' })
    expect(iqr.operations).toEqual([
      { op: 'outliers', column: 'a', low: -1, high: 7, action: 'clip' },
    ])
    const rows = 'a,b\n-5,1\n3,1\n,1\n50,1\n'
    expect((await applied(iqr, rows)).map((row) => row['a'])).toEqual([-1, 3, null, 7])
    const missing = await fitted(csv, {
      op: 'outliers',
      columns: ['a'],
      by: 'iqr',
      action: 'missing',
    })
    expect((await applied(missing, rows)).map((row) => row['a'])).toEqual([null, 3, null, null])
    const drop = await fitted(csv, { op: 'outliers', columns: ['a'], by: 'iqr', action: 'drop' })
    expect((await applied(drop, rows)).map((row) => row['a'])).toEqual([3, null])
    const z = await fitted(csv, { op: 'outliers', columns: ['a'], by: 'zscore', factor: 1 })
    const [bounds] = z.operations
    expect(bounds?.op === 'outliers' ? [bounds.low, bounds.high] : []).toEqual([
      expect.closeTo(22 - Math.sqrt(1522), 9),
      expect.closeTo(22 + Math.sqrt(1522), 9),
    ])
  })

  test('encodes categories, and meets new ones', async () => {
    const csv = `c\n"it's"\na\nA\n\na\n`
    const hot = await fitted(csv.replace('\n\n', '\nNA\n'), { op: 'oneHot', columns: ['c'] })
    expect(await applied(hot, `c,x\na,1\nnew,2\nNA,3\n"it's",4\n`)).toEqual([
      { 'c=A': 0, 'c=a_': 1, "c=it's": 0, x: 1 },
      { 'c=A': 0, 'c=a_': 0, "c=it's": 0, x: 2 },
      { 'c=A': 0, 'c=a_': 0, "c=it's": 0, x: 3 },
      { 'c=A': 0, 'c=a_': 0, "c=it's": 1, x: 4 },
    ])
    const sizes = await fitted(csv, {
      op: 'ordinal',
      columns: ['c'],
      categories: ['low', 'high'],
      unknown: 'missing',
    })
    expect(await applied(sizes, 'c\nhigh\nlow\nnone\n')).toEqual([{ c: 1 }, { c: 0 }, { c: null }])
    const strict = await fitted(csv, { op: 'ordinal', columns: ['c'], unknown: 'fail' })
    const error = await rejectionOf(applied(strict, 'c\na\nnew\nnew\n'))
    expect(error.code).toBe('STEPWELL_CATEGORY_UNKNOWN')
    expect(error.message).toContain('"new" (2 rows)')
  })

  test('learns each operation on what those before it leave', async () => {
    const transform = await fitted(
      'a\n0\n10\nNA\nNA\n',
      { op: 'impute', columns: ['a'], by: 'median' },
      { op: 'scale', columns: ['a'], by: 'standard' },
    )
    expect(transform.operations[1]).toEqual({
      op: 'scale',
      column: 'a',
      center: 5,
      scale: Math.sqrt(12.5),
    })
  })

  test('says what it cannot learn from', async () => {
    const nothing = rejectionOf(fitted('a,b\nNA,1\n', { op: 'impute', columns: ['a'], by: 'mode' }))
    expect((await nothing).code).toBe('STEPWELL_CELL_MISSING')
    const text = rejectionOf(fitted('a\nx\n', { op: 'scale', columns: ['a'], by: 'minmax' }))
    expect((await text).code).toBe('STEPWELL_CELL_NOT_NUMBER')
    const many = Array.from({ length: 1001 }, (_, index) => `v${index}`).join('\n')
    const categories = rejectionOf(fitted(`a\n${many}\n`, { op: 'oneHot', columns: ['a'] }))
    expect((await categories).code).toBe('STEPWELL_CATEGORIES_MANY')
    const context = tableContextOf({}, 'table')
    const transform = { operations: [] } as unknown as Transform
    const none = applyTransform({ table: await tableOf('a\n1\n'), transform }, context)
    expect((await rejectionOf(none)).code).toBe('STEPWELL_TRANSFORM_INVALID')
  })
})
