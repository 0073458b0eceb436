import { StepwellError } from '@stepwell/engine/author'
import type { Session } from './duckdb.ts'
import { columnOf, numericColumn } from './open-table.ts'
import { keep, project, replace, type Relation } from './relation.ts'
import { anyOf, literal, numberSql, quoteName, quoteText } from './sql.ts'

/** What was learned about one column, and is done to it. */
export type FittedOperation =
  /** Missing values become this one. */
  | { readonly op: 'impute'; readonly column: string; readonly value: string | number | boolean }
  /** Beyond the bounds, a value becomes the bound, or missing, or its row goes. */
  | {
      readonly op: 'outliers'
      readonly column: string
      readonly low: number
      readonly high: number
      readonly action: 'clip' | 'missing' | 'drop'
    }
  /** A value x becomes (x - center) / scale. */
  | {
      readonly op: 'scale'
      readonly column: string
      readonly center: number
      readonly scale: number
    }
  /** A category becomes its place among them, from 0. */
  | {
      readonly op: 'ordinal'
      readonly column: string
      readonly categories: readonly string[]
      readonly unknown: 'missing' | 'fail'
    }
  /** The column is replaced by one for each category, of 1 and 0. */
  | {
      readonly op: 'oneHot'
      readonly column: string
      readonly categories: readonly string[]
      /** Of the columns, in the order of the categories. */
      readonly names: readonly string[]
      readonly unknown: 'zero' | 'fail'
    }

/** What `fitTransform` learned: plain data that survives JSON. */
export interface Transform {
  readonly kind: 'transform'
  /** Number of rows that it was fitted on. */
  readonly rows: number
  /** Done one after the other. */
  readonly operations: readonly FittedOperation[]
}

/**
 * Does to rows what was learned.
 * @throws StepwellError STEPWELL_CATEGORY_UNKNOWN; STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_NOT_NUMBER.
 */
export async function transformed(
  session: Session,
  relation: Relation,
  fitted: FittedOperation,
): Promise<Relation> {
  const { name } = columnOf(relation.columns, fitted.column)
  const cell = quoteName(name)
  const one = async (sql: string): Promise<Relation> =>
    await replace(session, relation, new Map([[name, sql]]))
  switch (fitted.op) {
    case 'impute': {
      const { sqlType, type } = columnOf(relation.columns, name)
      const suits = type === 'integer' && !Number.isSafeInteger(fitted.value) ? 'DOUBLE' : sqlType
      return await one(
        `CAST(coalesce(CAST(${cell} AS ${suits}), CAST(${literal(fitted.value)} AS ${suits})) AS ${suits})`,
      )
    }
    case 'outliers': {
      numericColumn(relation.columns, name)
      const [low, high] = [numberSql(fitted.low), numberSql(fitted.high)]
      const within = `${cell} BETWEEN ${low} AND ${high}`
      if (fitted.action === 'drop') return keep(relation, `${cell} IS NULL OR ${within}`)
      if (fitted.action === 'missing') return await one(`CASE WHEN ${within} THEN ${cell} END`)
      return await one(
        `CASE WHEN ${cell} < ${low} THEN ${low} WHEN ${cell} > ${high} THEN ${high} ELSE ${cell} END`,
      )
    }
    case 'scale': {
      numericColumn(relation.columns, name)
      return await one(
        `(CAST(${cell} AS DOUBLE) - ${numberSql(fitted.center)}) / ${numberSql(fitted.scale)}`,
      )
    }
    case 'ordinal':
    case 'oneHot': {
      const text = `CAST(${cell} AS VARCHAR)`
      const { categories, unknown } = fitted
      if (unknown === 'fail') await requireKnown(session, relation, name, text, categories)
      if (fitted.op === 'ordinal') {
        const cases = categories.map((each, index) => `WHEN ${quoteText(each)} THEN ${index}`)
        return await one(
          cases.length === 0
            ? 'NULL::BIGINT'
            : `CAST(CASE ${text} ${cases.join(' ')} END AS BIGINT)`,
        )
      }
      const cells = relation.columns.flatMap((column) =>
        column.name === name
          ? categories.map((each, index) => ({
              name: fitted.names[index] ?? `${name}=${each}`,
              sql: `CASE WHEN ${text} = ${quoteText(each)} THEN 1 ELSE 0 END::BIGINT`,
            }))
          : [{ name: column.name, sql: quoteName(column.name) }],
      )
      return await project(session, relation, cells)
    }
  }
}

async function requireKnown(
  session: Session,
  { from }: Relation,
  name: string,
  text: string,
  categories: readonly string[],
): Promise<void> {
  const known = anyOf(categories.map((each) => `${text} = ${quoteText(each)}`))
  const found = await session.rows(
    `SELECT ${text} AS value, count(*) AS n FROM ${from}
     WHERE ${text} IS NOT NULL AND NOT (${known}) GROUP BY ALL ORDER BY n DESC, value LIMIT 4`,
  )
  if (found.length === 0) return
  throw new StepwellError({
    code: 'STEPWELL_CATEGORY_UNKNOWN',
    summary: `column ${JSON.stringify(name)} has categories that the transform was not fitted on`,
    details: found
      .map((row) => `${JSON.stringify(row['value'])} (${String(row['n'])} rows)`)
      .join(', '),
    hint: 'fit it on rows that have them, or let `unknown` be another than fail',
  })
}
