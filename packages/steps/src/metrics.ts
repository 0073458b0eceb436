import { mean } from './summary.ts'

/** Numbers under names, as one step hands them to the next. */
export type Metrics = Readonly<Record<string, number>>

/** How well predictions match; in a type of its own so that it is `Metrics` too. */
export type RegressionMetrics = Readonly<{
  /** Rows scored. */
  n: number
  /**
   * 1 - SSE/SST, with SST around the mean of the scored rows. 1 is perfect, 0 no better than that
   * mean. `NaN` when the target has the same value in every scored row: there is then nothing to
   * explain, and a gate on it stays closed.
   */
  r2: number
  /** Root of the mean squared error, in units of the target. */
  rmse: number
  /** Mean absolute error, in units of the target. */
  mae: number
}>

/** Scores predictions against what was observed: two arrays of the same length, at least 1. */
export function scoreRegression(actual: Float64Array, predicted: Float64Array): RegressionMetrics {
  const n = actual.length
  const center = mean(actual)
  let squared = 0
  let absolute = 0
  let total = 0
  for (let row = 0; row < n; row++) {
    const value = actual[row] ?? Number.NaN
    const error = value - (predicted[row] ?? Number.NaN)
    squared += error * error
    absolute += Math.abs(error)
    total += (value - center) ** 2
  }
  const constant = actual.every((value) => value === actual[0])
  const r2 = constant ? Number.NaN : 1 - squared / total
  return { n, r2, rmse: Math.sqrt(squared / n), mae: absolute / n }
}
