import { StepwellError, type FileInput, type StepContext } from '@stepwell/engine/author'
import { CsvError, parse } from 'csv-parse/sync'
import { missingTest, typeCells, type Cell } from './cell.ts'
import { readParams } from './params.ts'
import type { Row } from './table.ts'

export interface ReadCsvInputs {
  /** The file: CSV in UTF-8, with or without a byte order mark. */
  readonly csv: FileInput
}

export interface ReadCsvParams {
  /**
   * What separates the fields: one character.
   * @default ','
   */
  readonly delimiter?: string
  /**
   * Names of the columns of a file that has no header line. Its first line is then data.
   * @default the first line of the file
   */
  readonly columns?: readonly string[]
  /**
   * What stands for a missing value; such cells become `null`. Blanks around a cell do not count, and
   * a token that is a number matches every spelling of it (`-200` also means `-200.0`).
   * @default ['']
   */
  readonly missing?: readonly string[]
}

interface Line {
  readonly fields: readonly string[]
  readonly line: number
}

/**
 * Reads a CSV file into rows, in the file's order.
 *
 * - A column is numeric when every cell of it that is not missing is a finite decimal number; then all
 *   its cells are numbers. Otherwise they are the text of the file, untouched. Leading zeros, a leading
 *   `+`, `0x`, `Infinity` and integers beyond what a double holds exactly make a column text, so that
 *   no code or identifier is mangled.
 * - Fields may be quoted with `"`, with `""` for a quote inside; lines end in LF, CRLF or CR; the last
 *   line may lack its end. Blank lines are ignored, so a one-column file cannot say "missing" by one.
 * - A name in the header loses the blanks around it. A column without a name is called `column_16`
 *   after its place, counted from 1, with `_` added until no other column has that name.
 *
 * @throws StepwellError STEPWELL_CSV_EMPTY; STEPWELL_CSV_HEADER (a name twice); STEPWELL_CSV_SYNTAX
 *   (quotes); STEPWELL_CSV_FIELDS (a line with too few or too many); each names the line.
 *   STEPWELL_PARAM_INVALID.
 */
export function readCsv({ csv }: ReadCsvInputs, context: StepContext<ReadCsvParams>): Row[] {
  const params = readParams('readCsv', context.params, ['delimiter', 'columns', 'missing'])
  const delimiter = params.text('delimiter', ',')
  if (delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    params.refuse('delimiter', 'one character, neither a quote nor a line end')
  }
  const isMissing = missingTest(params.texts('missing', ['']))

  const lines = parseLines(csv, delimiter)
  const header = params.has('columns') ? undefined : lines.shift()
  if (lines.length === 0) throw emptyFile(csv.path)
  const names = header === undefined ? params.names('columns') : namesOf(header, csv.path)
  if (names.includes('__proto__')) throw badName(csv.path, '__proto__', 'is not allowed')
  for (const { fields, line } of lines) {
    if (fields.length === names.length) continue
    throw new StepwellError({
      code: 'STEPWELL_CSV_FIELDS',
      summary: `${csv.path}: line ${line} has ${fields.length} fields instead of ${names.length}`,
      details: `it begins with ${JSON.stringify(fields.slice(0, 3).join(delimiter))}`,
      hint: `correct the line, quote fields that hold a ${JSON.stringify(delimiter)}, or set the delimiter`,
    })
  }

  const rows: Record<string, Cell>[] = lines.map(() => ({}))
  for (const [place, name] of names.entries()) {
    const cells = lines.map(({ fields }): Cell => {
      const field = fields[place] ?? null
      return isMissing(field) ? null : field
    })
    for (const [index, cell] of typeCells(cells).entries()) {
      const row = rows[index]
      if (row !== undefined) row[name] = cell
    }
  }
  context.log(`${csv.path}: ${rows.length} rows, ${names.length} columns`)
  return rows
}

/** The lines that hold anything, each with its number; for fields over several lines, the last one's. */
function parseLines(csv: FileInput, delimiter: string): Line[] {
  const lines: Line[] = []
  try {
    parse(csv.text(), {
      bom: true,
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (fields: readonly string[], { lines: line }) => {
        lines.push({ fields, line })
        return null
      },
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new StepwellError({
      code: 'STEPWELL_CSV_SYNTAX',
      summary: `${csv.path} is not well-formed CSV`,
      details: error.message,
      hint: 'quote a field that holds a quote, and write the quotes inside it twice',
      cause: error,
    })
  }
  // A line of nothing but blanks is blank too, unless the table has just one column.
  const width = lines[0]?.fields.length ?? 0
  return lines.filter(({ fields }) => width === 1 || fields.length > 1 || fields[0]?.trim() !== '')
}

function namesOf({ fields, line }: Line, path: string): string[] {
  const names = fields.map((field) => field.trim())
  const taken = new Set(names)
  const seen = new Set<string>()
  return names.map((name, index) => {
    if (name === '') {
      let given = `column_${index + 1}`
      while (taken.has(given)) given += '_'
      taken.add(given)
      return given
    }
    if (seen.has(name)) throw badName(path, name, `occurs twice in line ${line}`)
    seen.add(name)
    return name
  })
}

function badName(path: string, name: string, problem: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_CSV_HEADER',
    summary: `${path}: the column name ${JSON.stringify(name)} ${problem}`,
    details: 'every column needs a name of its own',
    hint: 'rename it in the file',
  })
}

function emptyFile(path: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_CSV_EMPTY',
    summary: `${path} holds no rows`,
    details: 'there is nothing after the header line',
    hint: "check the step that writes it; for a file without a header line give the names in the param 'columns'",
  })
}
