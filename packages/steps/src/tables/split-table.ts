import { StepwellError, type FileInput, type StepContext } from '@stepwell/engine/author'
import type { Cell } from '../cell.ts'
import { readParams, type ParamReader } from '../params.ts'
import type { Session } from './duckdb.ts'
import { columnOf } from './open-table.ts'
import { readTable, writeTable } from './parquet.ts'
import { cutByGroup, cutByKey, share, type Parts } from './parts.ts'
import { randomKey } from './random-key.ts'
import { keep, ORDER, relationOf, rowsQuery, type Relation } from './relation.ts'
import { withSession } from './session.ts'
import { literal, quoteName, quoteText } from './sql.ts'

export interface SplitTableInputs {
  readonly table: FileInput
}

export type SplitTableParams =
  /** The first floor(train x n) rows train, the rest test: for rows in order of time. */
  | { readonly by: 'fraction'; readonly train: number }
  /** Rows whose number, from 0, has this remainder test. */
  | { readonly by: 'index'; readonly every: number; readonly remainder: number }
  /** A random choice of floor(train x n) rows trains; with `stratify`, of those with each value of a column. */
  | {
      readonly by: 'random'
      readonly train: number
      /** Whole number. */
      readonly seed: number
      readonly stratify?: string
    }
  /**
   * Rows before a time train, those from it on test. With `train`, it is the time of the row at
   * floor(train x n) in order of time, so that rows of the same time stay together.
   */
  | { readonly by: 'time'; readonly column: string; readonly from: string }
  | { readonly by: 'time'; readonly column: string; readonly train: number }
  /** A random choice of groups trains, with about this share of the rows; no group is in both parts. */
  | { readonly by: 'group'; readonly column: string; readonly train: number; readonly seed: number }
  /** The value in a column decides. Rows with any other value are left out. */
  | {
      readonly by: 'column'
      readonly column: string
      readonly train: readonly Cell[]
      readonly test: readonly Cell[]
    }

/** How many rows each part has. */
export interface SplitTable {
  readonly train: number
  readonly test: number
}

/**
 * Splits a table into the outs `train` and `test`. Both keep the order of the rows; no row is in both. The
 * same table, params and seed give the same parts everywhere.
 *
 * @throws StepwellError STEPWELL_SPLIT_EMPTY when a part has no row; STEPWELL_CELL_MISSING when a time is
 *   missing; STEPWELL_CATEGORIES_MANY; STEPWELL_COLUMN_UNKNOWN; STEPWELL_TABLE_INVALID;
 *   STEPWELL_PARAM_INVALID.
 */
export async function splitTable(
  { table }: SplitTableInputs,
  context: StepContext<SplitTableParams, 'train' | 'test'>,
): Promise<SplitTable> {
  const by = readParams('splitTable', context.params, KNOWN).oneOf('by', WAYS)
  const [own, way] = SPLITTERS[by]
  const params = readParams(`splitTable (by ${by})`, context.params, ['by', ...own])
  return await withSession(context, async (session) => {
    const source = await readTable(session, table)
    const { relation, part, isUnordered } = await way(
      session,
      relationOf(source),
      params,
      source.rows,
    )
    const counts = { train: 0, test: 0 }
    for (const [index, name] of (['train', 'test'] as const).entries()) {
      const query = rowsQuery(keep(relation, `${part} = ${index}`))
      const sorted = isUnordered ? ` ORDER BY ${ORDER}` : ''
      const { rows } = await writeTable(session, query + sorted, context.outs[name], {
        keepCuts: !isUnordered,
      })
      if (rows === 0) throw emptyPart(name, source.rows)
      counts[name] = rows
    }
    const left = source.rows - counts.train - counts.test
    const rest = left === 0 ? '' : `, ${left} in neither part`
    context.log(`${counts.train} rows train, ${counts.test} test${rest}`)
    return counts
  })
}

const WAYS = ['fraction', 'index', 'random', 'time', 'group', 'column'] as const
const KNOWN: readonly string[] = [
  'by',
  'train',
  'test',
  'every',
  'remainder',
  'seed',
  'stratify',
  'column',
  'from',
]
const SHARE = { above: 0, below: 1 }

type Split = (
  session: Session,
  relation: Relation,
  params: ParamReader,
  rows: number,
) => Promise<Parts>

