import { StepwellError, type FileInput, type StepContext } from '@stepwell/engine/author'
import { readParams, type ParamReader } from '../params.ts'
import { DECLARED_TYPES, type Column, type DeclaredType } from './column.ts'
import type { Session } from './duckdb.ts'
import { readTable, type Source } from './parquet.ts'
import { ORDER, relationOf } from './relation.ts'
import { withSession } from './session.ts'
import { anyOf, literal, quoteName, quoteText } from './sql.ts'

export interface ValidateTableInputs {
  readonly table: FileInput
}

/** What must hold for a column. Missing values are judged by `nulls` alone. */
export interface ColumnRules {
  /** @default any */
  readonly type?: DeclaredType
  /** Smallest value allowed; for dates and times as in ISO 8601. @default any */
  readonly min?: number | string
  /** Largest value allowed. @default any */
  readonly max?: number | string
  /** All values allowed. @default any */
  readonly allowed?: readonly (string | number | boolean)[]
  /** What a text must match as a whole: a regular expression of RE2. @default any */
  readonly pattern?: string
  /** Whether no value may occur twice. @default false */
  readonly unique?: boolean
  /** The largest share of missing values allowed, from 0 to 1. @default 1 */
  readonly nulls?: number
  /** Whether the column may lack. @default false */
  readonly optional?: boolean
}

export interface ValidateTableParams {
  readonly columns?: Readonly<Record<string, ColumnRules>>
  /** Whether there may be columns that `columns` does not name. @default true */
  readonly others?: boolean
  /** Columns whose values must be unique together. @default none */
  readonly key?: readonly string[]
  /** How many rows there may be. */
  readonly rows?: {
    /** @default 1 */
    readonly min?: number
    /** @default any */
    readonly max?: number
  }
}

/** Proof that a table is valid; hand it to steps that must not run otherwise. */
export interface Validated {
  readonly valid: true
  readonly rows: number
  /** How many rules were asked. */
  readonly rules: number
}

interface Violation {
  readonly rule: string
  /** How many rows, where it is about rows. */
  readonly count?: number
  readonly examples?: readonly string[]
}

const EXAMPLES = 3

/**
 * Checks a table against a schema. All rules are asked before the step fails, and the report, in the log and
 * the message, says which were broken, by how many rows, with examples.
 *
 * @throws StepwellError STEPWELL_TABLE_UNFIT; STEPWELL_TABLE_INVALID; STEPWELL_PARAM_INVALID.
 */
export async function validateTable(
  { table }: ValidateTableInputs,
  context: StepContext<ValidateTableParams>,
): Promise<Validated> {
  const params = readParams('validateTable', context.params, ['columns', 'others', 'key', 'rows'])
  const columns = Object.entries(params.object('columns')).map(
    ([name, rules]) =>
      [name, readParams(`validateTable: column ${JSON.stringify(name)}`, rules, RULES)] as const,
  )
  return await withSession(context, async (session) => {
    const source = await readTable(session, table)
    const found: (Violation | undefined)[] = [
      ...rowCount(source, params),
      ...otherColumns(source, params),
    ]
    for (const [name, rules] of columns)
      found.push(...(await checkColumn(session, source, name, rules)))
    if (params.has('key')) {
      const key = params.names('key')
      const lacking = key.find((name) => source.columns.every((column) => column.name !== name))
      found.push(
        lacking === undefined
          ? await repeated(session, source, key, `key ${key.join(', ')}: unique together`)
          : { rule: `key: there is no column ${JSON.stringify(lacking)}` },
      )
    }
    const violations = found.filter((each) => each !== undefined)
    if (violations.length > 0) throw unfit(table.path, source.rows, violations, context.log)
    context.log(`${source.rows} rows suit ${found.length} rules`)
    return { valid: true, rows: source.rows, rules: found.length }
  })
}

const RULES = ['type', 'min', 'max', 'allowed', 'pattern', 'unique', 'nulls', 'optional']

function rowCount({ rows }: Source, params: ParamReader): (Violation | undefined)[] {
  const bounds = readParams('validateTable: rows', params.object('rows'), ['min', 'max'])
  const min = bounds.number('min', { min: 0, integer: true }, 1)
  const max = bounds.has('max') ? bounds.number('max', { min, integer: true }) : undefined
  return [
    rows < min ? { rule: `rows: at least ${min}, there are ${rows}` } : undefined,
    max !== undefined && rows > max
      ? { rule: `rows: at most ${max}, there are ${rows}` }
      : undefined,
  ]
}

function otherColumns({ columns }: Source, params: ParamReader): (Violation | undefined)[] {
  if (params.flag('others', true)) return []
  const known = params.object('columns')
  const others = columns.filter(({ name }) => !Object.hasOwn(known, name))
  if (others.length === 0) return [undefined]
  const names = others.map(({ name }) => JSON.stringify(name)).join(', ')
  return [{ rule: `columns: none but those that are named, there are also ${names}` }]
}

