import { StepwellError, type FileInput, type StepContext } from '@stepwell/engine/author'
import { readParams, type ParamReader } from '../params.ts'
import type { Session, SqlRow } from './duckdb.ts'
import { columnOf, numericColumn } from './open-table.ts'
import { readTable } from './parquet.ts'
import { relationOf, type Relation } from './relation.ts'
import { withSession } from './session.ts'
import { quoteName } from './sql.ts'
import { transformed, type FittedOperation, type Transform } from './transform.ts'

export interface FitTransformInputs {
  /** The part to train on, and nothing else: what is learned here must not know the rest. */
  readonly table: FileInput
}

/** What is to be learned; each sees the rows as those before it leave them. */
export type FitOperation =
  /** Fills in the mean, the median, or the value that is most frequent (of several, the smallest). */
  | {
      readonly op: 'impute'
      readonly columns: readonly string[]
      readonly by: 'mean' | 'median' | 'mode'
    }
  /**
   * Finds bounds: `factor` times the interquartile range beyond the quartiles (type 7), or `factor`
   * standard deviations (divisor n) around the mean.
   */
  | {
      readonly op: 'outliers'
      readonly columns: readonly string[]
      readonly by: 'iqr' | 'zscore'
      /** @default 1.5 for iqr, 3 for zscore */
      readonly factor?: number
      /** What becomes of a value beyond. @default 'clip' */
      readonly action?: 'clip' | 'missing' | 'drop'
    }
  /**
   * `standard`: mean 0 and standard deviation 1 (divisor n); `minmax`: from 0 to 1; `robust`: median 0 and
   * interquartile range 1 (type 7). A column of one value only is moved and not stretched.
   */
  | {
      readonly op: 'scale'
      readonly columns: readonly string[]
      readonly by: 'standard' | 'minmax' | 'robust'
    }
  /** Replaces a column by one for each category, called `column=category`, of 1 and 0; a missing value gives 0 in all. */
  | {
      readonly op: 'oneHot'
      readonly columns: readonly string[]
      /** What becomes of a category that the rows here do not have. @default 'zero' */
      readonly unknown?: 'zero' | 'fail'
    }
  /** Replaces categories by their places, from 0. */
  | {
      readonly op: 'ordinal'
      readonly columns: readonly string[]
      /** @default those of the rows here, sorted */
      readonly categories?: readonly string[]
      /** What becomes of another category. @default 'missing' */
      readonly unknown?: 'missing' | 'fail'
    }

export interface FitTransformParams {
  readonly operations: readonly FitOperation[]
}

const MOST = 1000

/**
 * Learns from the part to train on how to fill in, bound, scale and encode columns. The output is for
 * `applyTransform`, which does it to any part.
 *
 * @throws StepwellError STEPWELL_CELL_NOT_NUMBER; STEPWELL_CELL_MISSING when a column has no value to learn
 *   from; STEPWELL_CATEGORIES_MANY; STEPWELL_CATEGORY_UNKNOWN; STEPWELL_COLUMN_UNKNOWN;
 *   STEPWELL_TABLE_INVALID; STEPWELL_PARAM_INVALID.
 */
export async function fitTransform(
  { table }: FitTransformInputs,
  context: StepContext<FitTransformParams>,
): Promise<Transform> {
  const wanted = readParams('fitTransform', context.params, ['operations']).list('operations')
  return await withSession(context, async (session) => {
    const source = await readTable(session, table)
    let relation = relationOf(source)
    const operations: FittedOperation[] = []
    for (const [index, each] of wanted.entries()) {
      for (const fitted of await fit(session, relation, each, index)) {
        operations.push(fitted)
        relation = await transformed(session, relation, fitted)
      }
    }
    context.log(`${operations.length} operations fitted on ${source.rows} rows`)
    return { kind: 'transform', rows: source.rows, operations }
  })
}

const OPERATIONS = ['impute', 'outliers', 'scale', 'oneHot', 'ordinal'] as const

async function fit(
  session: Session,
  relation: Relation,
  operation: unknown,
  index: number,
): Promise<FittedOperation[]> {
  const known = ['op', 'columns', 'by', 'factor', 'action', 'unknown', 'categories']
  const params = readParams(`fitTransform: operations[${index}]`, operation, known)
  const op = params.oneOf('op', OPERATIONS)
  const fitted: FittedOperation[] = []
  for (const name of params.names('columns')) {
    columnOf(relation.columns, name)
    fitted.push(await FITTERS[op](session, relation, name, params))
  }
  return fitted
}

type Fit = (
  session: Session,
  relation: Relation,
  column: string,
  params: ParamReader,
) => Promise<FittedOperation>

const FITTERS: Readonly<Record<(typeof OPERATIONS)[number], Fit>> = {
  impute,
  outliers,
  scale,
  oneHot,
  ordinal,
}

