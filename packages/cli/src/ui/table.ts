import { stripVTControlCharacters } from 'node:util'
import Table from 'cli-table3'
import { paint } from './text.ts'

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}
const MIN_WIDTH = 8

/**
 * Lays rows out under a head. In a terminal the table is drawn and wrapped to its width; in a pipe each
 * row is one line of aligned plain text, for `grep` and `awk`.
 */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (process.stdout.isTTY) return drawTable(head, rows, process.stdout.columns)
  const table = new Table({ head: [...head], chars: NO_LINES, style: PLAIN })
  table.push(...rows.map((row) => row.map((cell) => cell.replaceAll('\n', ' '))))
  return trimLines(table.toString())
}

const PLAIN = { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true }

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
  const columns = rows[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => stripVTControlCharacters(row[column] ?? '').length + 2)),
  )
  const excess = () => widths.reduce((sum, each) => sum + each + 1, 1) - width
  while (excess() > 0) {
    const widest = Math.max(...widths)
    if (widest <= MIN_WIDTH) break
    widths[widths.indexOf(widest)] = widest - 1
  }
  return widths
}

function trimLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
