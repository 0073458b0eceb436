import { messageOf } from '@stepwell/base/errors'
import { StepwellError, type FileInput, type StepContext } from '@stepwell/engine/author'
import { readParams, type ParamReader } from '../params.ts'
import { DECLARED_TYPES, type DeclaredType } from './column.ts'
import type { Session } from './duckdb.ts'
import { columnOf } from './open-table.ts'
import { readTable, writeTable } from './parquet.ts'
import {
  keep,
  ORDER,
  project,
  relationOf,
  replace,
  requireSome,
  rowsQuery,
  type Relation,
} from './relation.ts'
import { withSession } from './session.ts'
import { allOf, literal, quoteName, quoteText } from './sql.ts'
import { convert, isMissingText, trimmed } from './typing.ts'

export interface CleanTableInputs {
  readonly table: FileInput
}

/** What is done to a table, and needs to learn nothing from it. */
export type CleanOperation =
  /** Keeps these columns, in this order. */
  | { readonly op: 'select'; readonly columns: readonly string[] }
  | { readonly op: 'rename'; readonly names: Readonly<Record<string, string>> }
  /**
   * Changes types. A cell that does not suit fails the step, or becomes missing.
   */
  | {
      readonly op: 'coerce'
      readonly types: Readonly<Record<string, DeclaredType>>
      /** @default as in ISO 8601 */
      readonly formats?: Readonly<Record<string, string>>
      /** @default 'fail' */
      readonly otherwise?: 'fail' | 'missing'
    }
  /** Text without blanks around it, with single ones inside, in one Unicode form and one case. */
  | {
      readonly op: 'normalise'
      readonly columns: readonly string[]
      /** @default as it is */
      readonly case?: 'lower' | 'upper'
      /** Whole cells to be replaced, after all else. @default none */
      readonly replace?: Readonly<Record<string, string>>
    }
  /** Cells with these values become missing; a token that is a number also means other spellings of it. */
  | {
      readonly op: 'missing'
      readonly tokens: readonly string[]
      /** @default all */
      readonly columns?: readonly string[]
    }
  /** Missing values become this one. To fill in what is learned from the rows, see `fitTransform`. */
  | { readonly op: 'fill'; readonly values: Readonly<Record<string, string | number | boolean>> }
  /** Drops rows with a missing value. */
  | {
      readonly op: 'dropMissing'
      /** @default all */
      readonly columns?: readonly string[]
    }
  /** Of rows that are alike, keeps the first. */
  | {
      readonly op: 'dropDuplicates'
      /** Those in which they are alike. @default all */
      readonly columns?: readonly string[]
    }
  /** Keeps the rows for which an SQL condition holds, such as `"hum" > 0`. */
  | { readonly op: 'where'; readonly sql: string }

export interface CleanTableParams {
  /** Done one after the other. */
  readonly operations: readonly CleanOperation[]
}

export interface Cleaned {
  readonly rows: number
  readonly dropped: number
}

/**
 * Cleans a table by operations that look at one row or cell at a time, or compare rows, but learn nothing
 * from them: so it may be done before a split. The rows keep their order.
 *
 * @throws StepwellError STEPWELL_CELL_TYPE when a cell does not suit the type that it is coerced to;
 *   STEPWELL_ROWS_NONE; STEPWELL_COLUMN_UNKNOWN; STEPWELL_TABLE_COLUMN; STEPWELL_TABLE_INVALID;
 *   STEPWELL_SQL; STEPWELL_PARAM_INVALID.
 */
