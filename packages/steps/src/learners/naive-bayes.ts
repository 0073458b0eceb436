import { deviation, mean } from '../summary.ts'
import { softmax } from './trees.ts'

/** A normal distribution of each feature in each class. */
export interface NaiveBayes {
  /** For each class, the natural logarithm of its share of the training rows. */
  readonly priors: readonly number[]
  /** For each class, for each feature. */
  readonly means: readonly (readonly number[])[]
  /** For each class, for each feature; above 0. */
  readonly variances: readonly (readonly number[])[]
}

// Share of the largest variance that is added to all, so that a constant in a class is not infinitely sure.
const SMOOTHING = 1e-9

export function fitNaiveBayes(
  columns: readonly Float64Array[],
  answers: Float64Array,
  classes: number,
): NaiveBayes {
  const whole = columns.map((column) => deviation(column, mean(column)) ** 2)
  // All columns are constant: any width does, since none tells the classes apart.
  const added = SMOOTHING * Math.max(...whole) || 1
  const model = { priors: [] as number[], means: [] as number[][], variances: [] as number[][] }
  for (let place = 0; place < classes; place++) {
    const parts = columns.map((column) => column.filter((_, row) => answers[row] === place))
    const means = parts.map(mean)
    model.priors.push(Math.log((parts[0]?.length ?? 0) / answers.length))
    model.means.push(means)
    model.variances.push(
      parts.map((part, feature) => deviation(part, means[feature] ?? 0) ** 2 + added),
    )
  }
  return model
}

/** For each class, its probability in each row; computed on logarithms, so that nothing vanishes. */
export function bayesProbabilities(
  { priors, means, variances }: NaiveBayes,
  columns: readonly Float64Array[],
  n: number,
): Float64Array[] {
  const scores = priors.map((prior, place) => {
    const score = new Float64Array(n).fill(prior)
    for (const [feature, column] of columns.entries()) {
      const center = means[place]?.[feature] ?? 0
      const variance = variances[place]?.[feature] ?? 1
      const constant = 0.5 * Math.log(2 * Math.PI * variance)
      for (let row = 0; row < n; row++) {
        const away = (column[row] ?? 0) - center
        score[row] = (score[row] ?? 0) - constant - (away * away) / (2 * variance)
      }
    }
    return score
  })
  return softmax(scores)
}

export function problemOfNaiveBayes(
  { priors, means, variances }: Partial<Record<keyof NaiveBayes, unknown>>,
  features: number,
  classes: number,
): string | undefined {
  if (!isGrid([priors], 1, classes)) return 'its priors are not numbers, one for each class'
  if (!isGrid(means, classes, features) || !isGrid(variances, classes, features)) {
    return 'its means and variances are not numbers for each class and feature'
  }
  const widths = (variances as number[][]).flat()
  return widths.every((variance) => variance > 0) ? undefined : 'a variance is not above 0'
}

/** Whether a value is a list of `lists` lists with `length` numbers each. */
export function isGrid(value: unknown, lists: number, length: number): boolean {
  return (
    Array.isArray(value) &&
    value.length === lists &&
    value.every(
      (list) => Array.isArray(list) && list.length === length && list.every(Number.isFinite),
    )
  )
}
