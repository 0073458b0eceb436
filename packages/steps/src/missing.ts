import { StepwellError, type StepContext } from '@stepwell/engine/author'
import { missingTest, typeCells, type Cell } from './cell.ts'
import { readParams } from './params.ts'
import { cellsOf, columnNames, requireColumns, type Row, type Rows } from './table.ts'

export interface DropMissingInputs {
  readonly rows: Rows
}

export interface DropMissingParams {
  /**
   * The columns that must have a value.
   * @default every column of the table
   */
  readonly columns?: readonly string[]
  /**
   * What stands for a missing value in these columns, besides `null`; compared as in `readCsv`. A
   * column that holds such a token and is otherwise numbers becomes numeric, as if the token had been
   * given to `readCsv`.
   * @default []
   */
  readonly tokens?: readonly string[]
}

/**
 * Drops the rows that lack a value in one of the columns; the others keep their order and all their
 * columns. Logs the missing values of each column; metrics: `dropped` (rows) and `missing.<column>`
 * (cells) for each column that has any.
 *
 * @throws StepwellError STEPWELL_COLUMN_UNKNOWN; STEPWELL_ROWS_NONE when no row is left;
 *   STEPWELL_PARAM_INVALID.
 */
export function dropMissing(
  { rows }: DropMissingInputs,
  context: StepContext<DropMissingParams>,
): Row[] {
  const params = readParams('dropMissing', context.params, ['columns', 'tokens'])
  const columns = params.has('columns') ? params.names('columns') : columnNames(rows)
  const isMissing = missingTest(params.texts('tokens', []))
  requireColumns(rows, columns)

  const keep = rows.map(() => true)
  const counts: string[] = []
  const retyped = new Map<string, readonly Cell[]>()
  for (const column of columns) {
    const cells = cellsOf(rows, column)
    const known = cells.map((cell) => (isMissing(cell) ? null : cell))
    let missing = 0
    for (const [index, cell] of known.entries()) {
      if (cell !== null) continue
      keep[index] = false
      missing++
    }
    if (missing === 0) continue
    counts.push(`${column} ${missing}`)
    context.metric(`missing.${column}`, missing)
    const typed = typeCells(known)
    if (typed.some((cell, index) => cell !== null && cell !== cells[index]))
      retyped.set(column, typed)
  }

  const kept: Row[] = []
  for (const [index, row] of rows.entries()) {
    if (keep[index] !== true) continue
    const cells = [...retyped].map(([column, typed]) => [column, typed[index] ?? null] as const)
    kept.push(cells.length === 0 ? row : { ...row, ...Object.fromEntries(cells) })
  }
  const dropped = rows.length - kept.length
  if (kept.length === 0 && dropped > 0) {
    throw new StepwellError({
      code: 'STEPWELL_ROWS_NONE',
      summary: `dropMissing dropped all ${dropped} rows`,
      details: `missing values: ${counts.join(', ')}`,
      hint: "name only the columns that must have a value in the param 'columns'",
    })
  }
  const detail = counts.length === 0 ? '' : ` (missing values: ${counts.join(', ')})`
  context.log(`dropped ${dropped} of ${rows.length} rows${detail}`)
  context.metric('dropped', dropped)
  return kept
}
