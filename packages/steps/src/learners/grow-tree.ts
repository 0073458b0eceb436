import { shuffledIndices, type Random } from '../random.ts'
import type { Tree } from './tree.ts'

export interface GrowOptions {
  /** Most splits from the root to a leaf, at most 64. */
  readonly depth: number
  /** Fewest rows in a leaf. */
  readonly leaf: number
  /** How many features that vary are tried for each split. */
  readonly tried: number
  /** Draws the features to try, where they are not all tried. */
  readonly random?: Random
}

/** The training columns with their orders, made once for any number of trees. */
export interface Ordered {
  readonly columns: readonly Float64Array[]
  /** For each column: the rows in ascending order, and the place of each row in it. */
  readonly orders: readonly { readonly rows: Uint32Array; readonly places: Uint32Array }[]
}

export interface Grown {
  readonly tree: Tree
  /** For each feature: by how much its splits lower the sum of squares. */
  readonly gains: Float64Array
}

export function orderColumns(columns: readonly Float64Array[]): Ordered {
  const orders = columns.map((column) => {
    const rows = Uint32Array.from(column, (_, row) => row)
    rows.sort((a, b) => (column[a] ?? 0) - (column[b] ?? 0) || a - b)
    const places = new Uint32Array(column.length)
    for (const [place, row] of rows.entries()) places[row] = place
    return { rows, places }
  })
  return { columns, orders }
}

/**
 * Grows one tree on some rows, which may repeat, by the split that lowers the sum of squares most. With
 * one output for each class, 1 in the rows of the class and else 0, that is the Gini impurity. Of equal
 * splits the one on the earlier feature, and there the lower one, is taken; so the tree is a function of
 * its arguments alone.
 *
 * Source: L. Breiman, J. Friedman, C. Stone, R. Olshen, Classification and Regression Trees, 1984.
 *
 * @param outputs what to predict: one array for each output
 * @param leafValues what a leaf says of its rows; by default the means of the outputs
 */
export function growTree(
  ordered: Ordered,
  outputs: readonly Float64Array[],
  sample: Uint32Array,
  options: GrowOptions,
  leafValues: (rows: Uint32Array) => readonly number[] = (rows) => meansOf(outputs, rows),
): Grown {
  const { columns } = ordered
  const tree = { feature: [] as number[], threshold: [] as number[], right: [] as number[] }
  const values: number[] = []
  const gains = new Float64Array(columns.length)
  const buffer = new Uint32Array(sample.length)
  const all = Uint32Array.from(columns, (_, place) => place)
  let leaves = 0

  const grow = (rows: Uint32Array, depth: number): void => {
    const node = tree.feature.length
    tree.feature.push(-1)
    tree.threshold.push(0)
    tree.right.push(0)
    const split =
      depth < options.depth && rows.length >= 2 * options.leaf && !isPure(outputs, rows)
        ? bestSplit(rows)
        : undefined
    if (split === undefined) {
      tree.right[node] = leaves++
      values.push(...leafValues(rows))
      return
    }
    tree.feature[node] = split.feature
    tree.threshold[node] = split.threshold
    gains[split.feature] = (gains[split.feature] ?? 0) + split.gain
    const column = columns[split.feature] ?? new Float64Array()
    const isLeft = (row: number): boolean => (column[row] ?? 0) <= split.threshold
    const left = rows.filter(isLeft)
    const right = rows.filter((row) => !isLeft(row))
    grow(left, depth + 1)
    tree.right[node] = tree.feature.length
    grow(right, depth + 1)
  }

  const bestSplit = (rows: Uint32Array): Split | undefined => {
    const { random, tried } = options
    const among = random === undefined ? all : shuffledIndices(columns.length, random)
    const found: Split[] = []
    let varying = 0
    for (const feature of among) {
      if (varying === tried) break
      const column = columns[feature] ?? new Float64Array()
      const order = ordered.orders[feature]
      if (order === undefined) continue
      const sorted = buffer.subarray(0, rows.length)
      for (let index = 0; index < rows.length; index++) {
        sorted[index] = order.places[rows[index] ?? 0] ?? 0
      }
      sorted.sort()
      for (let index = 0; index < sorted.length; index++) {
        sorted[index] = order.rows[sorted[index] ?? 0] ?? 0
      }
      const [first = 0] = sorted
      if (column[first] === column[sorted.at(-1) ?? 0]) continue
      varying++
      const split = splitOf(sorted, feature, column, outputs, options.leaf)
      if (split !== undefined) found.push(split)
    }
    found.sort((a, b) => a.feature - b.feature)
    let best: Split | undefined
    for (const split of found) if (best === undefined || split.gain > best.gain) best = split
    return best
  }

  grow(sample, 0)
  return { tree: { ...tree, values }, gains }
}

interface Split {
  readonly feature: number
  readonly threshold: number
  readonly gain: number
}

/** The best split of rows in the order of a column, or `undefined` when each leaves too few on a side. */
function splitOf(
  sorted: Uint32Array,
  feature: number,
  column: Float64Array,
  outputs: readonly Float64Array[],
  leaf: number,
): Split | undefined {
  const n = sorted.length
  const totals = sumsOf(outputs, sorted)
  const lefts = totals.map(() => 0)
  const whole = totals.reduce((sum, total) => sum + (total * total) / n, 0)
  let score = -Infinity
  let threshold = 0
  for (let left = 1; left <= n - leaf; left++) {
    const row = sorted[left - 1] ?? 0
    let squares = 0
    let rest = 0
    for (let output = 0; output < outputs.length; output++) {
      const sum = (lefts[output] ?? 0) + (outputs[output]?.[row] ?? 0)
      lefts[output] = sum
      squares += sum * sum
      const other = (totals[output] ?? 0) - sum
      rest += other * other
    }
    if (left < leaf) continue
    const below = column[row] ?? 0
    const above = column[sorted[left] ?? 0] ?? 0
    if (below === above) continue
    const found = squares / left + rest / (n - left)
    if (found <= score) continue
    score = found
    // Halves first, since the sum may overflow. A middle that rounds up to the value above would not part them.
    const middle = below / 2 + above / 2
    threshold = middle >= below && middle < above ? middle : below
  }
  return score === -Infinity ? undefined : { feature, threshold, gain: Math.max(0, score - whole) }
}

function sumsOf(outputs: readonly Float64Array[], rows: Uint32Array): number[] {
  return outputs.map((output) => {
    let sum = 0
    for (const row of rows) sum += output[row] ?? 0
    return sum
  })
}

function meansOf(outputs: readonly Float64Array[], rows: Uint32Array): number[] {
  return sumsOf(outputs, rows).map((sum) => sum / rows.length)
}

function isPure(outputs: readonly Float64Array[], rows: Uint32Array): boolean {
  const [first = 0] = rows
  return outputs.every((output) => rows.every((row) => output[row] === output[first]))
}
