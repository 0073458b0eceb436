import { StepwellError, type StepContext } from '@stepwell/engine/author'
import { showCell, type Cell } from './cell.ts'
import { readParams, type ParamReader } from './params.ts'
import { createRandom, shuffledIndices } from './random.ts'
import { cellsOf, requireColumns, requireRows, type Row, type Rows } from './table.ts'

export interface SplitRowsInputs {
  readonly rows: Rows
}

/** The first rows train, the rest test: for rows in order of time. */
export interface SplitByFraction {
  readonly by: 'fraction'
  /** Share of the rows that train, above 0 and below 1: floor(train x n) rows. */
  readonly train: number
}

/** One row of every `every` tests: those whose index, from 0, has this remainder. */
export interface SplitByIndex {
  readonly by: 'index'
  /** Whole number from 2 up. */
  readonly every: number
  /** Whole number from 0 up, below `every`. */
  readonly remainder: number
}

/** A random choice trains. The same seed and number of rows choose the same rows everywhere. */
export interface SplitByRandom {
  readonly by: 'random'
  /** Share of the rows that train, above 0 and below 1: floor(train x n) rows. */
  readonly train: number
  /** Whole number. */
  readonly seed: number
}

/** The value in a column decides: for a year, a region. Rows with any other value are left out. */
export interface SplitByColumn {
  readonly by: 'column'
  readonly column: string
  /** Values whose rows train. A number and the text that spells it differ. */
  readonly train: readonly Cell[]
  /** Values whose rows test; none of those that train. */
  readonly test: readonly Cell[]
}

export type SplitRowsParams = SplitByFraction | SplitByIndex | SplitByRandom | SplitByColumn

/** Both parts keep the order of the rows; no row is in both. */
export interface SplitRows {
  readonly train: readonly Row[]
  readonly test: readonly Row[]
}

type Part = 'train' | 'test' | undefined

const KINDS = ['fraction', 'index', 'random', 'column'] as const

/**
 * Splits rows into a part to train on and a part to test on; see the params for the ways. A random
 * split takes the first floor(train x n) of the indices shuffled by `createRandom(seed)`.
 *
 * @throws StepwellError STEPWELL_SPLIT_EMPTY when a part has no row; STEPWELL_COLUMN_UNKNOWN;
 *   STEPWELL_ROWS_NONE; STEPWELL_PARAM_INVALID.
 */
export function splitRows(
  { rows }: SplitRowsInputs,
  context: StepContext<SplitRowsParams>,
): SplitRows {
  const known = ['by', 'train', 'test', 'every', 'remainder', 'seed', 'column']
  const params = readParams('splitRows', context.params, known)
  const by = params.oneOf('by', KINDS)
  requireRows(rows, 'the table to split')
  const partOf = splitters[by](rows, params)

  const parts = { train: [] as Row[], test: [] as Row[] }
  for (const [index, row] of rows.entries()) {
    const part = partOf(index)
    if (part !== undefined) parts[part].push(row)
  }
  const { train, test } = parts
  for (const part of ['train', 'test'] as const) {
    if (parts[part].length === 0) throw emptyPart(rows, params, by, part)
  }
  const left = rows.length - train.length - test.length
  const rest = left === 0 ? '' : `, ${left} in neither part`
  context.log(`${train.length} rows train, ${test.length} test${rest}`)
  return parts
}

type Splitter = (rows: Rows, params: ParamReader) => (index: number) => Part

const splitters: Readonly<Record<(typeof KINDS)[number], Splitter>> = {
  fraction(rows, params) {
    refuseOthers(params, ['train'])
    const count = trainCount(rows, params)
    return (index) => (index < count ? 'train' : 'test')
  },
  index(_, params) {
    refuseOthers(params, ['every', 'remainder'])
    const every = params.number('every', { min: 2, integer: true })
    const remainder = params.number('remainder', { min: 0, below: every, integer: true })
    return (index) => (index % every === remainder ? 'test' : 'train')
  },
  random(rows, params) {
    refuseOthers(params, ['train', 'seed'])
    const count = trainCount(rows, params)
    const random = createRandom(params.number('seed', { integer: true }))
    const chosen = new Set(shuffledIndices(rows.length, random).subarray(0, count))
    return (index) => (chosen.has(index) ? 'train' : 'test')
  },
  column(rows, params) {
    refuseOthers(params, ['column', 'train', 'test'])
    const column = params.text('column')
    const train = new Set(params.cells('train'))
    const test = new Set(params.cells('test'))
    if ([...test].some((cell) => train.has(cell))) {
      params.refuse('test', 'a list that shares no value with "train"')
    }
    requireColumns(rows, [column])
    const cells = cellsOf(rows, column)
    return (index) => {
      const cell = cells[index] ?? null
      if (train.has(cell)) return 'train'
      return test.has(cell) ? 'test' : undefined
    }
  },
}

/** floor(train x n), where a product that misses a whole number by rounding alone counts as that number. */
function trainCount(rows: Rows, params: ParamReader): number {
  const product = params.number('train', { above: 0, below: 1 }) * rows.length
  const nearest = Math.round(product)
  return Math.abs(product - nearest) <= nearest * Number.EPSILON ? nearest : Math.floor(product)
}

function refuseOthers(params: ParamReader, own: readonly string[]): void {
  for (const name of ['train', 'test', 'every', 'remainder', 'seed', 'column']) {
    if (params.has(name) && !own.includes(name)) {
      params.refuse(name, `absent: this way to split takes ${own.join(', ')}`)
    }
  }
}

function emptyPart(rows: Rows, params: ParamReader, by: string, part: string): StepwellError {
  let facts = `${rows.length} rows split by ${by}`
  if (by === 'column') {
    const column = params.text('column')
    const values = [...new Set(cellsOf(rows, column).map(showCell))]
    const more = values.length > 10 ? `, and ${values.length - 10} more` : ''
    facts = `column ${JSON.stringify(column)} holds ${values.slice(0, 10).join(', ')}${more}`
  }
  return new StepwellError({
    code: 'STEPWELL_SPLIT_EMPTY',
    summary: `the ${part} part of the split has no row`,
    details: facts,
    hint: 'change the params of splitRows so that both parts get rows',
  })
}
