import { stripVTControlCharacters } from 'node:util'
import Table from 'cli-table3'
import { paint } from './text.ts'

const MIN_WIDTH = 8
// Beyond this a drawn table is neither readable nor quick to draw.
const MAX_DRAWN = 500

/**
 * Lays rows out under a head. In a terminal the table is drawn and wrapped to its width; in a pipe each
 * row is one line of aligned plain text, for `grep` and `awk`.
 */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (process.stdout.isTTY && rows.length <= MAX_DRAWN) {
    return drawTable(head, rows, process.stdout.columns)
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

function drawTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const table = new Table({
    head: head.map((title) => paint('bold', title)),
    colWidths: fit([head, ...rows], width),
    wordWrap: true,
    style: { head: [], border: ['gray'], compact: true },
  })
  table.push(...rows.map((row) => [...row]))
  return table.toString()
}

/** Column widths with padding: as wide as needed, the widest narrowed until all fit. */
function fit(rows: readonly (readonly string[])[], width: number): number[] {
  const widths = columnWidths(rows).map((each) => each + 2)
  const excess = () => widths.reduce((sum, each) => sum + each + 1, 1) - width
  while (excess() > 0) {
    const widest = Math.max(...widths)
    if (widest <= MIN_WIDTH) break
    widths[widths.indexOf(widest)] = widest - 1
  }
  return widths
}
