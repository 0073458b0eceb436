import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { collectPostgres, collectSqlite, openTable, type CollectSqlParams } from '../src/index.ts'
import { postgresPrograms, startPostgres } from './postgres.ts'
import { projectDir, realFile, rejectionOf, rowsOf, tableContextOf } from './support.ts'

describe('collectSqlite', () => {
  function database(...statements: string[]) {
    const location = join(projectDir(), "a 'b'.db")
    const db = new DatabaseSync(location)
    for (const statement of statements) db.exec(statement)
    db.close()
    return realFile(location, 'a.db')
  }

  test('each column is what its cells are', async () => {
    const file = database(
      `CREATE TABLE t (id, n, x, code TEXT, b)`,
      `INSERT INTO t VALUES (9223372036854775807, 1, 1, '007', x'00ff'), (2, 2.5, 'y', '', NULL)`,
    )
    const context = tableContextOf({ query: 'SELECT * FROM t ORDER BY id' }, 'table')
    expect(await collectSqlite({ database: file }, context)).toEqual({
      rows: 2,
      rejected: 0,
      columns: { id: 'integer', n: 'number', x: 'text', code: 'text', b: 'text' },
    })
    expect(await rowsOf(context.out('table'))).toEqual([
      { id: 2, n: 2.5, x: 'y', code: '', b: null },
      { id: 9223372036854775807n, n: 1, x: '1', code: '007', b: '00ff' },
    ])
  })

  test('nothing is overlooked that is not in the file yet, and nothing is changed', async () => {
    const file = database('CREATE TABLE t (a)', 'INSERT INTO t VALUES (1)')
    const params = { query: 'SELECT a FROM t' }
    writeFileSync(`${file.location}-wal`, 'x')
    const busy = await rejectionOf(
      collectSqlite({ database: file }, tableContextOf(params, 'table')),
    )
    expect(busy.code).toBe('STEPWELL_DATABASE')
    const other = database('CREATE TABLE t (a)', 'INSERT INTO t VALUES (1)')
    for (const query of ['SELECT nope FROM t', 'DELETE FROM t']) {
      const context = tableContextOf({ query }, 'table')
      expect((await rejectionOf(collectSqlite({ database: other }, context))).code).toBe(
        'STEPWELL_DATABASE',
      )
    }
  })
})

const programs = postgresPrograms()

describe('collectPostgres', () => {
  test('is never taken from the cache', () => {
    expect(collectPostgres.stale()).toContain('each run')
  })

  test('says what is wrong, without the password', async () => {
    const connection = `socket://me:pass-word@${projectDir()}/?db=none`
    const context = tableContextOf({ query: 'SELECT 1 AS a' }, 'table')
    const error = await rejectionOf(collectPostgres({ connection }, context))
    expect(error.code).toBe('STEPWELL_DATABASE')
    expect(error.message).not.toContain('pass-word')
  })

  test.skipIf(programs === undefined)(
    'reads a real PostgreSQL (skipped where the Debian package is not installed)',
    async () => {
      const server = await startPostgres(programs ?? '')
      onTestFinished(() => server.stop())
      const { connection } = server
      const client = new Client({ connectionString: connection })
      await client.connect()
      await client.query(`CREATE TABLE "it's" AS SELECT i AS id, i / 4.0::float8 AS f, (i * 1.10)::numeric AS n,
          'g' || i % 3 AS "The Group", i % 2 = 0 AS b, DATE '2020-01-01' + i::int AS d,
          TIMESTAMPTZ '2020-01-01 00:00:00+02' + i * INTERVAL '1 hour' AS at,
          CASE WHEN i % 5 = 0 THEN NULL ELSE '' END AS t, ARRAY[i] AS l
        FROM generate_series(1::bigint, 25000) s(i)`)
      await client.end()
      const collect = async (params: CollectSqlParams) => {
        const context = tableContextOf(params, 'table')
        return {
          summary: await collectPostgres({ connection }, context),
          file: context.out('table'),
        }
      }
      const { summary, file } = await collect({ query: `SELECT * FROM "it's" ORDER BY id -- all` })
      expect(summary).toEqual({
        rows: 25_000,
        rejected: 0,
        columns: {
          id: 'integer',
          f: 'number',
          n: 'number',
          'The Group': 'text',
          b: 'boolean',
          d: 'date',
          at: 'timestamp',
          t: 'text',
          l: 'text',
        },
      })
      await using table = await openTable(file)
      expect(await table.query('SELECT * FROM data WHERE id = 5')).toEqual([
        {
          id: 5,
          f: 1.25,
          n: 5.5,
          'The Group': 'g2',
          b: false,
          d: '2020-01-06',
          at: new Date('2020-01-01T03:00:00Z'),
          t: null,
          l: '{5}',
        },
      ])
      const ids = await table.numbers('id')
      expect(ids.every((id, index) => id === index + 1)).toBe(true)
      const again = await collect({ query: `SELECT * FROM "it's" ORDER BY id` })
      expect(again.file.bytes()).toEqual(file.bytes())
      const wrong = await rejectionOf(collect({ query: `DELETE FROM "it's" RETURNING id` }))
      expect(wrong.code).toBe('STEPWELL_DATABASE')
    },
  )
})
