import type { FileInput } from '@stepwell/engine/author'
import { readParams } from '../params.ts'
import { known, readTyping, TYPING, type TypingParams } from './collect.ts'
import type { DeclaredType } from './column.ts'
import type { Session } from './duckdb.ts'
import { checkNames } from './parquet.ts'
import { queryPostgres } from './postgres.ts'
import { withSession } from './session.ts'
import { quoteText } from './sql.ts'
import { querySqlite } from './sqlite.ts'
import type { Staged } from './staged.ts'
import { typeColumns, type Collected, type CollectContext } from './type-columns.ts'

export interface CollectSqliteInputs {
  readonly database: FileInput
}

export interface CollectSqlParams extends TypingParams {
  /** One SELECT. With ORDER BY, the rows come in that order; without, in any. */
  readonly query: string
}

/**
 * Runs a query on an SQLite file and writes the result to the out `table`. SQLite has a type for each cell:
 * a column is what all of its cells are, else text.
 *
 * @throws StepwellError STEPWELL_DATABASE; and as `collectTable`.
 */
export async function collectSqlite(
  { database }: CollectSqliteInputs,
  context: CollectContext<CollectSqlParams>,
): Promise<Collected> {
  const params = readParams('collectSqlite', context.params, ['query', ...TYPING])
  const typing = readTyping(params, [])
  return await withSession(
    context,
    async (session) =>
      await querySqlite(database, params.text('query'), async ({ names, rows }) => {
        const kinds = names.map(() => new Set<string>())
        const texts = async function* texts(): AsyncGenerator<(string | null)[]> {
          for (const row of rows) {
            yield row.map((cell, index) => {
              if (cell === null) return null
              kinds[index]?.add(typeof cell)
              return cell instanceof Uint8Array
                ? Buffer.from(cell).toString('hex')
                : `${cell as string | number | bigint}`
            })
          }
        }
        const stage = await stageRows(session, names, texts(), database.path)
        const types = kinds.map((kind): DeclaredType => {
          const only = [...kind].toSorted().join(' ')
          if (only === 'bigint') return 'integer'
          return only === 'number' || only === 'bigint number' ? 'number' : 'text'
        })
        const staged = {
          ...stage,
          columns: stage.columns.map((column, index) => ({
            ...column,
            type: types[index] ?? 'text',
          })),
        }
        return await typeColumns(session, known(staged, typing), typing, context)
      }),
  )
}

export interface CollectPostgresInputs {
  /** A connection string, such as `postgres://user:password@host/database`: give it as a `secret()`. */
  readonly connection: string
}

/** A step function that runs in each run, because a database does not say whether it has changed. */
export interface CollectPostgres {
  (inputs: CollectPostgresInputs, context: CollectContext<CollectSqlParams>): Promise<Collected>
  readonly stale: () => string
}

/**
 * Runs a query on a PostgreSQL database and writes the result to the out `table`. It runs in each run; what
 * follows is cached as long as the result is the same, which needs an ORDER BY.
 *
 * @throws StepwellError STEPWELL_DATABASE; and as `collectTable`.
 */
export const collectPostgres: CollectPostgres = Object.assign(collectFromPostgres, {
  stale: () => 'a database is asked in each run',
})

async function collectFromPostgres(
  { connection }: CollectPostgresInputs,
  context: CollectContext<CollectSqlParams>,
): Promise<Collected> {
  const params = readParams('collectPostgres', context.params, ['query', ...TYPING])
  const typing = readTyping(params, [])
  const query = params.text('query')
  return await withSession(
    context,
    async (session) =>
      await queryPostgres(connection, query, context.signal, async ({ columns, rows }) => {
        const names = columns.map(({ name }) => name)
        const stage = await stageRows(session, names, rows, 'the database')
        const staged = {
          ...stage,
          columns: stage.columns.map((column, index) => ({
            ...column,
            type: columns[index]?.type ?? 'text',
          })),
        }
        return await typeColumns(session, known(staged, typing), typing, context)
      }),
  )
}

async function stageRows(
  session: Session,
  names: readonly string[],
  rows: AsyncIterable<readonly (string | null)[]>,
  from: string,
): Promise<Staged> {
  checkNames(names.map((name) => ({ name })))
  const columns = names.map((_, index) => `c${index} VARCHAR`)
  await session.run(`CREATE TEMP TABLE stage (${columns.join(', ')})`)
  await session.append('stage', rows)
  return {
    from: '(SELECT *, rowid + 1 AS "stepwell row" FROM stage)',
    columns: names.map((name, index) => ({ name, sql: `c${index}`, isText: true })),
    file: quoteText(from),
    row: '"stepwell row"',
  }
}
