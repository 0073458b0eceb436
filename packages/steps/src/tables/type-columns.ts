import { StepwellError, type StepContext } from '@stepwell/engine/author'
import type { ColumnType, DeclaredType } from './column.ts'
import type { Session } from './duckdb.ts'
import { writeTable, type Source } from './parquet.ts'
import { anyOf, quoteName, quoteText } from './sql.ts'
import { REJECTED, type Staged, type StagedColumn } from './staged.ts'
import { convert, inferTypes, isMissingText } from './typing.ts'

/** What a collecting step returns about the table that it wrote. */
export interface Collected {
  readonly rows: number
  /** How many rows were rejected: they are in the out `rejected`. */
  readonly rejected: number
  readonly columns: Readonly<Record<string, ColumnType>>
}

export interface Typing {
  readonly types: ReadonlyMap<string, DeclaredType>
  /** For dates, times and time stamps, as strptime has it. */
  readonly formats: ReadonlyMap<string, string>
  readonly missing: readonly string[]
}

export type CollectContext<P> = StepContext<P, 'table'>

/**
 * Converts the read columns to their types, and writes the rows that suit them to the out `table` and the
 * others to the out `rejected`.
 *
 * @throws StepwellError STEPWELL_ROWS_REJECTED; STEPWELL_ROWS_NONE.
 */
export async function typeColumns(
  session: Session,
  staged: Staged,
  typing: Typing,
  context: CollectContext<unknown>,
): Promise<Collected> {
  const { types, missing } = typing
  const unknown = staged.columns.filter(
    ({ name, isText, type }) => isText && type === undefined && !types.has(name),
  )
  const inferred = await inferTypes(
    session,
    `(SELECT ${unknown.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`).join(', ') || 1} FROM ${staged.from})`,
    unknown.map(({ name }) => name),
    missing,
  )
  const cells = staged.columns.map((column) =>
    typedCell(column, types.get(column.name) ?? column.type ?? inferred.get(column.name), typing),
  )
  const bad = anyOf(cells.flatMap(({ bad: each }) => each ?? []))
  const select = cells.map(({ name, value }) => `${value} AS ${quoteName(name)}`).join(', ')
  const table = await writeTable(
    session,
    `SELECT ${select} FROM ${staged.from} WHERE NOT (${bad})`,
    context.outs.table,
  )
  const rejects = rejectsOf(staged, cells, bad)
  const rejected = await writeRejected(session, rejects, context)
  return reportCollected(table, rejected, context)
}

/** Says what was collected. @throws StepwellError STEPWELL_ROWS_NONE */
export function reportCollected(
  { rows, columns }: Source,
  rejected: number,
  context: CollectContext<unknown>,
): Collected {
  if (rows === 0) {
    throw new StepwellError({
      code: 'STEPWELL_ROWS_NONE',
      summary: 'there is no row to collect',
      details: rejected === 0 ? 'the input has no rows' : `all ${rejected} were rejected`,
      hint: 'look at what the step reads, and at the types that were declared',
    })
  }
  context.log(`${rows} rows of ${columns.length} columns, ${rejected} rejected`)
  context.metric('rows', rows)
  context.metric('rejected', rejected)
  return {
    rows,
    rejected,
    columns: Object.fromEntries(columns.map(({ name, type }) => [name, type])),
  }
}

/** A query for no rejected row. */
export const NO_REJECTS =
  'SELECT NULL AS file, NULL AS line, NULL AS row, NULL AS column, NULL AS value, NULL AS reason, NULL AS record WHERE FALSE'

/** Writes rejected rows to the out for them. @returns how many they are */
export async function writeRejected(
  session: Session,
  query: string,
  { outs, log }: CollectContext<unknown>,
): Promise<number> {
  const [counted] = await session.rows(`SELECT count(*) AS n FROM (${query})`)
  const count = Number(counted?.['n'])
  const path: unknown = Object.hasOwn(outs, 'rejected') ? Reflect.get(outs, 'rejected') : undefined
  const columns = REJECTED.map(
    ([name, type]) => `CAST(${quoteName(name)} AS ${type}) AS ${quoteName(name)}`,
  )
  const rejects = `SELECT ${columns.join(', ')} FROM (${query}) ORDER BY file, line, row`
  const examples = count === 0 ? [] : await session.rows(`${rejects} LIMIT 3`)
  const shown = examples.map(({ file, line, row, column, value, reason }) => {
    const place = line === null ? `row ${String(row)}` : `line ${String(line)}`
    const cell = column === null ? '' : `, column ${JSON.stringify(column)}`
    const text = value === null ? '' : ` ${JSON.stringify(value)}`
    return `${String(file)}: ${place}${cell}:${text} ${String(reason)}`
  })
  for (const line of shown) log(`rejected ${line}`)
  if (typeof path === 'string') await writeTable(session, rejects, path)
  else if (count > 0) {
    throw new StepwellError({
      code: 'STEPWELL_ROWS_REJECTED',
      summary: `${count} ${count === 1 ? 'row' : 'rows'} cannot be read as declared`,
      details: shown.join('; '),
      hint: "declare an out 'rejected' beside 'table' to set such rows aside, or correct the types",
    })
  }
  return count
}

interface TypedCell {
  readonly name: string
  /** The cell as it is there. */
  readonly given: string
  readonly value: string
  /** When it does not suit its type, as SQL. */
  readonly bad?: string
  readonly type?: DeclaredType
}

function typedCell(
  { name, sql, isText }: StagedColumn,
  type: DeclaredType | undefined,
  { formats, missing }: Typing,
): TypedCell {
  if (type === undefined) return { name, given: sql, value: sql }
  const given = isText ? sql : `CAST(${sql} AS VARCHAR)`
  const isMissing = isMissingText(given, missing)
  const converted = convert(given, type, formats.get(name))
  const value = `CASE WHEN NOT (${isMissing}) THEN ${converted} END`
  if (type === 'text') return { name, given, value, type }
  return { name, given, value, type, bad: `NOT (${isMissing}) AND (${converted}) IS NULL` }
}

function rejectsOf(staged: Staged, cells: readonly TypedCell[], bad: string): string {
  const judged = cells.filter((cell) => cell.bad !== undefined)
  const record = `to_json(struct_pack(${staged.columns.map(({ name, sql }) => `${quoteName(name)} := ${sql}`).join(', ')}))`
  const which = (text: (cell: TypedCell) => string): string =>
    judged.length === 0
      ? 'NULL'
      : `CASE ${judged.map((cell) => `WHEN ${cell.bad} THEN ${text(cell)}`).join(' ')} END`
  const unsuitable = `SELECT ${staged.file} AS file, NULL AS line, ${staged.row} AS row,
      ${which(({ name }) => quoteText(name))} AS column, ${which(({ given }) => given)} AS value,
      ${which(({ type = 'text' }) => quoteText(`is not of type ${type === 'timestamp' ? 'time stamp' : type}`))} AS reason,
      ${record}::VARCHAR AS record
    FROM ${staged.from} WHERE ${bad}`
  return staged.unreadable === undefined
    ? unsuitable
    : `SELECT * FROM (${staged.unreadable}) UNION ALL SELECT * FROM (${unsuitable})`
}
