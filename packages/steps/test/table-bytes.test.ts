import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collectTable, openTable, splitTable } from '../src/index.ts'
import { csvFiles, typedCsv } from '../src/tables/csv-files.ts'
import { openSession, type Session } from '../src/tables/duckdb.ts'
import { readTable, writeTable } from '../src/tables/parquet.ts'
import { projectDir, realFile, rejectionOf, tableContextOf, written } from './support.ts'

const ROWS = 400_000
const digest = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex')

async function inSession<T>(threads: number, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession({ temp: projectDir(), threads })
  try {
    return await work(session)
  } finally {
    session.close()
  }
}

test('the same table has the same bytes, whatever the number of threads', async () => {
  const dir = projectDir()
  const csv = join(dir, 'x.csv')
  const lines = Array.from({ length: ROWS }, (_, i) => `${i},${(i * 7919) % 10007},g${i % 7}`)
  writeFileSync(csv, `id,v,g\n${lines.join('\n')}\n`)
  const found: string[][] = []
  for (const threads of [1, 2, 3, 8]) {
    const digests = await inSession(threads, async (session) => {
      const out = (name: string): string => join(dir, `${name}-${threads}.parquet`)
      const read = `SELECT * FROM read_csv('${csv}', auto_detect = false, header = true,
        columns = {'id': 'BIGINT', 'v': 'DOUBLE', 'g': 'VARCHAR'})`
      const whole = await writeTable(session, read, out('whole'))
      const where = `SELECT * FROM ${whole.from} WHERE id % 5 < 4`
      await writeTable(session, where, out('kept'), { keepCuts: true })
      // Filled up to a size, the pieces would depend on which thread is how far.
      const [kept] = await session.rows(
        `SELECT count(DISTINCT row_group_id) AS n FROM parquet_metadata('${out('kept')}')`,
      )
      expect(kept).toEqual({ n: Math.ceil(ROWS / 122_880) })
      await writeTable(session, where, out('recut'))
      await writeTable(session, `SELECT * FROM ${whole.from} ORDER BY v, id`, out('sorted'))
      await writeTable(session, `SELECT * FROM ${whole.from} WHERE id % 9999 = 1`, out('few'), {
        keepCuts: true,
      })
      return ['whole', 'kept', 'recut', 'sorted', 'few'].map((name) => digest(out(name)))
    })
    found.push(digests)
  }
  for (const digests of found) expect(digests).toEqual(found[0])
})

test('a large CSV file that is read in one pass gives the same bytes, whatever the number of threads', async () => {
  const dir = projectDir()
  const csv = join(dir, 'x.csv')
  await inSession(2, async (session) => {
    const rows = `SELECT i AS id, i * 7919 % 10007 / 8.0 AS v, 'some longer text ' || i AS t FROM range(1000000) t(i)`
    await session.run(`COPY (${rows}) TO '${csv}' (HEADER)`)
  })
  const types = new Map([
    ['id', 'integer'],
    ['v', 'number'],
    ['t', 'text'],
  ] as const)
  const files = csvFiles([{ path: 'x.csv', location: csv, isCompressed: false }], ',', undefined)
  const digests: string[] = []
  for (const threads of [2, 3, 8]) {
    const out = join(dir, `${threads}.parquet`)
    await inSession(threads, async (session) => {
      const query = typedCsv(files, types, [''])
      const { rows } = await writeTable(session, query, out, { keepCuts: true })
      expect(rows).toBe(1_000_000)
      const [cuts] = await session.rows(
        `SELECT count(DISTINCT row_group_num_rows) AS n FROM parquet_metadata('${out}')`,
      )
      // It was cut where the reader cuts.
      expect(Number(cuts?.['n'])).toBeGreaterThan(2)
    })
    digests.push(digest(out))
  }
  expect(new Set(digests).size).toBe(1)
})