const SPLITTERS: Readonly<Record<(typeof WAYS)[number], readonly [readonly string[], Split]>> = {
  fraction: [['train'], byFraction],
  index: [['every', 'remainder'], byIndex],
  random: [['train', 'seed', 'stratify'], byRandom],
  time: [['column', 'from', 'train'], byTime],
  group: [['column', 'train', 'seed'], byGroup],
  column: [['column', 'train', 'test'], byColumn],
}

async function byFraction(
  _: Session,
  relation: Relation,
  params: ParamReader,
  rows: number,
): Promise<Parts> {
  const end = share(params.number('train', SHARE), rows)
  return { relation, part: `(${ORDER} >= ${end})::INTEGER`, isUnordered: false }
}

async function byIndex(_: Session, relation: Relation, params: ParamReader): Promise<Parts> {
  const every = params.number('every', { min: 2, integer: true })
  const remainder = params.number('remainder', { min: 0, below: every, integer: true })
  return { relation, part: `(${ORDER} % ${every} = ${remainder})::INTEGER`, isUnordered: false }
}

async function byRandom(session: Session, relation: Relation, params: ParamReader): Promise<Parts> {
  const bounds = [params.number('train', SHARE)]
  const key = randomKey(params.number('seed', { integer: true }))
  const stratum = params.has('stratify')
    ? columnOf(relation.columns, params.text('stratify')).name
    : undefined
  return await cutByKey(session, relation, key, bounds, stratum)
}

async function byTime(
  session: Session,
  relation: Relation,
  params: ParamReader,
  rows: number,
): Promise<Parts> {
  const { name, sqlType } = columnOf(relation.columns, params.text('column'))
  if (params.has('from') === params.has('train')) params.refuse('from', 'given, or "train" is')
  const cell = quoteName(name)
  const [missing] = await session.rows(
    `SELECT count(*) AS n FROM ${relation.from} WHERE ${cell} IS NULL`,
  )
  if (missing?.['n'] !== 0) {
    throw new StepwellError({
      code: 'STEPWELL_CELL_MISSING',
      summary: `column ${JSON.stringify(name)} has missing values`,
      details: `${String(missing?.['n'])} rows are at no time`,
      hint: 'drop such rows with cleanTable',
    })
  }
  if (params.has('from')) {
    const from = params.text('from')
    const [read] = await session.rows(
      `SELECT TRY_CAST(${quoteText(from)} AS ${sqlType}) IS NULL AS none`,
    )
    if (read?.['none'] === true) params.refuse('from', `a value of the column's type ${sqlType}`)
    const at = `CAST(${quoteText(from)} AS ${sqlType})`
    return { relation, part: `(${cell} >= ${at})::INTEGER`, isUnordered: false }
  }
  const end = share(params.number('train', SHARE), rows)
  const [at] = await session.rows(
    `SELECT CAST(${cell} AS VARCHAR) AS at FROM ${relation.from} ORDER BY ${cell} LIMIT 1 OFFSET ${end}`,
  )
  const bound = `CAST(${quoteText(String(at?.['at']))} AS ${sqlType})`
  return { relation, part: `(${cell} >= ${bound})::INTEGER`, isUnordered: false }
}

async function byGroup(session: Session, relation: Relation, params: ParamReader): Promise<Parts> {
  const { name } = columnOf(relation.columns, params.text('column'))
  const seed = params.number('seed', { integer: true })
  const bounds = [params.number('train', SHARE)]
  return await cutByGroup(session, relation, (group) => randomKey(seed, group), bounds, name)
}

async function byColumn(_: Session, relation: Relation, params: ParamReader): Promise<Parts> {
  const { name } = columnOf(relation.columns, params.text('column'))
  const [train, test] = [params.cells('train'), params.cells('test')]
  if (test.some((cell) => train.includes(cell))) {
    params.refuse('test', 'a list that shares no value with "train"')
  }
  const isOne = (cells: readonly Cell[]): string =>
    cells.map((cell) => `${quoteName(name)} IS NOT DISTINCT FROM ${literal(cell)}`).join(' OR ')
  const part = `CASE WHEN ${isOne(train)} THEN 0 WHEN ${isOne(test)} THEN 1 END`
  return { relation, part, isUnordered: false }
}

function emptyPart(part: string, rows: number): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_SPLIT_EMPTY',
    summary: `no row is left to ${part}`,
    details: `of ${rows}`,
    hint: 'change the params of the split',
  })
}
