import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { growTree, orderColumns } from '../src/learners/grow-tree.ts'
import { leafOf, problemOfTree } from '../src/learners/tree.ts'

// Few distinct values, so that there are ties of all kinds.
const tables = fc.integer({ min: 2, max: 24 }).chain((n) =>
  fc.record({
    columns: fc.array(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: n, maxLength: n }), {
      minLength: 1,
      maxLength: 3,
    }),
    y: fc.array(fc.integer({ min: -4, max: 4 }), { minLength: n, maxLength: n }),
    leaf: fc.integer({ min: 1, max: 4 }),
    depth: fc.integer({ min: 1, max: 5 }),
  }),
)

function squaresOf(values: readonly number[]): number {
  const center = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0)
}

/** The least sum of squares that one split can leave, by trying each. */
function leastSquares(columns: readonly number[][], y: readonly number[], leaf: number): number {
  let least = squaresOf(y)
  for (const column of columns) {
    for (const threshold of new Set(column)) {
      const left = y.filter((_, row) => (column[row] ?? 0) <= threshold)
      const right = y.filter((_, row) => (column[row] ?? 0) > threshold)
      if (left.length < leaf || right.length < leaf) continue
      least = Math.min(least, squaresOf(left) + squaresOf(right))
    }
  }
  return least
}

function grow(columns: readonly number[][], y: readonly number[], leaf: number, depth: number) {
  const arrays = columns.map((column) => Float64Array.from(column))
  const rows = Uint32Array.from(y, (_, row) => row)
  const options = { depth, leaf, tried: columns.length }
  const grown = growTree(orderColumns(arrays), [Float64Array.from(y)], rows, options)
  const leaves = y.map((_, row) => leafOf(grown.tree, arrays, row, 1))
  return { ...grown, leaves }
}

test('a law: the first split is the best of all', () => {
  fc.assert(
    fc.property(tables, ({ columns, y, leaf }) => {
      const { tree, leaves } = grow(columns, y, leaf, 1)
      const left = y.reduce(
        (sum, value, row) => sum + (value - (tree.values[leaves[row] ?? 0] ?? 0)) ** 2,
        0,
      )
      expect(left).toBeCloseTo(leastSquares(columns, y, leaf), 8)
    }),
  )
})

test('a law: leaves hold the mean of their rows, enough of them, and gains add up', () => {
  fc.assert(
    fc.property(tables, ({ columns, y, leaf, depth }) => {
      const { tree, gains, leaves } = grow(columns, y, leaf, depth)
      expect(problemOfTree(tree, columns.length, 1)).toBe(undefined)
      let rest = 0
      for (const [place, value] of tree.values.entries()) {
        const own = y.filter((_, row) => leaves[row] === place)
        expect(own.length).toBeGreaterThanOrEqual(Math.min(leaf, y.length))
        expect(value).toBeCloseTo(own.reduce((sum, one) => sum + one, 0) / own.length, 10)
        rest += squaresOf(own)
      }
      const gained = gains.reduce((sum, gain) => sum + gain, 0)
      expect(rest + gained).toBeCloseTo(squaresOf(y), 8)
    }),
  )
})

test('a law: the order of the rows does not matter', () => {
  fc.assert(
    fc.property(tables, ({ columns, y, leaf, depth }) => {
      const turned = grow(
        columns.map((column) => column.toReversed()),
        y.toReversed(),
        leaf,
        depth,
      )
      expect(turned.tree).toEqual(grow(columns, y, leaf, depth).tree)
    }),
  )
})

test('neighbouring numbers are parted, though there is no number between them', () => {
  const { tree, leaves } = grow([[1, 1 + Number.EPSILON]], [0, 1], 1, 1)
  expect(tree.threshold[0]).toBe(1)
  expect(leaves).toEqual([0, 1])
  const huge = grow([[-Number.MAX_VALUE, Number.MAX_VALUE]], [0, 1], 1, 1)
  expect(huge.leaves).toEqual([0, 1])
})
