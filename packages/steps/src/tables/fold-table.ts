import { StepwellError, type FileInput, type StepContext } from '@stepwell/engine/author'
import { readParams } from '../params.ts'
import { columnOf } from './open-table.ts'
import { readTable, writeTable } from './parquet.ts'
import { cutByGroup, cutByKey } from './parts.ts'
import { randomKey } from './random-key.ts'
import { keep, ORDER, relationOf, rowsQuery } from './relation.ts'
import { withSession } from './session.ts'
import { quoteName } from './sql.ts'

export interface FoldTableInputs {
  readonly table: FileInput
}

export interface FoldTableParams {
  /** How many folds, from 2 to 100. */
  readonly folds: number
  /** Whole number. */
  readonly seed: number
  /** A column whose values are spread evenly over the folds. @default none */
  readonly stratify?: string
  /** A column whose values stay together in a fold. @default none */
  readonly group?: string
  /** The column that is added, with the fold of each row, from 0. @default 'fold' */
  readonly column?: string
}

/**
 * Puts each row into one of k folds, at random, and writes the table with its fold in a column more. The
 * rows keep their order. `takeFold` makes the parts of it.
 *
 * @throws StepwellError STEPWELL_SPLIT_EMPTY when a fold has no row; STEPWELL_CATEGORIES_MANY;
 *   STEPWELL_COLUMN_UNKNOWN; STEPWELL_TABLE_COLUMN; STEPWELL_TABLE_INVALID; STEPWELL_PARAM_INVALID.
 */
export async function foldTable(
  { table }: FoldTableInputs,
  context: StepContext<FoldTableParams, 'table'>,
): Promise<{ readonly rows: number; readonly folds: number }> {
  const known = ['folds', 'seed', 'stratify', 'group', 'column']
  const params = readParams('foldTable', context.params, known)
  const folds = params.number('folds', { min: 2, max: 100, integer: true })
  const seed = params.number('seed', { integer: true })
  const bounds = Array.from({ length: folds - 1 }, (_, index) => (index + 1) / folds)
  if (params.has('stratify') && params.has('group')) {
    params.refuse('group', 'absent where "stratify" is given')
  }
  const added = params.text('column', 'fold')
  return await withSession(context, async (session) => {
    const source = await readTable(session, table)
    const rows = relationOf(source)
    const column = (param: string): string => columnOf(rows.columns, params.text(param)).name
    const { relation, part, isUnordered } = params.has('group')
      ? await cutByGroup(session, rows, (group) => randomKey(seed, group), bounds, column('group'))
      : await cutByKey(
          session,
          rows,
          randomKey(seed),
          bounds,
          params.has('stratify') ? column('stratify') : undefined,
        )
    const columns = rows.columns.map(({ name }) => quoteName(name)).join(', ')
    const query = `SELECT ${columns}, CAST(${part} AS BIGINT) AS ${quoteName(added)} FROM ${relation.from}`
    const written = await writeTable(
      session,
      isUnordered ? `${query} ORDER BY ${ORDER}` : query,
      context.outs.table,
      { keepCuts: !isUnordered },
    )
    const [found] = await session.rows(
      `SELECT count(DISTINCT ${quoteName(added)}) AS n FROM ${written.from}`,
    )
    if (found?.['n'] !== folds)
      throw emptyFold(`only ${String(found?.['n'])} of ${folds} folds have rows`)
    return { rows: written.rows, folds }
  })
}

export interface TakeFoldInputs {
  /** The table of `foldTable`. */
  readonly table: FileInput
}

export interface TakeFoldParams {
  /** The fold that tests, from 0. */
  readonly fold: number
  /** The column that says the fold; neither part has it. @default 'fold' */
  readonly column?: string
}

/**
 * Writes the rows of one fold to the out `test`, and those of all others to the out `train`: one step for
 * each fold, so that each is cached by itself.
 *
 * @throws StepwellError STEPWELL_SPLIT_EMPTY; STEPWELL_COLUMN_UNKNOWN; STEPWELL_TABLE_INVALID;
 *   STEPWELL_PARAM_INVALID.
 */
export async function takeFold(
  { table }: TakeFoldInputs,
  context: StepContext<TakeFoldParams, 'train' | 'test'>,
): Promise<{ readonly train: number; readonly test: number }> {
  const params = readParams('takeFold', context.params, ['fold', 'column'])
  const fold = params.number('fold', { min: 0, integer: true })
  return await withSession(context, async (session) => {
    const source = await readTable(session, table)
    const { name } = columnOf(source.columns, params.text('column', 'fold'))
    const counts = { train: 0, test: 0 }
    for (const part of ['train', 'test'] as const) {
      const condition = `${quoteName(name)} ${part === 'test' ? '=' : '<>'} ${fold}`
      const { from } = keep(relationOf(source), condition)
      const columns = source.columns.filter((each) => each.name !== name)
      const { rows } = await writeTable(session, rowsQuery({ from, columns }), context.outs[part], {
        keepCuts: true,
      })
      if (rows === 0) throw emptyFold(`no row is left to ${part}`)
      counts[part] = rows
    }
    context.log(`${counts.train} rows train, ${counts.test} test`)
    return counts
  })
}

function emptyFold(what: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_SPLIT_EMPTY',
    summary: what,
    hint: 'make fewer folds, or name one that there is',
  })
}
