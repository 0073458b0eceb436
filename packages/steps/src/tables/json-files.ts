import { StepwellError } from '@stepwell/engine/author'
import { join } from 'node:path'
import type { Session } from './duckdb.ts'
import { checkNames, firstLine, ROW } from './parquet.ts'
import { quotePath, quoteText } from './sql.ts'
import type { Staged } from './staged.ts'
import type { TextFile } from './text-file.ts'

/**
 * Reads files of JSON objects: an array of them, or one per line. A column for each member of any of them,
 * in the order in which they first occur; what is nested stays JSON text.
 *
 * @throws StepwellError STEPWELL_JSON_SYNTAX.
 */
export async function stageJson(
  session: Session,
  files: readonly TextFile[],
  format: 'json' | 'ndjson',
  scratch: string,
): Promise<Staged> {
  const stage = join(scratch, 'stage.parquet')
  const from = `read_parquet(${quotePath(stage)})`
  try {
    await session.run(
      `COPY (${readObjects(files, format)}) TO ${quoteText(stage)} (FORMAT parquet)`,
    )
  } catch (error) {
    throw syntax(files, firstLine(error), error)
  }
  const isObject = `json_valid(record) AND json_type(record) = 'OBJECT'`
  const found = await session.rows(
    `SELECT name, min(place) AS place FROM (
       SELECT unnest(json_keys(record)) AS name,
         ${ROW} * 100000 + generate_subscripts(json_keys(record), 1) AS place
       FROM ${from} WHERE CASE WHEN json_valid(record) THEN json_type(record) = 'OBJECT' ELSE FALSE END)
     GROUP BY name ORDER BY place`,
  )
  const names = found.map((row) => String(row['name']))
  if (names.length === 0) throw syntax(files, 'there is no object in it')
  checkNames(names.map((name) => ({ name })))
  const members = names.map((name) =>
    quoteText(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
  const checks = members.map(
    (member, index) =>
      `bool_or(json_type(record, ${member}) IN ('VARCHAR', 'OBJECT', 'ARRAY')) AS t${index}`,
  )
  const objects = `(SELECT *, ${ROW} + 1 AS row FROM ${from}
    WHERE CASE WHEN json_valid(record) THEN json_type(record) = 'OBJECT' ELSE FALSE END)`
  const [texts] = await session.rows(`SELECT ${checks.join(', ')} FROM ${objects}`)
  const cells = members.map(
    (member, index) => `json_extract_string(record, ${member}) AS c${index}`,
  )
  return {
    from: `(SELECT file, row, ${cells.join(', ')} FROM ${objects})`,
    columns: names.map((name, index) => ({
      name,
      sql: `c${index}`,
      isText: true,
      ...(texts?.[`t${index}`] === true ? { type: 'text' as const } : {}),
    })),
    file: 'file',
    row: 'row',
    unreadable: `SELECT file, line, ${ROW} + 1 AS row, NULL AS column, NULL AS value,
        'no JSON object' AS reason, record FROM ${from}
      WHERE NOT CASE WHEN ${isObject} THEN TRUE ELSE FALSE END`,
  }
}

function readObjects(files: readonly TextFile[], format: 'json' | 'ndjson'): string {
  return files
    .map(({ path, location, isCompressed }) => {
      const file = `${quoteText(path)} AS file`
      // An array is read as a whole: a reader that takes it apart overlooks that its end is missing. Lines
      // are read as what they are, so that a broken one is rejected and not the file.
      return format === 'json'
        ? `SELECT ${file}, NULL::BIGINT AS line, unnest(from_json(CASE
               WHEN NOT json_valid(content) THEN error('it is not well-formed')
               WHEN json_type(content) <> 'ARRAY' THEN error('it is not an array')
               ELSE content END, '["JSON"]'))::VARCHAR AS record
           FROM read_text(${quotePath(location)})`
        : `SELECT ${file}, * FROM (SELECT row_number() OVER () AS line, record
             FROM read_csv(${quotePath(location)}, columns = {'record': 'VARCHAR'},
               auto_detect = false, header = false, delim = '\\x01', quote = '', escape = '',
               max_line_size = 16777216, hive_partitioning = false,
               compression = '${isCompressed ? 'gzip' : 'none'}'))
           WHERE trim(record) <> ''`
    })
    .join(' UNION ALL ')
}

function syntax(files: readonly TextFile[], facts: string, cause?: unknown): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_JSON_SYNTAX',
    summary: `${files.map(({ path }) => path).join(', ')} cannot be read as JSON objects`,
    details: facts,
    hint: "for one object per line set the param 'format' to 'ndjson'; else correct the file",
    cause,
  })
}
