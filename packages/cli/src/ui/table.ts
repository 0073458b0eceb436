import { stripVTControlCharacters } from 'node:util'
import Table from 'cli-table3'
import { paint } from './text.ts'

const MIN_WIDTH = 8
// Narrower than this, text that wraps is hard to read.
const READABLE = 16
// Beyond this a drawn table is neither readable nor quick to draw.
const MAX_DRAWN = 500

/**
 * Lays rows out under a head. In a terminal the table is drawn and wrapped to its width; in a pipe each
 * row is one line of aligned plain text, for `grep` and `awk`.
 *
 * @param optional columns that a narrow terminal can do without, the most dispensable first
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  optional: readonly string[] = [],
): string {
  if (process.stdout.isTTY && rows.length <= MAX_DRAWN) {
    const shown = selectColumns([head, ...rows], optional, process.stdout.columns)
    return drawTable(shown, process.stdout.columns)
  }
  return alignTable([head, ...rows.map((row) => row.map((cell) => cell.replaceAll('\n', ' ')))])
}

function alignTable(rows: readonly (readonly string[])[]): string {
  const widths = columnWidths(rows)
  const pad = (cell: string, column: number) =>
    cell + ' '.repeat((widths[column] ?? 0) - visibleLength(cell))
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, visibleLength(cell))
    }
  }
  return widths
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length
}

/** Leaves out optional columns until the others have room to be read. */
function selectColumns(
  rows: readonly (readonly string[])[],
  optional: readonly string[],
  width: number,
): readonly (readonly string[])[] {
  const [head = []] = rows
  const room = columnWidths(rows).reduce((sum, each) => sum + Math.min(each, READABLE) + 3, 1)
  const dispensable = head.indexOf(optional[0] ?? '')
  if (room <= width || dispensable === -1) return rows
  const fewer = rows.map((row) => row.filter((_, column) => column !== dispensable))
  return selectColumns(fewer, optional.slice(1), width)
}

function drawTable([head = [], ...rows]: readonly (readonly string[])[], width: number): string {
  const colours = paint('gray', '') === '' ? [] : ['gray']
  const table = new Table({
    head: head.map((title) => paint('bold', title)),
    colWidths: fit([head, ...rows], width),
    wordWrap: true,
    style: { head: [], border: colours, compact: true },
  })
  table.push(...rows.map((row) => [...row]))
  return table.toString()
}

/** Column widths with padding: as wide as needed, the widest but the first narrowed until all fit. */
function fit(rows: readonly (readonly string[])[], width: number): number[] {
  const [first = 0, ...widths] = columnWidths(rows).map((each) => each + 2)
  const excess = () => widths.reduce((sum, each) => sum + each + 1, first + 2) - width
  while (excess() > 0) {
    const widest = Math.max(...widths)
    if (widest <= MIN_WIDTH) break
    widths[widths.indexOf(widest)] = widest - 1
  }
  return [first, ...widths]
}
