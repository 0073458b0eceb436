import { StepwellError, type FileInput } from '@stepwell/engine/author'
import { tmpdir } from 'node:os'
import { messageOf } from '@stepwell/base/errors'
import { isNumeric, type Column } from './column.ts'
import { isDuckDbError, openSession, type SqlRow, type SqlValue } from './duckdb.ts'
import { readTable } from './parquet.ts'
import { quoteName } from './sql.ts'

/** A table in a Parquet file. Nothing is read before it is asked for. */
export interface Table extends AsyncDisposable {
  readonly columns: readonly Column[]
  readonly rows: number
  /**
   * The result of an SQL query, in which the table is called `data`: for results that are small, such as
   * aggregates.
   * @throws StepwellError STEPWELL_SQL
   */
  query(sql: string): Promise<readonly SqlRow[]>
  /**
   * A column of numbers; missing values are `NaN`.
   * @throws StepwellError STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_NOT_NUMBER.
   */
  numbers(column: string): Promise<Float64Array>
  /**
   * The cells of a column; missing values are `null`.
   * @throws StepwellError STEPWELL_COLUMN_UNKNOWN.
   */
  values(column: string): Promise<readonly SqlValue[]>
}

export interface OpenTableOptions {
  /**
   * A directory for what does not fit into memory.
   * @default that of the system
   */
  readonly temp?: string
  /** Ends what is under way when it aborts. */
  readonly signal?: AbortSignal
  /**
   * How many threads to use, two at least.
   * @default as many as the machine has
   */
  readonly threads?: number
}

/**
 * Opens the table that a step was given, such as `collect.out('table')`. Use it with `await using`, or
 * dispose of it.
 *
 * @throws StepwellError STEPWELL_TABLE_INVALID.
 */
export async function openTable(
  file: Pick<FileInput, 'path' | 'location'>,
  { temp = tmpdir(), ...options }: OpenTableOptions = {},
): Promise<Table> {
  const session = await openSession({ temp, ...options })
  try {
    const { from, columns, rows } = await readTable(session, file)
    await session.run(`CREATE VIEW data AS SELECT * FROM ${from}`)
    return {
      columns,
      rows,
      async query(sql) {
        try {
          return await session.rows(sql)
        } catch (error) {
          if (!isDuckDbError(error)) throw error
          throw new StepwellError({
            code: 'STEPWELL_SQL',
            summary: `the query on ${file.path} cannot be run`,
            details: messageOf(error),
            hint: 'correct the SQL; the table is called data, names of columns stand in double quotes',
            cause: error,
          })
        }
      },
      async numbers(name) {
        const column = columnOf(columns, name)
        if (!isNumeric(column)) throw notNumeric(column)
        return await session.numbers(`SELECT ${quoteName(column.name)} FROM data`, rows)
      },
      async values(name) {
        return await session.values(`SELECT ${quoteName(columnOf(columns, name).name)} FROM data`)
      },
      [Symbol.asyncDispose]: async () => session.close(),
    }
  } catch (error) {
    session.close()
    throw error
  }
}

/** @throws StepwellError STEPWELL_COLUMN_UNKNOWN */
export function columnOf(columns: readonly Column[], name: string): Column {
  const column = columns.find((each) => each.name === name)
  if (column !== undefined) return column
  throw new StepwellError({
    code: 'STEPWELL_COLUMN_UNKNOWN',
    summary: `no column ${JSON.stringify(name)}`,
    details: `columns are ${columns.map((each) => JSON.stringify(each.name)).join(', ')}`,
    hint: 'correct the name in the params, or add the column in an earlier step',
  })
}

/** @throws StepwellError STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_NOT_NUMBER */
export function numericColumn(columns: readonly Column[], name: string): Column {
  const column = columnOf(columns, name)
  if (!isNumeric(column)) throw notNumeric(column)
  return column
}

function notNumeric({ name, type }: Column): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_CELL_NOT_NUMBER',
    summary: `column ${JSON.stringify(name)} is not numeric`,
    details: `it is of type ${type}`,
    hint: 'declare its type where the table is collected or cleaned, or leave it out',
  })
}
