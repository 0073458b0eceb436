import { gzipSync } from 'node:zlib'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { collectTable, openTable, type CollectTableParams } from '../src/index.ts'
import { projectDir, realFile, rejectionOf, rowsOf, tableContextOf, written } from './support.ts'

async function collected(
  content: string | Uint8Array,
  params: CollectTableParams = {},
  path?: string,
) {
  const context = tableContextOf(params, 'table', 'rejected')
  const summary = await collectTable({ csv: written(content, path) }, context)
  return {
    summary,
    rows: await rowsOf(context.out('table')),
    rejected: await rowsOf(context.out('rejected')),
  }
}

describe('types', () => {
  test('are those that suit all cells, and nothing is lost', async () => {
    const { summary, rows } = await collected(
      'i,n,code,big,b,d,at,t,none\n' +
        '1,1.5,007,12345678901234567890,true,2020-02-29,2020-01-02 10:00:00,10:00,\n' +
        ' -2 ,.5e3,1,1,FALSE,2020-01-01,2020-01-02T10:00:00.25,10:00:01,\n',
    )
    expect(summary).toEqual({
      rows: 2,
      rejected: 0,
      columns: {
        i: 'integer',
        n: 'number',
        code: 'text',
        big: 'text',
        b: 'boolean',
        d: 'date',
        at: 'timestamp',
        t: 'time',
        none: 'text',
      },
    })
    expect(rows[1]).toEqual({
      i: -2,
      n: 500,
      code: '1',
      big: '1',
      b: false,
      d: '2020-01-01',
      at: new Date('2020-01-02T10:00:00.250Z'),
      t: '10:00:01',
      none: null,
    })
  })

  test('that are declared decide, and an integer is never rounded', async () => {
    const params = { types: { a: 'integer', b: 'text' }, missing: ['', '-200'] } as const
    const { rows, rejected } = await collected(
      'a,b\n9223372036854775807,1\n1.5,x\n-200.0,-200\n',
      params,
    )
    expect(rows).toEqual([
      { a: 9223372036854775807n, b: '1' },
      { a: null, b: null },
    ])
    expect(rejected).toEqual([
      {
        file: 'table.csv',
        line: null,
        row: 2,
        column: 'a',
        value: '1.5',
        reason: 'is not of type integer',
        record: '{"a":"1.5","b":"x"}',
      },
    ])
  })

  test('all declared, in one pass, come to the same as in several', async () => {
    const csv = 'a,b,c\n1, x ,2.5\nNA,NA,NA\n 3 , NA ,-9.0\n'
    const types = { a: 'integer', b: 'text', c: 'number' } as const
    const params = { types, missing: ['NA', '-9'] }
    const fast = tableContextOf(params, 'table')
    await collectTable({ csv: written(csv) }, fast)
    const slow = tableContextOf({ ...params, types: { a: 'integer', b: 'text' } as const }, 'table')
    await collectTable({ csv: written(csv) }, slow)
    expect(await rowsOf(fast.out('table'))).toEqual([
      { a: 1, b: ' x ', c: 2.5 },
      { a: null, b: null, c: null },
      { a: 3, b: null, c: null },
    ])
    expect(fast.out('table').bytes()).toEqual(slow.out('table').bytes())
  })

  test('a format tells dates apart', async () => {
    const params = { types: { d: 'date' }, formats: { d: '%m/%d/%Y' } } as const
    const { rows, rejected } = await collected('d\n3/10/2004\n13/1/2004\n', params)
    expect(rows).toEqual([{ d: '2004-03-10' }])
    expect(rejected).toMatchObject([{ row: 2, column: 'd', value: '13/1/2004' }])
  })
})

describe('rejected rows', () => {
  const bad = 'a,b\n1,2\n1\n1,2,3\nx,4\n5,6\n'

  test('are set aside, each with its reason', async () => {
    const { summary, rows, rejected } = await collected(bad, {
      types: { a: 'integer', b: 'integer' },
    })
    expect(summary).toMatchObject({ rows: 2, rejected: 3 })
    expect(rows).toEqual([
      { a: 1, b: 2 },
      { a: 5, b: 6 },
    ])
    expect(rejected).toMatchObject([
      { line: 3, record: '1' },
      { line: 4, record: '1,2,3' },
      { row: 2, column: 'a', value: 'x', reason: 'is not of type integer' },
    ])
  })

  test('fail a step that has no place for them', async () => {
    const context = tableContextOf({}, 'table')
    const error = await rejectionOf(collectTable({ csv: written(bad) }, context))
    expect(error.code).toBe('STEPWELL_ROWS_REJECTED')
    expect(error.message).toContain('table.csv: line 3')
  })

  test('bytes that are no UTF-8 are rejected, or read as what they are', async () => {
    const latin = Buffer.from('a,b\n1,café\n2,x\n', 'latin1')
    expect((await collected(latin)).rejected).toMatchObject([{ line: 2 }])
    expect((await collected(latin, { encoding: 'windows-1252' })).rows[0]).toEqual({
      a: 1,
      b: 'café',
    })
    const wide = Buffer.from('\ufeffa,b\n1,é\n', 'utf16le')
    expect((await collected(wide, { encoding: 'utf-16le' })).rows).toEqual([{ a: 1, b: 'é' }])
    const context = tableContextOf({ encoding: 'shift_jis' }, 'table')
    const error = await rejectionOf(
      collectTable({ csv: written(Uint8Array.of(97, 10, 255, 255, 10)) }, context),
    )
    expect(error.code).toBe('STEPWELL_INPUT_ENCODING')
  })
})

