import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { collectTable, readCsv, type DeclaredType } from '../src/index.ts'
import { contextOf, rowsOf, tableContextOf, written } from './support.ts'

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
const cell = fc.oneof(
  fc.constantFrom(
    '',
    'NA',
    ' NA ',
    '-9',
    '-9.0',
    '1',
    '2.5',
    '-0.5e3',
    '007',
    '+1',
    '.5',
    '3.',
    '1e400',
  ),
  fc.constantFrom(
    '0x10',
    'Infinity',
    'nan',
    '1_000',
    '9007199254740993',
    '12345678901234567890',
    '1,5',
  ),
  fc.constantFrom(
    'true',
    "it's",
    'a "b"',
    'x\ny',
    'x\r\ny',
    'é',
    '\u{1f40c}',
    ' x ',
    '\\',
    '\\N',
    'NULL',
    '#',
  ),
)
const table = fc.integer({ min: 1, max: 4 }).chain((width) =>
  fc.array(fc.array(cell, { minLength: width, maxLength: width }), {
    minLength: 1,
    maxLength: 6,
  }),
)

test('law: collectTable reads what readCsv reads', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.boolean(),
      fc.constantFrom(['', 'NA'], ['', '-9'], []),
      async (lines, quoteAll, missing) => {
        const names = lines[0]?.map((_, index) => `c${index}`) ?? []
        const plain = (text: string): string =>
          quoteAll || /["\n\r,]/.test(text) || text === '' ? quoted(text) : text
        const text = [names, ...lines].map((line) => line.map(plain).join(',')).join('\n')
        const rows = readCsv({ csv: written(text) }, contextOf({ missing }))
        const context = tableContextOf({ missing }, 'table')
        const { columns } = await collectTable({ csv: written(text) }, context)
        const collected = await rowsOf(context.out('table'))
        expect(collected).toHaveLength(rows.length)
        for (const [index, row] of rows.entries()) {
          for (const name of names) {
            const found = collected[index]?.[name]
            // Readers of rows know no truth values.
            const same = typeof found === 'boolean' ? String(found) : found
            expect(same, JSON.stringify(text)).toEqual(row[name])
          }
        }
        // With all types declared it is another way of reading.
        const types = columns as Record<string, DeclaredType>
        const declared = tableContextOf({ missing, types }, 'table')
        await collectTable({ csv: written(text) }, declared)
        expect(declared.out('table').bytes(), JSON.stringify(text)).toEqual(
          context.out('table').bytes(),
        )
      },
    ),
    { numRuns: 60 },
  )
})
