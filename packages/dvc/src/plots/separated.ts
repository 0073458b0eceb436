import type { Columns } from './columns.ts'

/**
 * Reads CSV or TSV as Python's `csv` does: quotes are doubled inside of quotes, empty lines are passed over,
 * and what a row has too little is a hole.
 *
 * @param header whether the first row has the names; else they are `0`, `1` and so on
 */
export function readSeparated(text: string, separator: ',' | '\t', header: boolean): Columns {
  const rows = rowsOf(text, separator)
  const first = rows[0] ?? []
  const names = header ? first : first.map((_, index) => String(index))
  const body = header ? rows.slice(1) : rows
  const fields = new Map(
    names.map((name, column) => [name, body.map((row) => row[column])] as const),
  )
  return { length: body.length, fields, lastField: names.at(-1) }
}

function rowsOf(text: string, separator: string): string[][] {
  const rows: string[][] = []
  // A cell, and what ends it. A quote that is never closed goes to the end.
  const cell = new RegExp(
    `(?:"([^"]*(?:""[^"]*)*)(?:"(?!")|$))?([^${separator}\\r\\n]*)(${separator}|\\r\\n?|\\n|$)`,
    'y',
  )
  let row: string[] = []
  let at = 0
  while (at < text.length || row.length > 0) {
    cell.lastIndex = at
    const [all = '', quoted, plain = '', end = ''] = cell.exec(text) ?? []
    at += all.length
    const isEmpty = row.length === 0 && quoted === undefined && plain === '' && end !== separator
    if (!isEmpty) row.push((quoted ?? '').replaceAll('""', '"') + plain)
    if (end === separator) continue
    if (row.length > 0) rows.push(row)
    row = []
    if (end === '' && at >= text.length) break
  }
  return rows
}