async function impute(
  session: Session,
  relation: Relation,
  column: string,
  params: ParamReader,
): Promise<FittedOperation> {
  const by = params.oneOf('by', ['mean', 'median', 'mode'])
  if (by !== 'mode') {
    const found = await statistics(session, relation, column)
    return { op: 'impute', column, value: by === 'mean' ? found.mean : found.median }
  }
  const cell = quoteName(column)
  const [most] = await session.rows(
    `SELECT ${cell} AS value FROM ${relation.from} WHERE ${cell} IS NOT NULL
     GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`,
  )
  const value = most?.['value'] ?? null
  if (value === null) throw nothingToLearn(column)
  const isPlain =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return {
    op: 'impute',
    column,
    value: isPlain ? value : value instanceof Date ? value.toISOString() : String(value),
  }
}

async function outliers(
  session: Session,
  relation: Relation,
  column: string,
  params: ParamReader,
): Promise<FittedOperation> {
  const by = params.oneOf('by', ['iqr', 'zscore'])
  const factor = params.number('factor', { above: 0 }, by === 'iqr' ? 1.5 : 3)
  const action = params.oneOf('action', ['clip', 'missing', 'drop'], 'clip')
  const { mean, sd, q1, q3 } = await statistics(session, relation, column)
  const [low, high] =
    by === 'iqr'
      ? [q1 - factor * (q3 - q1), q3 + factor * (q3 - q1)]
      : [mean - factor * sd, mean + factor * sd]
  return { op: 'outliers', column, low, high, action }
}

async function scale(
  session: Session,
  relation: Relation,
  column: string,
  params: ParamReader,
): Promise<FittedOperation> {
  const by = params.oneOf('by', ['standard', 'minmax', 'robust'])
  const { mean, sd, min, max, median, q1, q3 } = await statistics(session, relation, column)
  const [center, width] = {
    standard: [mean, sd],
    minmax: [min, max - min],
    robust: [median, q3 - q1],
  }[by] as [number, number]
  return { op: 'scale', column, center, scale: min === max || width === 0 ? 1 : width }
}

async function oneHot(
  session: Session,
  relation: Relation,
  column: string,
  params: ParamReader,
): Promise<FittedOperation> {
  const unknown = params.oneOf('unknown', ['zero', 'fail'], 'zero')
  const categories = await categoriesOf(session, relation, column)
  const taken = new Set(relation.columns.map(({ name }) => name.toLowerCase()))
  const names = categories.map((category) => {
    let name = `${column}=${category}`
    while (taken.has(name.toLowerCase())) name += '_'
    taken.add(name.toLowerCase())
    return name
  })
  return { op: 'oneHot', column, categories, names, unknown }
}

async function ordinal(
  session: Session,
  relation: Relation,
  column: string,
  params: ParamReader,
): Promise<FittedOperation> {
  const unknown = params.oneOf('unknown', ['missing', 'fail'], 'missing')
  const categories = params.has('categories')
    ? params.names('categories')
    : await categoriesOf(session, relation, column)
  return { op: 'ordinal', column, categories, unknown }
}

interface Statistics {
  readonly mean: number
  /** With n as the divisor. */
  readonly sd: number
  readonly min: number
  readonly max: number
  readonly median: number
  readonly q1: number
  readonly q3: number
}

async function statistics(
  session: Session,
  { from, columns }: Relation,
  name: string,
): Promise<Statistics> {
  const cell = `CAST(${quoteName(numericColumn(columns, name).name)} AS DOUBLE)`
  const [found] = await session.orderedRows(
    `SELECT favg(x) AS mean, stddev_pop(x) AS sd, min(x) AS min, max(x) AS max,
       quantile_cont(x, 0.5) AS median, quantile_cont(x, 0.25) AS q1, quantile_cont(x, 0.75) AS q3
     FROM (SELECT ${cell} AS x FROM ${from}) WHERE x IS NOT NULL`,
  )
  const number = (row: SqlRow | undefined, key: keyof Statistics): number => {
    const value = row?.[key] ?? null
    if (value === null) throw nothingToLearn(name)
    return Number(value)
  }
  return {
    mean: number(found, 'mean'),
    sd: number(found, 'sd'),
    min: number(found, 'min'),
    max: number(found, 'max'),
    median: number(found, 'median'),
    q1: number(found, 'q1'),
    q3: number(found, 'q3'),
  }
}

async function categoriesOf(
  session: Session,
  { from }: Relation,
  column: string,
): Promise<string[]> {
  const found = await session.rows(
    `SELECT DISTINCT CAST(${quoteName(column)} AS VARCHAR) AS value FROM ${from}
     WHERE ${quoteName(column)} IS NOT NULL ORDER BY value LIMIT ${MOST + 1}`,
  )
  if (found.length === 0) throw nothingToLearn(column)
  if (found.length > MOST) {
    throw new StepwellError({
      code: 'STEPWELL_CATEGORIES_MANY',
      summary: `column ${JSON.stringify(column)} has more than ${MOST} categories`,
      details: `such as ${found
        .slice(0, 3)
        .map((row) => JSON.stringify(row['value']))
        .join(', ')}`,
      hint: 'encode a column that has fewer, or group them in an earlier step',
    })
  }
  return found.map((row) => String(row['value']))
}

function nothingToLearn(column: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_CELL_MISSING',
    summary: `column ${JSON.stringify(column)} has no value to learn from`,
    details: 'all of its cells are missing',
    hint: 'leave the column out',
  })
}
