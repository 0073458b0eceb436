import { expect, test } from 'vitest'
import { collectTable, validateTable, type ValidateTableParams } from '../src/index.ts'
import { contextOf, rejectionOf, tableContextOf, written } from './support.ts'

const CSV = `id,age,mail,"it's",day
1,30,a@b,x,2020-01-01
2,-5,c@d,y,2020-01-02
2,200,broken,,2021-01-01
4,,e@f,z,2020-01-03
`

async function validated(params: ValidateTableParams, csv = CSV) {
  const context = tableContextOf({}, 'table')
  await collectTable({ csv: written(csv) }, context)
  return await validateTable({ table: context.out('table') }, contextOf(params))
}

test('a table that suits its schema passes, with proof', async () => {
  const columns = {
    id: { type: 'integer', min: 1, max: 4, nulls: 0 },
    age: { type: 'number', nulls: 0.25 },
    "it's": { allowed: ['x', 'y', 'z'] },
    day: { type: 'date', min: '2020-01-01' },
    none: { optional: true },
  } as const
  expect(await validated({ columns, rows: { min: 4, max: 4 } })).toEqual({
    valid: true,
    rows: 4,
    rules: 12,
  })
})

test('the report names each rule that is broken, how many rows, and examples', async () => {
  const error = await rejectionOf(
    validated({
      columns: {
        id: { unique: true, type: 'text' },
        age: { min: 0, max: 150, nulls: 0.1 },
        mail: { pattern: '.+@.+' },
        "it's": { allowed: ['x', "y'"] },
        day: { max: '2020-12-31' },
        none: { type: 'text' },
      },
      others: false,
      key: ['id', 'day'],
      rows: { min: 5, max: 10 },
    }),
  )
  expect(error.code).toBe('STEPWELL_TABLE_UNFIT')
  expect(error.message.split('\n')).toEqual([
    'table.parquet breaks 9 rules; ',
    '- rows: at least 5, there are 4',
    '- "id": type text, it is integer',
    '- "age": at least 0 (1 of 4 rows, "-5" in row 2)',
    '- "age": at most 150 (1 of 4 rows, "200" in row 3)',
    '- "age": at most 0.1 missing, it is 0.250 (1 of 4 rows)',
    '- "mail": matches .+@.+ (1 of 4 rows, "broken" in row 3)',
    `- "it's": one of "x", "y'" (2 of 4 rows, "y" in row 2, "z" in row 4)`,
    '- "day": at most 2020-12-31 (1 of 4 rows, "2021-01-01" in row 3)',
    '- "none": the column is missing',
  ])
})

test('values that occur twice, alone and together', async () => {
  const alone = await rejectionOf(validated({ columns: { id: { unique: true } } }))
  expect(alone.message).toContain('"id": unique (2 of 4 rows, "2" in 2 rows)')
  const key = await rejectionOf(validated({ key: ['a', 'b'] }, 'a,b\n1,x\n1,y\n1,x\n,x\n,x\n'))
  expect(key.message).toContain('key a, b: unique together (2 of 5 rows, "1", "x" in 2 rows)')
  expect(await validated({ key: ['id', 'day'] })).toMatchObject({ valid: true })
})

test('columns that nobody named', async () => {
  const error = await rejectionOf(validated({ columns: { id: {} }, others: false }))
  expect(error.message).toContain('there are also "age", "mail", "it\'s", "day"')
})

test('an allowed value is one of the column, not one like it', async () => {
  const error = await rejectionOf(
    validated({ columns: { a: { allowed: [1, 2.5] } } }, 'a\n1\n2.5\n3\n'),
  )
  expect(error.message).toContain('(1 of 3 rows, "3.0" in row 3)')
})

test('rules that make no sense are refused', async () => {
  const error = await rejectionOf(validated({ columns: { day: { min: 3 } } }))
  expect(error.code).toBe('STEPWELL_PARAM_INVALID')
  const typo = { columns: { id: { minimum: 3 } } } as ValidateTableParams
  expect((await rejectionOf(validated(typo))).message).toContain('column "id": no param "minimum"')
})
