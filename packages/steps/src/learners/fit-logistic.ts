import { Matrix, solve } from 'ml-matrix'
import { deviation, mean } from '../summary.ts'
import { oddsOf, type Logistic } from './logistic.ts'

const MAX_STEPS = 100

/**
 * Logistic regression with a penalty of `penalty` / 2 times the sum of squares of the coefficients of
 * features scaled to mean 0 and deviation 1; the intercept has none. Newton's method, each step halved
 * until the loss falls, to a gradient of next to nothing. `undefined` when that is not reached.
 *
 * Source: J. Nocedal, S. Wright, Numerical Optimization, 2006, section 3.3.
 */
export function fitLogistic(
  columns: readonly Float64Array[],
  indicators: readonly Float64Array[],
  penalty: number,
  checkpoint: () => void,
): Logistic | undefined {
  const n = indicators[0]?.length ?? 0
  const center = columns.map(mean)
  const scale = columns.map((column, place) => deviation(column, center[place] ?? 0) || 1)
  const design = [
    new Float64Array(n).fill(1),
    ...columns.map((column, place) =>
      column.map((value) => (value - (center[place] ?? 0)) / (scale[place] ?? 1)),
    ),
  ]
  const targets = indicators.length === 2 ? indicators.slice(1) : indicators
  const width = design.length
  let weights = new Float64Array(width * targets.length)
  let state = lossOf(design, targets, weights, penalty)
  for (let step = 0; step < MAX_STEPS; step++) {
    checkpoint()
    const gradient = gradientOf(design, targets, weights, state.odds, penalty)
    if (gradient.every((value) => Math.abs(value) <= 1e-10 * n)) {
      return onOriginalScale(weights, center, scale, width)
    }
    const hessian = hessianOf(design, state.odds, width, penalty)
    const direction = solve(hessian, Matrix.columnVector([...gradient])).to1DArray()
    let share = 1
    for (;;) {
      const next = weights.map((weight, index) => weight - share * (direction[index] ?? 0))
      const found = lossOf(design, targets, next, penalty)
      // No share of the step lowers what rounding leaves of the loss: this is the bottom.
      if (found.loss < state.loss || share < 1e-6) {
        if (share < 1e-6) return onOriginalScale(weights, center, scale, width)
        weights = next
        state = found
        break
      }
      share /= 2
    }
  }
  return undefined
}

function lossOf(
  design: readonly Float64Array[],
  targets: readonly Float64Array[],
  weights: Float64Array,
  penalty: number,
): { readonly loss: number; readonly odds: readonly Float64Array[] } {
  const width = design.length
  const n = design[0]?.length ?? 0
  const scores = targets.map((_, output) => {
    const score = new Float64Array(n)
    for (const [place, column] of design.entries()) {
      const weight = weights[output * width + place] ?? 0
      for (let row = 0; row < n; row++) score[row] = (score[row] ?? 0) + weight * (column[row] ?? 0)
    }
    return score
  })
  let loss = 0
  for (let row = 0; row < n; row++) {
    const values = scores.map((score) => score[row] ?? 0)
    if (values.length === 1) values.push(0)
    const top = Math.max(...values)
    let sum = 0
    for (const value of values) sum += Math.exp(value - top)
    loss += top + Math.log(sum)
    for (const [output, target] of targets.entries()) {
      loss -= (target[row] ?? 0) * (values[output] ?? 0)
    }
  }
  for (const [index, weight] of weights.entries()) {
    if (index % width > 0) loss += (penalty / 2) * weight * weight
  }
  return { loss, odds: oddsOf(scores, false) }
}

function gradientOf(
  design: readonly Float64Array[],
  targets: readonly Float64Array[],
  weights: Float64Array,
  odds: readonly Float64Array[],
  penalty: number,
): Float64Array {
  const width = design.length
  return weights.map((weight, index) => {
    const output = Math.floor(index / width)
    const column = design[index % width] ?? new Float64Array()
    const target = targets[output] ?? column
    const odd = odds[output] ?? column
    let sum = index % width === 0 ? 0 : penalty * weight
    for (let row = 0; row < column.length; row++) {
      sum += ((odd[row] ?? 0) - (target[row] ?? 0)) * (column[row] ?? 0)
    }
    return sum
  })
}

function hessianOf(
  design: readonly Float64Array[],
  odds: readonly Float64Array[],
  width: number,
  penalty: number,
): Matrix {
  const size = width * odds.length
  const hessian = Matrix.zeros(size, size)
  const n = design[0]?.length ?? 0
  for (const [one, first] of odds.entries()) {
    for (const [other, second] of odds.entries()) {
      if (other < one) continue
      const spread = new Float64Array(n)
      for (let row = 0; row < n; row++) {
        const p = first[row] ?? 0
        spread[row] = one === other ? p * (1 - p) : -p * (second[row] ?? 0)
      }
      for (const [i, left] of design.entries()) {
        const weighted = left.map((value, row) => value * (spread[row] ?? 0))
        for (const [j, right] of design.entries()) {
          let sum = 0
          for (let row = 0; row < n; row++) sum += (weighted[row] ?? 0) * (right[row] ?? 0)
          hessian.set(one * width + i, other * width + j, sum)
          hessian.set(other * width + j, one * width + i, sum)
        }
      }
      // All intercepts may move together where there is one for each class: this keeps their sum at 0.
      if (odds.length > 1) {
        const at = [one * width, other * width] as const
        hessian.set(...at, hessian.get(...at) + 1)
        if (one !== other) hessian.set(at[1], at[0], hessian.get(at[1], at[0]) + 1)
      }
    }
  }
  for (let index = 0; index < size; index++) {
    // So little on the intercept that it changes no digit, for classes that are parted so well that it has no spread.
    const added = index % width === 0 ? 1e-12 : penalty
    hessian.set(index, index, hessian.get(index, index) + added)
  }
  return hessian
}

function onOriginalScale(
  weights: Float64Array,
  center: readonly number[],
  scale: readonly number[],
  width: number,
): Logistic {
  const intercepts: number[] = []
  const coefficients: number[][] = []
  for (let start = 0; start < weights.length; start += width) {
    const own = scale.map((divisor, place) => (weights[start + 1 + place] ?? 0) / divisor + 0)
    coefficients.push(own)
    intercepts.push(
      own.reduce((sum, value, place) => sum - value * (center[place] ?? 0), weights[start] ?? 0),
    )
  }
  return { intercepts, coefficients }
}
