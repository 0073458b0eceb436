import { StepwellError, type FileInput } from '@stepwell/engine/author'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { messageOf } from '@stepwell/base/errors'
import { columnType, type Column } from './column.ts'
import type { Session } from './duckdb.ts'
import { quotePath, quoteText } from './sql.ts'

/** A table in a Parquet file, as queries name it. */
export interface Source {
  /** What stands after FROM. */
  readonly from: string
  readonly columns: readonly Column[]
  readonly rows: number
}

// How many rows a table is cut into. A filter keeps the cuts of what it reads.
const CUT = 122_880
// How many times as many cuts are still no bother to those who read.
const MOST_CUTS = 8
const FORMAT = 'FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd'
/** The number of a row, from 0, which each Parquet file has without having it. */
export const ROW = 'file_row_number'

/** Columns and row count of a Parquet file, without reading its rows. */
export async function readTable(
  session: Session,
  file: Pick<FileInput, 'path' | 'location'>,
): Promise<Source> {
  return await readParquet(session, file.location, file.path)
}

async function readParquet(session: Session, location: string, name: string): Promise<Source> {
  if (!existsSync(location)) throw notTable(name, 'there is no such file')
  const from = `read_parquet(${quotePath(location)}, hive_partitioning = false)`
  try {
    const columns = await columnsOf(session, `SELECT * FROM ${from}`)
    const [count] = await session.rows(`SELECT count(*) AS n FROM ${from}`)
    return { from, columns, rows: Number(count?.['n']) }
  } catch (error) {
    if (error instanceof StepwellError) throw error
    throw notTable(name, firstLine(error), error)
  }
}

/** The columns of a query, which is not run. */
export async function columnsOf(session: Session, query: string): Promise<Column[]> {
  const described = await session.rows(`DESCRIBE ${query}`)
  return described.map((row) => {
    const sqlType = String(row['column_type'])
    return { name: String(row['column_name']), type: columnType(sqlType), sqlType }
  })
}

/**
 * Writes the result of a query as a table: one Parquet file whose bytes depend on the rows and how they
 * are cut, not on the number of threads.
 *
 * - By itself, the rows are cut after every 122,880.
 * - With `keepCuts`, for a query that reads one table in order and drops or changes rows, they stay cut
 *   as that table is, which needs no second pass, unless the pieces have become small.
 *
 * @throws StepwellError STEPWELL_TABLE_COLUMN for a name that a table cannot have.
 */
export async function writeTable(
  session: Session,
  query: string,
  path: string,
  { keepCuts = false }: { readonly keepCuts?: boolean } = {},
): Promise<Source> {
  checkNames(await columnsOf(session, query))
  // Pieces of any size are taken as they come: those of each batch of the source, in order. To fill them
  // up to a size would depend on which thread is how far.
  await session.run(`COPY (${query}) TO ${quoteText(path)} (${FORMAT}, ROW_GROUP_SIZE 0)`)
  const [cuts] = await session.rows(
    `SELECT count(*) AS pieces, coalesce(sum(n), 0) AS total, coalesce(max(n), 0) AS largest,
       count(*) FILTER (n < ${CUT}) AS smaller
     FROM (SELECT row_group_id, any_value(row_group_num_rows) AS n
       FROM parquet_metadata(${quotePath(path)}) GROUP BY ALL)`,
  )
  const [pieces, total, largest, smaller] = ['pieces', 'total', 'largest', 'smaller'].map((name) =>
    Number(cuts?.[name]),
  ) as [number, number, number, number]
  const least = Math.ceil(total / CUT)
  const isCut = pieces === least && largest <= CUT && smaller <= 1
  if (!isCut && !(keepCuts && pieces <= MOST_CUTS * least && least > 1)) await recut(session, path)
  return await readParquet(session, path, path)
}

/** A positional join fills its pieces to the brim; it takes one thread. */
async function recut(session: Session, path: string): Promise<void> {
  const uncut = `${path}.uncut`
  renameSync(path, uncut)
  try {
    await session.run(
      `COPY (SELECT t.* FROM (SELECT 1 FROM range(0)) r
         POSITIONAL JOIN read_parquet(${quotePath(uncut)}, hive_partitioning = false) t)
       TO ${quoteText(path)} (${FORMAT}, ROW_GROUP_SIZE ${CUT})`,
    )
  } finally {
    rmSync(uncut, { force: true })
  }
}

/** Names differ beyond case, since SQL does not tell `A` from `a`. */
export function checkNames(columns: readonly { readonly name: string }[]): void {
  const seen = new Map<string, string>()
  for (const { name } of columns) {
    const key = name.toLowerCase()
    const other = seen.get(key)
    if (other !== undefined) throw badColumn(name, `there is ${JSON.stringify(other)} already`)
    if (key === ROW) throw badColumn(name, 'it is what the number of a row is called')
    if (name === '' || name.includes('\0')) throw badColumn(name, 'it is not a valid name')
    seen.set(key, name)
  }
}

function badColumn(name: string, why: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_TABLE_COLUMN',
    summary: `a table cannot have the column ${JSON.stringify(name)}`,
    details: why,
    hint: 'rename it where the table is made; the case of letters makes no difference',
  })
}

function notTable(name: string, why: string, cause?: unknown): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_TABLE_INVALID',
    summary: `${name} is not a table`,
    details: why,
    hint: "give the step the out of one that writes a table, such as collect.out('table')",
    cause,
  })
}

export function firstLine(error: unknown): string {
  return messageOf(error).split('\n', 1)[0] ?? ''
}
