import { likeliest } from './classifier.ts'

/** How well one class is told from the others. A share of nothing at all is 0, as in scikit-learn. */
export interface ClassScore {
  /** Share of the rows predicted as the class that are of it. */
  readonly precision: number
  /** Share of the rows of the class that are predicted as it. */
  readonly recall: number
  /** Harmonic mean of both. */
  readonly f1: number
  /** Rows of the class. */
  readonly rows: number
}

export interface ClassificationScores {
  /** Numbers under names; see `evaluateModel`. */
  readonly metrics: Readonly<Record<string, number>>
  readonly perClass: readonly ClassScore[]
  /** Rows of each class (outer) that were predicted as each class (inner). */
  readonly confusion: readonly (readonly number[])[]
}

/**
 * Scores probabilities against what was observed.
 *
 * @param actual for each row the place of its class; one that is not below their number is a class that
 *   the model does not know: it counts as wrong
 * @param probabilities for each class a column
 * @param positive the place of the class that is looked for, of two
 */
export function scoreClassification(
  actual: Uint32Array,
  probabilities: readonly Float64Array[],
  positive: number = 1,
): ClassificationScores {
  const n = actual.length
  const count = probabilities.length
  const predicted = likeliest(probabilities)
  const confusion = probabilities.map(() => probabilities.map(() => 0))
  let right = 0
  for (const [row, place] of actual.entries()) {
    const guess = predicted[row] ?? 0
    if (place === guess) right++
    const line = confusion[place]
    if (line !== undefined) line[guess] = (line[guess] ?? 0) + 1
  }
  const guesses = probabilities.map(() => 0)
  for (const guess of predicted) guesses[guess] = (guesses[guess] ?? 0) + 1
  const perClass = confusion.map((line, place): ClassScore => {
    const hits = line[place] ?? 0
    const rows = line.reduce((sum, value) => sum + value, 0)
    const precision = share(hits, guesses[place] ?? 0)
    const recall = share(hits, rows)
    return { precision, recall, f1: share(2 * hits, rows + (guesses[place] ?? 0)), rows }
  })
  const seen = perClass.reduce((sum, { rows }) => sum + rows, 0)
  const metrics: Record<string, number> = { n, accuracy: right / n }
  for (const name of ['precision', 'recall', 'f1'] as const) {
    if (count === 2) metrics[name] = perClass[positive]?.[name] ?? Number.NaN
    // Classes that are neither there nor predicted say nothing.
    const told = perClass.filter(({ rows }, place) => rows > 0 || (guesses[place] ?? 0) > 0)
    metrics[`${name}Macro`] = share(
      told.reduce((sum, score) => sum + score[name], 0),
      told.length,
    )
    metrics[`${name}Weighted`] = share(
      perClass.reduce((sum, score) => sum + score[name] * score.rows, 0),
      seen,
    )
  }
  metrics['rocAuc'] =
    count === 2 ? rocAuc(actual, probabilities, positive) : macroAuc(actual, probabilities)
  metrics['logLoss'] = logLoss(actual, probabilities)
  return { metrics, perClass, confusion }
}

/**
 * The share of pairs of a row of the class and one of another in which the former has the higher
 * probability, equal ones counting one half; `NaN` without a pair.
 *
 * Source: J. Hanley, B. McNeil, "The meaning and use of the area under a receiver operating
 * characteristic (ROC) curve", Radiology 143, 1982.
 */
function rocAuc(
  actual: Uint32Array,
  probabilities: readonly Float64Array[],
  positive: number,
): number {
  const scores = probabilities[positive] ?? new Float64Array()
  const order = Uint32Array.from(actual, (_, row) => row)
  order.sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0))
  let ranks = 0
  let hits = 0
  for (let start = 0; start < order.length;) {
    let end = start
    const value = scores[order[start] ?? 0]
    while (end < order.length && scores[order[end] ?? 0] === value) end++
    for (let index = start; index < end; index++) {
      if (actual[order[index] ?? 0] !== positive) continue
      hits++
      ranks += (start + 1 + end) / 2
    }
    start = end
  }
  const others = order.length - hits
  return hits === 0 || others === 0
    ? Number.NaN
    : (ranks - (hits * (hits + 1)) / 2) / (hits * others)
}

/** The mean over the classes, each against all others; `NaN` when one of them has no row. */
function macroAuc(actual: Uint32Array, probabilities: readonly Float64Array[]): number {
  const areas = probabilities.map((_, place) => rocAuc(actual, probabilities, place))
  return areas.reduce((sum, area) => sum + area, 0) / areas.length
}

/** The mean of -ln p of the class that was observed; p is held away from 0 as scikit-learn does. */
function logLoss(actual: Uint32Array, probabilities: readonly Float64Array[]): number {
  let sum = 0
  for (const [row, place] of actual.entries()) {
    const p = probabilities[place]?.[row] ?? 0
    sum -= Math.log(Math.min(1, Math.max(Number.EPSILON, p)))
  }
  return sum / actual.length
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