export async function cleanTable(
  { table }: CleanTableInputs,
  context: StepContext<CleanTableParams, 'table'>,
): Promise<Cleaned> {
  const params = readParams('cleanTable', context.params, ['operations'])
  const operations = params.list('operations')
  return await withSession(context, async (session) => {
    const source = await readTable(session, table)
    let relation = relationOf(source)
    for (const [index, operation] of operations.entries()) {
      relation = await operate(session, relation, operation, index)
    }
    const isSorted = operations.some((operation) => memberIs(operation, 'dropDuplicates'))
    const query = `${rowsQuery(relation)}${isSorted ? ` ORDER BY ${ORDER}` : ''}`
    const { rows } = await writeTable(session, query, context.outs.table, { keepCuts: !isSorted })
    requireSome(rows, source.rows, 'cleanTable')
    const dropped = source.rows - rows
    context.log(`dropped ${dropped} of ${source.rows} rows`)
    context.metric('dropped', dropped)
    return { rows, dropped }
  })
}

const OPERATIONS = [
  'select',
  'rename',
  'coerce',
  'normalise',
  'missing',
  'fill',
  'dropMissing',
  'dropDuplicates',
  'where',
] as const

type Operate = (session: Session, relation: Relation, params: ParamReader) => Promise<Relation>

async function operate(
  session: Session,
  relation: Relation,
  operation: unknown,
  index: number,
): Promise<Relation> {
  const place = `cleanTable: operations[${index}]`
  const op = readParams(place, operation, KNOWN).oneOf('op', OPERATIONS)
  const [known, work] = OPERATORS[op]
  return await work(session, relation, readParams(`${place} (${op})`, operation, ['op', ...known]))
}

const KNOWN: readonly string[] = [
  'op',
  'columns',
  'names',
  'types',
  'formats',
  'otherwise',
  'case',
  'replace',
  'tokens',
  'values',
  'sql',
]

const OPERATORS: Readonly<
  Record<(typeof OPERATIONS)[number], readonly [readonly string[], Operate]>
> = {
  select: [['columns'], select],
  rename: [['names'], rename],
  coerce: [['types', 'formats', 'otherwise'], coerce],
  normalise: [['columns', 'case', 'replace'], normalise],
  missing: [['tokens', 'columns'], markMissing],
  fill: [['values'], fill],
  dropMissing: [['columns'], dropMissing],
  dropDuplicates: [['columns'], dropDuplicates],
  where: [['sql'], where],
}

async function select(
  session: Session,
  relation: Relation,
  params: ParamReader,
): Promise<Relation> {
  const names = params.names('columns').map((name) => columnOf(relation.columns, name).name)
  return await project(
    session,
    relation,
    names.map((name) => ({ name, sql: quoteName(name) })),
  )
}

async function rename(
  session: Session,
  relation: Relation,
  params: ParamReader,
): Promise<Relation> {
  const names = new Map(Object.entries(params.record('names')))
  for (const name of names.keys()) columnOf(relation.columns, name)
  return await project(
    session,
    relation,
    relation.columns.map(({ name }) => ({ name: names.get(name) ?? name, sql: quoteName(name) })),
  )
}

async function coerce(
  session: Session,
  relation: Relation,
  params: ParamReader,
): Promise<Relation> {
  const types = Object.entries(params.record('types', DECLARED_TYPES)) as [string, DeclaredType][]
  const formats = new Map(Object.entries(params.record('formats')))
  const otherwise = params.oneOf('otherwise', ['fail', 'missing'], 'fail')
  const cells = new Map<string, string>()
  for (const [name, type] of types) {
    const cell = quoteName(columnOf(relation.columns, name).name)
    const converted = convert(`CAST(${cell} AS VARCHAR)`, type, formats.get(name))
    cells.set(name, converted)
    if (otherwise === 'missing') continue
    const [found] = await session.rows(
      `SELECT count(*) AS n, min(${ORDER}) + 1 AS row, arg_min(${cell}, ${ORDER})::VARCHAR AS value
       FROM ${relation.from} WHERE ${cell} IS NOT NULL AND (${converted}) IS NULL`,
    )
    if (found?.['n'] !== 0)
      throw notOfType(name, type, found?.['n'], found?.['row'], found?.['value'])
  }
  return await replace(session, relation, cells)
}

