import { StepwellError, type FileInput } from '@stepwell/engine/author'
import { join } from 'node:path'
import { readParams, type ParamReader } from '../params.ts'
import { DECLARED_TYPES, type DeclaredType } from './column.ts'
import { csvFiles, isAsTyped, stageCsv, typedCsv } from './csv-files.ts'
import type { Session } from './duckdb.ts'
import { stageJson } from './json-files.ts'
import { columnsOf, firstLine, ROW, writeTable } from './parquet.ts'
import { withSession } from './session.ts'
import { quoteName, quotePath, quoteText } from './sql.ts'
import type { Staged } from './staged.ts'
import { isEncoding, utf8File, type TextFile } from './text-file.ts'
import {
  NO_REJECTS,
  reportCollected,
  typeColumns,
  writeRejected,
  type Collected,
  type CollectContext,
  type Typing,
} from './type-columns.ts'

/** Any number of inputs by any names: files, globs and urls, which are read as one in the order of the names. */
export type CollectTableInputs = Readonly<Record<string, FileInput | readonly FileInput[]>>

type Format = 'csv' | 'tsv' | 'json' | 'ndjson' | 'parquet'

export interface TypingParams {
  /**
   * The types of columns. For large CSV files declare them all: then the files are read in one pass.
   * @default what suits all cells of a column
   */
  readonly types?: Readonly<Record<string, DeclaredType>>
  /**
   * How dates, times and time stamps of a column are written, such as `%m/%d/%Y`; such a column needs a
   * declared type.
   * @default as in ISO 8601
   */
  readonly formats?: Readonly<Record<string, string>>
  /**
   * What stands for a missing value in text. Blanks around a cell do not count, and a token that is a
   * number matches every spelling of it (`-200` also means `-200.0`).
   * @default [''], for a database none
   */
  readonly missing?: readonly string[]
}

export interface CollectTableParams extends TypingParams {
  /** @default by the ending of the name: .csv, .tsv, .json, .ndjson, .jsonl or .parquet; but for Parquet, .gz may follow */
  readonly format?: Format
  /**
   * The encoding of text, by its name in the WHATWG Encoding Standard, such as `windows-1252`.
   * @default 'utf-8'
   */
  readonly encoding?: string
  /**
   * What separates the fields of CSV: one character.
   * @default ',', for TSV a tab
   */
  readonly delimiter?: string
  /**
   * Names of the columns of CSV that has no header line.
   * @default the first line of each file
   */
  readonly columns?: readonly string[]
}

/**
 * Reads files into a table, the out `table`. Rows that do not suit their declared types, and lines that
 * cannot be read, go to the out `rejected`, if there is one.
 *
 * @throws StepwellError STEPWELL_ROWS_REJECTED when there are such rows and no such out;
 *   STEPWELL_ROWS_NONE; STEPWELL_CSV_EMPTY; STEPWELL_CSV_HEADER; STEPWELL_CSV_SYNTAX;
 *   STEPWELL_JSON_SYNTAX; STEPWELL_INPUT_ENCODING; STEPWELL_TABLE_COLUMN; STEPWELL_TABLE_INVALID;
 *   STEPWELL_COLUMN_UNKNOWN; STEPWELL_PARAM_INVALID.
 */
export async function collectTable(
  inputs: CollectTableInputs,
  context: CollectContext<CollectTableParams>,
): Promise<Collected> {
  const params = readParams('collectTable', context.params, [
    'format',
    'encoding',
    'delimiter',
    'columns',
    ...TYPING,
  ])
  const files = Object.keys(inputs)
    .toSorted()
    .flatMap((name) => inputs[name] ?? [])
  const format = formatOf(params, files)
  const typing = readTyping(params)
  return await withSession(context, async (session) => {
    if (format === 'parquet') {
      const staged = await stageParquet(session, files)
      return await typeColumns(session, known(staged, typing), typing, context)
    }
    const texts = await textFiles(params, files, format, context)
    if (format === 'json' || format === 'ndjson') {
      const staged = await stageJson(session, texts, format, context.scratch())
      return await typeColumns(session, known(staged, typing), typing, context)
    }
    const delimiter = params.text('delimiter', format === 'tsv' ? '\t' : ',')
    if (delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
      params.refuse('delimiter', 'one character, neither a quote nor a line end')
    }
    const csv = csvFiles(
      texts,
      delimiter,
      params.has('columns') ? params.names('columns') : undefined,
    )
    if (csv.names.every((name) => typing.types.has(name)) && typing.formats.size === 0) {
      try {
        const query = typedCsv(csv, typing.types, typing.missing)
        // One file is read in pieces of the same bytes by any number of threads; of many files, not so.
        const keepCuts = csv.files.length === 1
        const table = await writeTable(session, query, context.outs.table, { keepCuts })
        if (table.rows > 0 && (await isAsTyped(session, table, typing.missing))) {
          return reportCollected(table, await writeRejected(session, NO_REJECTS, context), context)
        }
      } catch (error) {
        context.signal.throwIfAborted()
        if (error instanceof StepwellError) throw error
        // What is wrong is found out below, where each row is judged.
      }
    }
    const staged = await stageCsv(session, csv, context.scratch())
    return await typeColumns(session, known(staged, typing), typing, context)
  })
}