async function checkColumn(
  session: Session,
  source: Source,
  name: string,
  rules: ParamReader,
): Promise<(Violation | undefined)[]> {
  const shown = JSON.stringify(name)
  const column = source.columns.find((each) => each.name === name)
  if (column === undefined) {
    return [rules.flag('optional', false) ? undefined : { rule: `${shown}: the column is missing` }]
  }
  const found: (Violation | undefined)[] = []
  if (rules.has('type')) {
    const type = rules.oneOf('type', DECLARED_TYPES)
    const isOther = column.type !== type && !(type === 'number' && column.type === 'integer')
    found.push(isOther ? { rule: `${shown}: type ${type}, it is ${column.type}` } : undefined)
    // What follows would compare what cannot be compared.
    if (isOther) return found
  }
  const cell = quoteName(name)
  for (const { rule, broken } of conditions(column, rules)) {
    found.push(
      await offenders(
        session,
        source,
        column,
        `${shown}: ${rule}`,
        `${cell} IS NOT NULL AND NOT (${broken})`,
      ),
    )
  }
  const nulls = rules.number('nulls', { min: 0, max: 1 }, 1)
  if (nulls < 1) {
    const [count] = await session.rows(`SELECT count(*) - count(${cell}) AS n FROM ${source.from}`)
    const missing = Number(count?.['n'])
    const rule = `${shown}: at most ${nulls} missing, it is ${(missing / source.rows).toPrecision(3)}`
    found.push(missing > nulls * source.rows ? { rule, count: missing } : undefined)
  }
  if (rules.flag('unique', false))
    found.push(await repeated(session, source, [name], `${shown}: unique`))
  return found
}

/** Rules with what holds for a value that suits them. */
function conditions(
  { name, type, sqlType }: Column,
  rules: ParamReader,
): { rule: string; broken: string }[] {
  const cell = quoteName(name)
  const bound = (param: 'min' | 'max'): string => {
    const value = rules.cell(param)
    const isNumber = type === 'integer' || type === 'number'
    if (isNumber !== (typeof value === 'number')) {
      rules.refuse(param, isNumber ? 'a number' : `text, as the column's type is ${type}`)
    }
    return typeof value === 'number' ? literal(value) : `CAST(${quoteText(value)} AS ${sqlType})`
  }
  const found: { rule: string; broken: string }[] = []
  if (type === 'number') found.push({ rule: 'finite', broken: `isfinite(${cell})` })
  if (rules.has('min')) {
    found.push({
      rule: `at least ${String(rules.cell('min'))}`,
      broken: `${cell} >= ${bound('min')}`,
    })
  }
  if (rules.has('max')) {
    found.push({
      rule: `at most ${String(rules.cell('max'))}`,
      broken: `${cell} <= ${bound('max')}`,
    })
  }
  if (rules.has('allowed')) {
    const allowed = rules
      .list('allowed')
      .map((each) =>
        typeof each === 'number'
          ? `${type === 'integer' || type === 'number' ? cell : 'NULL'} = ${literal(each)}`
          : `CAST(${cell} AS VARCHAR) = ${quoteText(String(each))}`,
      )
    const few = rules.list('allowed').map((each) => JSON.stringify(each))
    const rule = `one of ${few.slice(0, 10).join(', ')}${few.length > 10 ? ', ...' : ''}`
    found.push({ rule, broken: `coalesce(${anyOf(allowed)}, FALSE)` })
  }
  if (rules.has('pattern')) {
    const pattern = rules.text('pattern')
    found.push({
      rule: `matches ${pattern}`,
      broken: `regexp_full_match(CAST(${cell} AS VARCHAR), ${quoteText(pattern)})`,
    })
  }
  return found
}

async function offenders(
  session: Session,
  source: Source,
  { name }: Column,
  rule: string,
  condition: string,
): Promise<Violation | undefined> {
  const { from } = relationOf(source)
  const found = await session.rows(
    `SELECT ${ORDER} + 1 AS row, CAST(${quoteName(name)} AS VARCHAR) AS value, count(*) OVER () AS n
     FROM ${from} WHERE ${condition} ORDER BY ${ORDER} LIMIT ${EXAMPLES}`,
  )
  if (found.length === 0) return undefined
  const examples = found.map(
    (row) => `${JSON.stringify(row['value'])} in row ${String(row['row'])}`,
  )
  return { rule, count: Number(found[0]?.['n']), examples }
}

async function repeated(
  session: Session,
  { from }: Source,
  names: readonly string[],
  rule: string,
): Promise<Violation | undefined> {
  const cells = names
    .map((name, index) => `CAST(${quoteName(name)} AS VARCHAR) AS c${index}`)
    .join(', ')
  const present = names.map((name) => `${quoteName(name)} IS NOT NULL`).join(' AND ')
  const keys = names.map((_, index) => `c${index}`).join(', ')
  const found = await session.rows(
    `SELECT *, sum(n) OVER () AS total FROM (
       SELECT ${keys}, count(*) AS n FROM (SELECT ${cells} FROM ${from} WHERE ${present})
       GROUP BY ${keys} HAVING count(*) > 1)
     ORDER BY n DESC, ${keys} LIMIT ${EXAMPLES}`,
  )
  if (found.length === 0) return undefined
  const examples = found.map((row) => {
    const values = names.map((_, index) => JSON.stringify(row[`c${index}`])).join(', ')
    return `${values} in ${String(row['n'])} rows`
  })
  return { rule, count: Number(found[0]?.['total']), examples }
}

function unfit(
  path: string,
  rows: number,
  violations: readonly Violation[],
  log: (line: string) => void,
): StepwellError {
  const lines = violations.map(({ rule, count, examples = [] }) => {
    const how =
      count === undefined
        ? ''
        : ` (${count} of ${rows} rows${examples.map((each) => `, ${each}`).join('')})`
    return `${rule}${how}`
  })
  for (const line of lines) log(line)
  return new StepwellError({
    code: 'STEPWELL_TABLE_UNFIT',
    summary: `${path} breaks ${lines.length} ${lines.length === 1 ? 'rule' : 'rules'}`,
    details: `\n- ${lines.join('\n- ')}`,
    hint: 'correct the data, clean it in an earlier step, or change the rules',
  })
}
