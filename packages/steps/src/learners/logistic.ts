import { isGrid } from './naive-bayes.ts'
import { softmax } from './trees.ts'

/**
 * The log odds of classes as sums: intercept + coefficient x feature. Two classes have one, that of the
 * second against the first; more have one each, and probabilities are the exponentials' shares.
 */
export interface Logistic {
  readonly intercepts: readonly number[]
  /** For each of the sums, for each feature, on the original scale. */
  readonly coefficients: readonly (readonly number[])[]
}

/** For each class, its probability in each row. */
export function logisticProbabilities(
  { intercepts, coefficients }: Logistic,
  columns: readonly Float64Array[],
  n: number,
): Float64Array[] {
  const scores = intercepts.map((intercept, place) => {
    const score = new Float64Array(n).fill(intercept)
    for (const [feature, column] of columns.entries()) {
      const coefficient = coefficients[place]?.[feature] ?? 0
      for (let row = 0; row < n; row++) {
        score[row] = (score[row] ?? 0) + coefficient * (column[row] ?? 0)
      }
    }
    return score
  })
  return oddsOf(scores, true)
}

export function problemOfLogistic(
  { intercepts, coefficients }: Partial<Record<keyof Logistic, unknown>>,
  features: number,
  classes: number,
): string | undefined {
  const sums = classes === 2 ? 1 : classes
  return isGrid([intercepts], 1, sums) && isGrid(coefficients, sums, features)
    ? undefined
    : 'its intercepts and coefficients are not numbers for each class and feature'
}

/** Probabilities of the classes, from one score of the second of two or a score of each. */
export function oddsOf(scores: readonly Float64Array[], first: boolean): Float64Array[] {
  const [score] = scores
  if (scores.length > 1 || score === undefined) return softmax(scores)
  const second = score.map((value) => 1 / (1 + Math.exp(-value)))
  return first ? [score.map((value) => 1 / (1 + Math.exp(value))), second] : [second]
}