async function normalise(
  session: Session,
  relation: Relation,
  params: ParamReader,
): Promise<Relation> {
  const letters = params.has('case') ? params.oneOf('case', ['lower', 'upper']) : undefined
  const replacements = Object.entries(params.record('replace'))
  const cells = params.names('columns').map((name): [string, string] => {
    const cell = `CAST(${quoteName(columnOf(relation.columns, name).name)} AS VARCHAR)`
    const tidy = `regexp_replace(${trimmed(`nfc_normalize(${cell})`)}, '\\s+', ' ', 'g')`
    const text = letters === undefined ? tidy : `${letters}(${tidy})`
    if (replacements.length === 0) return [name, text]
    const cases = replacements.map(([from, to]) => `WHEN ${quoteText(from)} THEN ${quoteText(to)}`)
    return [name, `CASE ${text} ${cases.join(' ')} ELSE ${text} END`]
  })
  return await replace(session, relation, new Map(cells))
}

async function markMissing(
  session: Session,
  relation: Relation,
  params: ParamReader,
): Promise<Relation> {
  const tokens = params.texts('tokens')
  const cells = chosen(relation, params).map((name): [string, string] => {
    const cell = quoteName(name)
    return [
      name,
      `CASE WHEN NOT (${isMissingText(`CAST(${cell} AS VARCHAR)`, tokens)}) THEN ${cell} END`,
    ]
  })
  return await replace(session, relation, new Map(cells))
}

async function fill(session: Session, relation: Relation, params: ParamReader): Promise<Relation> {
  const cells = Object.entries(params.values('values')).map(([name, value]): [string, string] => {
    const { sqlType, type } = columnOf(relation.columns, name)
    const suits = type === 'integer' && !Number.isSafeInteger(value) ? 'DOUBLE' : sqlType
    return [
      name,
      `coalesce(CAST(${quoteName(name)} AS ${suits}), CAST(${literal(value)} AS ${suits}))`,
    ]
  })
  return await replace(session, relation, new Map(cells))
}

async function dropMissing(_: Session, relation: Relation, params: ParamReader): Promise<Relation> {
  return keep(
    relation,
    allOf(chosen(relation, params).map((name) => `${quoteName(name)} IS NOT NULL`)),
  )
}

async function dropDuplicates(
  _: Session,
  relation: Relation,
  params: ParamReader,
): Promise<Relation> {
  const same = chosen(relation, params).map(quoteName).join(', ')
  const first = `row_number() OVER (PARTITION BY ${same} ORDER BY ${ORDER}) = 1`
  return { ...relation, from: `(SELECT * FROM ${relation.from} QUALIFY ${first})` }
}

async function where(session: Session, relation: Relation, params: ParamReader): Promise<Relation> {
  const kept = keep(relation, `(${params.text('sql')}\n)`)
  try {
    await session.rows(`DESCRIBE SELECT * FROM ${kept.from}`)
  } catch (error) {
    throw new StepwellError({
      code: 'STEPWELL_SQL',
      summary: `${JSON.stringify(params.text('sql'))} is not a condition on the table`,
      details: messageOf(error),
      hint: 'correct the SQL; names of columns stand in double quotes, texts in single ones',
      cause: error,
    })
  }
  return kept
}

function chosen(relation: Relation, params: ParamReader): readonly string[] {
  const all = relation.columns.map(({ name }) => name)
  return params.names('columns', all).map((name) => columnOf(relation.columns, name).name)
}

function memberIs(operation: unknown, op: string): boolean {
  return (
    typeof operation === 'object' && operation !== null && 'op' in operation && operation.op === op
  )
}

function notOfType(
  name: string,
  type: string,
  count: unknown,
  row: unknown,
  value: unknown,
): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_CELL_TYPE',
    summary: `column ${JSON.stringify(name)} cannot become ${type}`,
    details: `${String(count)} cells do not suit; the first is ${JSON.stringify(value)} in row ${String(row)}`,
    hint: "set `otherwise` to 'missing' to do without such cells, or correct the type or its format",
  })
}