/** The names of `TypingParams`. */
export const TYPING: readonly string[] = ['types', 'formats', 'missing']

/** @throws StepwellError STEPWELL_PARAM_INVALID */
export function readTyping(params: ParamReader, missing: readonly string[] = ['']): Typing {
  const types = params.record('types', DECLARED_TYPES) as Record<string, DeclaredType>
  const formats = params.record('formats')
  for (const name of Object.keys(formats)) {
    if (['date', 'time', 'timestamp'].includes(types[name] ?? '')) continue
    params.refuse('formats', `for columns whose type is date, time or timestamp, unlike ${name}`)
  }
  return {
    types: new Map(Object.entries(types)),
    formats: new Map(Object.entries(formats)),
    missing: params.texts('missing', missing),
  }
}

/** What was staged, if it has all columns of which something is said. @throws StepwellError STEPWELL_COLUMN_UNKNOWN */
export function known(staged: Staged, { types }: Typing): Staged {
  const names = staged.columns.map(({ name }) => name)
  const unknown = [...types.keys()].find((name) => !names.includes(name))
  if (unknown === undefined) return staged
  throw new StepwellError({
    code: 'STEPWELL_COLUMN_UNKNOWN',
    summary: `no column ${JSON.stringify(unknown)}`,
    details: `columns are ${names.map((name) => JSON.stringify(name)).join(', ')}`,
    hint: "correct the name in the param 'types'",
  })
}

async function textFiles(
  params: ParamReader,
  files: readonly FileInput[],
  format: Format,
  { scratch }: CollectContext<unknown>,
): Promise<TextFile[]> {
  const encoding = params.text('encoding', 'utf-8').toLowerCase()
  if (!isEncoding(encoding)) params.refuse('encoding', 'the name of an encoding that Node knows')
  const texts: TextFile[] = []
  for (const [index, file] of files.entries()) {
    const copy = join(scratch(), `${index}.utf8`)
    texts.push(await utf8File(file, encoding, copy, format !== 'json'))
  }
  return texts
}

async function stageParquet(session: Session, files: readonly FileInput[]): Promise<Staged> {
  const parts = files.map(
    ({ path, location }, index) =>
      `SELECT *, ${quoteText(path)} AS "stepwell file", ${ROW} + 1 AS "stepwell row"
       FROM read_parquet(${quotePath(location)}, hive_partitioning = false) AS t${index}`,
  )
  const from = `(${parts.join(' UNION ALL BY NAME ')})`
  try {
    const columns = await columnsOf(
      session,
      `SELECT * EXCLUDE ("stepwell file", "stepwell row") FROM ${from}`,
    )
    return {
      from,
      columns: columns.map(({ name }) => ({ name, sql: quoteName(name), isText: false })),
      file: '"stepwell file"',
      row: '"stepwell row"',
    }
  } catch (error) {
    throw new StepwellError({
      code: 'STEPWELL_TABLE_INVALID',
      summary: `${files.map(({ path }) => path).join(', ')} cannot be read as Parquet`,
      details: firstLine(error),
      hint: "check what writes it, or set the param 'format'",
      cause: error,
    })
  }
}

function formatOf(params: ParamReader, files: readonly FileInput[]): Format {
  const [first] = files
  if (first === undefined) throw new TypeError('Expected collectTable to have an input')
  if (params.has('format'))
    return params.oneOf('format', ['csv', 'tsv', 'json', 'ndjson', 'parquet'])
  const [, ending = ''] = /\.(\w+)(?:\.gz)?$/.exec(first.path.toLowerCase()) ?? []
  if (ending === 'jsonl') return 'ndjson'
  const formats: readonly Format[] = ['csv', 'tsv', 'json', 'ndjson', 'parquet']
  return (
    formats.find((format) => format === ending) ??
    params.refuse('format', `given: the name ${first.path} does not tell it`)
  )
}