describe('files', () => {
  test('in all formats come to the same table', async () => {
    const csv = await collected('a,b\n1,x\n2,\n')
    const same: [string | Uint8Array, string][] = [
      ['\ufeffa,b\r\n1,x\r\n2,\r\n', 'table.csv'],
      ['a\tb\n1\tx\n2\t\n', 'table.tsv'],
      ['[{"a":1,"b":"x"},{"a":2}]', 'table.json'],
      ['{"a":1,"b":"x"}\n{"a":2,"b":null}\n', 'table.ndjson'],
      [gzipSync('a,b\n1,x\n2,\n'), 'table.csv.gz'],
      [gzipSync('{"a":1,"b":"x"}\n{"a":2}\n'), 'table.jsonl.gz'],
    ]
    for (const [content, path] of same) {
      const other = await collected(content, {}, path)
      expect(other, path).toEqual(csv)
    }
    const again = tableContextOf({}, 'table')
    const first = tableContextOf({}, 'table')
    await collectTable({ csv: written('a,b\n1,x\n2,\n') }, first)
    await collectTable({ parquet: first.out('table') }, again)
    expect(again.out('table').bytes()).toEqual(first.out('table').bytes())
  })

  test('of a glob are one table, in their order; other columns are refused', async () => {
    const files = ['a,b\n1,2\n', 'a,b\n3,x\n'].map((text, index) => written(text, `${index}.csv`))
    const context = tableContextOf({}, 'table')
    await collectTable({ days: files }, context)
    expect(await rowsOf(context.out('table'))).toEqual([
      { a: 1, b: '2' },
      { a: 3, b: 'x' },
    ])
    const error = await rejectionOf(
      collectTable(
        { days: [...files, written('a,c\n1,2\n', '2.csv')] },
        tableContextOf({}, 'table'),
      ),
    )
    expect(error.code).toBe('STEPWELL_CSV_HEADER')
    expect(error.message).toContain('2.csv')
  })

  test('whose lines end in other ways lose none; within one file that is refused', async () => {
    const files = ['a,b\n1,2\n', 'a,b\r\n3,4\r\n', 'a,b\r5,6\r7,8', 'a,b\n\n9,10'].map(
      (text, index) => written(text, `${index}.csv`),
    )
    for (const params of [{}, { types: { a: 'integer', b: 'integer' } } as const]) {
      const context = tableContextOf(params, 'table')
      await collectTable({ files }, context)
      expect((await rowsOf(context.out('table'))).map((row) => row['a'])).toEqual([1, 3, 5, 7, 9])
    }
    for (const text of ['a,b\r\n1,2\n3,4\r\n', 'a,b\n1,2\r\n3,4\n']) {
      const context = tableContextOf({}, 'table')
      const error = await rejectionOf(collectTable({ csv: written(text) }, context))
      expect(error.code).toBe('STEPWELL_CSV_SYNTAX')
    }
  })

  test('without a header line are given their names', async () => {
    const { rows } = await collected('1,1\n2,2\n', { columns: ['a', 'b'] })
    expect(rows).toEqual([
      { a: 1, b: 1 },
      { a: 2, b: 2 },
    ])
  })

  test('JSON that is none is rejected by the line, and nested members stay text', async () => {
    const { rows, rejected } = await collected(
      '{"a/b~c":{"d":[1]},"e":"007"}\n\nbroken\n[1]\n{"e":"x","$x":2}\n',
      {},
      'table.ndjson',
    )
    expect(rows).toEqual([
      { 'a/b~c': '{"d":[1]}', e: '007', $x: null },
      { 'a/b~c': null, e: 'x', $x: 2 },
    ])
    expect(rejected).toMatchObject([
      { line: 3, record: 'broken' },
      { line: 4, record: '[1]' },
    ])
    for (const broken of ['[{"a":1},', '{"a":1}', '[{"a":1}] x', '[1]']) {
      const context = tableContextOf({}, 'table')
      const error = await rejectionOf(collectTable({ a: written(broken, 'a.json') }, context))
      expect(error.code).toBe('STEPWELL_JSON_SYNTAX')
    }
  })

  test('with hostile names, of columns and files, are read as any other', async () => {
    const names = [`it's`, 'a "b"', '__proto__', 'select', 'é\\n', '%s;--', 'c0', 'year=1']
    const header = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',')
    const dir = join(projectDir(), `q'u[o]te*"`, 'year=2020')
    mkdirSync(dir, { recursive: true })
    const location = join(dir, 'x?{1}.csv')
    writeFileSync(location, `${header}\n${names.map((_, index) => index).join(',')}\n`)
    writeFileSync(join(dir, 'xy{1}.csv'), 'other\n1\n')
    const context = tableContextOf({}, 'table')
    await collectTable({ csv: realFile(location, 'x.csv') }, context)
    await using table = await openTable(context.out('table'))
    expect(table.columns.map(({ name }) => name)).toEqual(names)
    for (const [index, name] of names.entries()) {
      expect(await table.numbers(name)).toEqual(Float64Array.of(index))
    }
  })

  test('names that SQL cannot tell apart are refused', async () => {
    for (const header of ['a,A', 'x,file_row_number', 'a,a']) {
      const context = tableContextOf({}, 'table')
      const error = await rejectionOf(collectTable({ csv: written(`${header}\n1,2\n`) }, context))
      expect(error.code).toBe('STEPWELL_TABLE_COLUMN')
    }
  })

  test('without a row are refused', async () => {
    const error = await rejectionOf(
      collectTable({ csv: written('a,b\n') }, tableContextOf({}, 'table')),
    )
    expect(error.code).toBe('STEPWELL_ROWS_NONE')
  })
})
