import { StepwellError } from '@stepwell/engine/author'
import type { Cell } from './cell.ts'
import { parseDecimal, showCell } from './cell.ts'

/** One record: a cell for each column of its table. The order of its keys means nothing. */
export type Row = Readonly<Record<string, Cell>>

/** A table: its rows in order. Rows are counted from 1 in messages. */
export type Rows = readonly Row[]

/** The names of the columns, sorted, since the order of keys does not survive storage. */
export function columnNames(rows: Rows): string[] {
  const [first] = rows
  return first === undefined ? [] : Object.keys(first).toSorted()
}

/** @throws StepwellError STEPWELL_ROWS_NONE when there is no row. */
export function requireRows(rows: Rows, what: string): void {
  if (!Array.isArray(rows)) throw notRows(rows, what)
  if (rows.length > 0) return
  throw new StepwellError({
    code: 'STEPWELL_ROWS_NONE',
    summary: `${what} is empty`,
    details: 'it has no row',
    hint: 'look at what the steps before it drop or split off',
  })
}

function notRows(given: unknown, what: string): StepwellError {
  const members = typeof given === 'object' && given !== null ? Object.keys(given) : []
  return new StepwellError({
    code: 'STEPWELL_ROWS_NONE',
    summary: `${what} is not a list of rows`,
    details:
      members.length > 0 ? `it has the members ${members.join(', ')}` : `it is ${typeof given}`,
    hint: members.includes('train')
      ? "pick one of them where the input is declared: .pick('train')"
      : 'look at what the step before it returns',
  })
}

/** @throws StepwellError STEPWELL_COLUMN_UNKNOWN naming the first column that the table lacks. */
export function requireColumns(rows: Rows, columns: readonly string[]): void {
  if (!Array.isArray(rows)) throw notRows(rows, 'the table')
  const [first] = rows as Rows
  if (first === undefined) return
  for (const column of columns) if (!Object.hasOwn(first, column)) throw unknownColumn(rows, column)
}

/**
 * The cells of one column, in the order of the rows.
 * @throws StepwellError STEPWELL_COLUMN_UNKNOWN, also when a single row lacks the column.
 */
export function cellsOf(rows: Rows, column: string): Cell[] {
  return rows.map((row, index) => {
    const cell = Object.hasOwn(row, column) ? row[column] : undefined
    if (cell === undefined) throw unknownColumn(rows, column, index)
    return cell
  })
}

/**
 * A column as numbers, in the order of the rows.
 * @throws StepwellError STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_MISSING; STEPWELL_CELL_NOT_NUMBER,
 *   naming the column, the row and the cell.
 */
export function numbersOf(rows: Rows, column: string): Float64Array {
  const cells = cellsOf(rows, column)
  const numbers = new Float64Array(cells.length)
  for (const [index, cell] of cells.entries()) {
    if (typeof cell !== 'number' || !Number.isFinite(cell)) throw notNumber(cells, column, index)
    numbers[index] = cell
  }
  return numbers
}

function unknownColumn(rows: Rows, column: string, index = 0): StepwellError {
  const names = Object.keys(rows[index] ?? {}).toSorted()
  const place = index === 0 ? '' : ` in row ${index + 1}`
  return new StepwellError({
    code: 'STEPWELL_COLUMN_UNKNOWN',
    summary: `no column ${JSON.stringify(column)}${place}`,
    details: `columns are ${names.map((name) => JSON.stringify(name)).join(', ')}`,
    hint: 'correct the name in the params, or add the column in an earlier step',
  })
}

function notNumber(cells: readonly Cell[], column: string, index: number): StepwellError {
  // The cell that made the column text says more than the first one of it.
  const culprit = cells.findIndex(
    (cell) => typeof cell === 'string' && parseDecimal(cell) === undefined,
  )
  const shown = cells[index] === null || culprit === -1 ? index : culprit
  const place = `row ${shown + 1} of ${cells.length}`
  if (cells[index] === null) {
    return new StepwellError({
      code: 'STEPWELL_CELL_MISSING',
      summary: `column ${JSON.stringify(column)} has a missing value`,
      details: `the first is in ${place}`,
      hint: 'drop such rows with dropMissing, or leave the column out',
    })
  }
  return new StepwellError({
    code: 'STEPWELL_CELL_NOT_NUMBER',
    summary: `column ${JSON.stringify(column)} is not numeric`,
    details: `${place} holds ${showCell(cells[shown])}`,
    hint: "if that stands for a missing value, name it in readCsv's `missing`; else leave the column out",
  })
}
