import { StepwellError } from '@stepwell/engine/author'
import { join } from 'node:path'
import { isNumeric, sqlTypeOf, type DeclaredType } from './column.ts'
import { csvHeader } from './csv-header.ts'
import type { Session } from './duckdb.ts'
import { firstLine, ROW, type Source } from './parquet.ts'
import { anyOf, quoteName, quotePath, quoteText, textList } from './sql.ts'
import type { Staged } from './staged.ts'
import type { TextFile } from './text-file.ts'
import { isMissingText, isWhole, missingNumbers } from './typing.ts'

/** CSV files with the same columns, to be read as one. */
export interface CsvFiles {
  readonly files: readonly TextFile[]
  readonly names: readonly string[]
  /** What read_csv is told besides. */
  readonly options: string
}

// What no cell is: an empty list is refused.
const NO_TOKEN = '\u0001stepwell'

/** @throws StepwellError STEPWELL_CSV_HEADER when a file has other columns than the first one. */
export function csvFiles(
  files: readonly TextFile[],
  delimiter: string,
  given: readonly string[] | undefined,
): CsvFiles {
  const headers = given === undefined ? files.map((file) => csvHeader(file, delimiter)) : []
  const names = given ?? headers[0] ?? []
  for (const [index, header] of headers.entries()) {
    if (JSON.stringify(header) === JSON.stringify(names)) continue
    throw new StepwellError({
      code: 'STEPWELL_CSV_HEADER',
      summary: `${files[index]?.path} has other columns than ${files[0]?.path}`,
      details: `${header.join(', ')} instead of ${names.join(', ')}`,
      hint: 'collect them in steps of their own',
    })
  }
  // How lines end is left to the reader, who looks at each file: told what is not so, it finds no line and
  // says nothing.
  const options = [
    'auto_detect = false',
    `header = ${given === undefined}`,
    `delim = ${quoteText(delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    `compression = '${files.some(({ isCompressed }) => isCompressed) ? 'gzip' : 'none'}'`,
    'hive_partitioning = false',
    'store_rejects = true',
    'rejects_limit = 0',
  ].join(', ')
  return { files, names, options }
}

/**
 * A query that reads the files in one pass, for when all types are known, and leaves most of the judging
 * to `isAsTyped`, which must be asked.
 */
export function typedCsv(
  { files, names, options }: CsvFiles,
  types: ReadonlyMap<string, DeclaredType>,
  tokens: readonly string[],
): string {
  const columns = names.map((name, index) => {
    const type = types.get(name) ?? 'text'
    // As an integer, 1.5 would be read as 2.
    return `'c${index}': '${sqlTypeOf(type === 'integer' ? 'number' : type)}'`
  })
  const select = names.map((name, index) => {
    const cell = `c${index}`
    const type = types.get(name) ?? 'text'
    const whole = `CASE WHEN NOT (${isWhole(cell)}) THEN error('no integer') ELSE CAST(${cell} AS BIGINT) END`
    return `${type === 'integer' ? whole : cell} AS ${quoteName(name)}`
  })
  const nulls = textList(tokens.length === 0 ? [NO_TOKEN] : tokens)
  return `SELECT ${select.join(', ')}
    FROM read_csv(${paths(files)}, columns = {${columns.join(', ')}}, nullstr = ${nulls}, ${options})`
}

/** Whether what `typedCsv` has read is what reading text and judging each cell would come to. */
export async function isAsTyped(
  session: Session,
  { from, columns }: Source,
  tokens: readonly string[],
): Promise<boolean> {
  const numbers = missingNumbers(tokens)
  const doubts = columns.flatMap((column) => {
    const cell = quoteName(column.name)
    if (column.type === 'text') return [`${cell} IS NOT NULL AND (${isMissingText(cell, tokens)})`]
    if (!isNumeric(column)) return []
    return [
      `NOT isfinite(${cell})`,
      ...(numbers.length > 0 ? [`${cell} IN (${numbers.join(', ')})`] : []),
    ]
  })
  const [found] = await session.rows(
    `SELECT (SELECT count(*) FROM reject_errors) AS rejects,
       (SELECT count(*) FROM (SELECT 1 FROM ${from} WHERE ${anyOf(doubts)} LIMIT 1)) AS doubts`,
  )
  return found?.['rejects'] === 0 && found['doubts'] === 0
}

/** Reads the files as text. */
export async function stageCsv(
  session: Session,
  { files, names, options }: CsvFiles,
  scratch: string,
): Promise<Staged> {
  const stage = join(scratch, 'stage.parquet')
  const columns = names.map((_, index) => `'c${index}': 'VARCHAR'`).join(', ')
  const own = `rejects_table = 'unreadable', rejects_scan = 'scans', filename = 'file'`
  const query = `SELECT * FROM read_csv(${paths(files)}, columns = {${columns}},
    nullstr = ['${NO_TOKEN}'], ${options}, ${own})`
  try {
    await session.run(`COPY (${query}) TO ${quoteText(stage)} (FORMAT parquet)`)
  } catch (error) {
    throw new StepwellError({
      code: 'STEPWELL_CSV_SYNTAX',
      summary: `${files.map(({ path }) => path).join(', ')} cannot be read as CSV`,
      details: firstLine(error),
      hint: "check the params 'delimiter' and 'encoding', the quotes, and that all lines end alike",
      cause: error,
    })
  }
  const columnNames = names.map((name, index) => `WHEN ${index + 1} THEN ${quoteText(name)}`)
  return {
    from: `read_parquet(${quotePath(stage)})`,
    columns: names.map((name, index) => ({ name, sql: `c${index}`, isText: true })),
    file: pathOf(files, 'file'),
    row: `${ROW} + 1`,
    unreadable: `SELECT ${pathOf(files, 's.file_path')} AS file, r.line, NULL AS row,
        CASE r.column_idx ${columnNames.join(' ')} END AS column, NULL AS value,
        lower(r.error_type::VARCHAR) || ': ' || r.error_message AS reason, r.csv_line AS record
      FROM unreadable r JOIN scans s USING (scan_id, file_id)
      QUALIFY row_number() OVER (PARTITION BY s.file_path, r.line ORDER BY r.column_idx, r.byte_position) = 1`,
  }
}

/** A path as it is in the project, for one that the reader tells. */
function pathOf(files: readonly TextFile[], sql: string): string {
  const cases = files.map(
    ({ location, path }) => `WHEN ${quoteText(location)} THEN ${quoteText(path)}`,
  )
  return `CASE ${sql} ${cases.join(' ')} END`
}

function paths(files: readonly TextFile[]): string {
  return `[${files.map(({ location }) => quotePath(location)).join(', ')}]`
}
