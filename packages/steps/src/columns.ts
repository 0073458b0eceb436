import type { StepContext } from '@stepwell/engine/author'
import { readParams } from './params.ts'
import { cellsOf, requireColumns, type Row, type Rows } from './table.ts'

export interface SelectColumnsInputs {
  readonly rows: Rows
}

export interface SelectColumnsParams {
  /** The columns to keep. */
  readonly columns: readonly string[]
}

/**
 * Keeps the named columns of every row and nothing else, so that what follows is not rerun when
 * another column changes.
 *
 * @throws StepwellError STEPWELL_COLUMN_UNKNOWN; STEPWELL_PARAM_INVALID.
 */
export function selectColumns(
  { rows }: SelectColumnsInputs,
  context: StepContext<SelectColumnsParams>,
): Row[] {
  const columns = readParams('selectColumns', context.params, ['columns']).names('columns')
  requireColumns(rows, columns)
  const cells = columns.map((column) => [column, cellsOf(rows, column)] as const)
  return rows.map((_, index) =>
    Object.fromEntries(cells.map(([column, all]) => [column, all[index] ?? null])),
  )
}