test('a table has the same bytes by whatever way its rows came, and they keep their order', async () => {
  const dir = projectDir()
  await inSession(2, async (session) => {
    const numbers = `SELECT i AS id, i % 10 AS v FROM range(${ROWS}) t(i)`
    await writeTable(session, numbers, join(dir, 'a.parquet'))
    const more = `SELECT i - 50 AS id, (i - 50) % 10 AS v FROM range(${ROWS + 50}) t(i)`
    const wide = await writeTable(session, more, join(dir, 'more.parquet'))
    await writeTable(session, `SELECT * FROM ${wide.from} WHERE id >= 0`, join(dir, 'b.parquet'))
    expect(digest(join(dir, 'b.parquet'))).toBe(digest(join(dir, 'a.parquet')))
  })
  await using table = await openTable(realFile(join(dir, 'b.parquet'), 'b.parquet'))
  expect(table.rows).toBe(ROWS)
  const ids = await table.numbers('id')
  expect(ids.every((id, index) => id === index)).toBe(true)
})

test('steps give the same bytes each time', async () => {
  const csv = written(
    `id,v\n${Array.from({ length: 300_000 }, (_, i) => `${i},${i % 13}`).join('\n')}\n`,
  )
  const runs: string[][] = []
  for (let run = 0; run < 2; run += 1) {
    const whole = tableContextOf({}, 'table')
    await collectTable({ csv }, whole)
    const parts = tableContextOf({ by: 'random', train: 0.8, seed: 1 } as const, 'train', 'test')
    await splitTable({ table: whole.out('table') }, parts)
    runs.push([whole.outs.table, parts.outs.train, parts.outs.test].map(digest))
  }
  expect(runs[1]).toEqual(runs[0])
})

test('a handle tells of a table what it is', async () => {
  const context = tableContextOf({}, 'table')
  await collectTable({ csv: written('n,i,t,b\n1.5,1,x,true\n,2,,false\n') }, context)
  await using table = await openTable(context.out('table'))
  expect(table.rows).toBe(2)
  expect(table.columns).toEqual([
    { name: 'n', type: 'number', sqlType: 'DOUBLE' },
    { name: 'i', type: 'integer', sqlType: 'BIGINT' },
    { name: 't', type: 'text', sqlType: 'VARCHAR' },
    { name: 'b', type: 'boolean', sqlType: 'BOOLEAN' },
  ])
  expect(await table.numbers('n')).toEqual(Float64Array.of(1.5, Number.NaN))
  expect(await table.numbers('i')).toEqual(Float64Array.of(1, 2))
  expect(await table.values('t')).toEqual(['x', null])
  expect(await table.query('SELECT sum(i) AS s FROM data')).toEqual([{ s: 3 }])
  expect((await rejectionOf(table.numbers('t'))).code).toBe('STEPWELL_CELL_NOT_NUMBER')
  expect((await rejectionOf(table.values('x'))).code).toBe('STEPWELL_COLUMN_UNKNOWN')
  expect((await rejectionOf(table.query('SELECT nope FROM data'))).code).toBe('STEPWELL_SQL')
})

test('what is no table is refused', async () => {
  const dir = projectDir()
  const missing = realFile(join(dir, 'none.parquet'), 'none.parquet')
  expect((await rejectionOf(openTable(missing))).code).toBe('STEPWELL_TABLE_INVALID')
  expect((await rejectionOf(openTable(written('a\n1\n')))).code).toBe('STEPWELL_TABLE_INVALID')
})

test('a step whose run is cancelled ends', async () => {
  const abort = new AbortController()
  const session = await openSession({ temp: projectDir(), signal: abort.signal })
  const endless = session.run('SELECT count(*) FROM range(1000000) a, range(1000000) b')
  abort.abort(new Error('cancelled'))
  await expect(endless).rejects.toThrow('cancelled')
  session.close()
})

test('nothing is loaded from anywhere', async () => {
  await inSession(2, async (session) => {
    await expect(
      session.rows("SELECT * FROM read_csv('https://127.0.0.1:9/x.csv')"),
    ).rejects.toThrow(/httpfs/)
    const source = await session.rows("SELECT current_setting('autoinstall_known_extensions') AS a")
    expect(source).toEqual([{ a: false }])
  })
})

test('readTable does not take a pattern for a file', async () => {
  await inSession(2, async (session) => {
    const dir = projectDir()
    await writeTable(session, 'SELECT 1 AS a', join(dir, 'x1.parquet'))
    await writeTable(session, 'SELECT 2 AS b', join(dir, 'x?.parquet'))
    const { columns } = await readTable(session, realFile(join(dir, 'x?.parquet'), 'x'))
    expect(columns.map(({ name }) => name)).toEqual(['b'])
  })
})
