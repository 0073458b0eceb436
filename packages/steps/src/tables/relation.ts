import { StepwellError } from '@stepwell/engine/author'
import type { Column } from './column.ts'
import type { Session } from './duckdb.ts'
import { columnsOf, ROW, type Source } from './parquet.ts'
import { quoteName } from './sql.ts'

/** Rows that come of a table by a query, with their number in it in the column `ORDER`. */
export interface Relation {
  /** What stands after FROM. */
  readonly from: string
  readonly columns: readonly Column[]
}

/** No column of a table: those that steps write have other names. */
export const ORDER = '"stepwell row"'

export function relationOf({ from, columns }: Source): Relation {
  return { from: `(SELECT *, ${ROW} AS ${ORDER} FROM ${from})`, columns }
}

/** A relation with these cells. */
export async function project(
  session: Session,
  { from }: Relation,
  cells: readonly { readonly name: string; readonly sql: string }[],
): Promise<Relation> {
  const select = cells.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`).join(', ')
  const columns = await columnsOf(session, `SELECT ${select} FROM ${from}`)
  return { from: `(SELECT ${select}, ${ORDER} FROM ${from})`, columns }
}

/** A relation in which some cells are replaced, by the names of their columns. */
export async function replace(
  session: Session,
  relation: Relation,
  cells: ReadonlyMap<string, string>,
): Promise<Relation> {
  return await project(
    session,
    relation,
    relation.columns.map(({ name }) => ({ name, sql: cells.get(name) ?? quoteName(name) })),
  )
}

/** A relation of the rows for which a condition holds. */
export function keep({ from, columns }: Relation, condition: string): Relation {
  return { from: `(SELECT * FROM ${from} WHERE ${condition})`, columns }
}

/** The rows of a relation as they are written. */
export function rowsQuery({ from, columns }: Relation): string {
  return `SELECT ${columns.map(({ name }) => quoteName(name)).join(', ')} FROM ${from}`
}

/** @throws StepwellError STEPWELL_ROWS_NONE */
export function requireSome(rows: number, before: number, what: string): void {
  if (rows > 0) return
  throw new StepwellError({
    code: 'STEPWELL_ROWS_NONE',
    summary: `${what} leaves no row`,
    details: `there were ${before}`,
    hint: 'look at the params, and at what the step before it writes',
  })
}
