import type { Class } from '../classifier.ts'
import { scoreRegression } from '../metrics.ts'
import type { OpenModel } from '../model.ts'
import { mean } from '../summary.ts'
import type { Row } from '../table.ts'
import type { ServedVersion, ServedVersions } from './served-version.ts'
import type { WindowRows } from './window-rows.ts'

interface Compared {
  /** The error over that at the evaluation of the versions that answered; `null` when one has none. */
  readonly ratio: number | null
}

/** Of a regression, in units of the target. */
export interface RegressionError extends Compared {
  readonly rmse: number
  readonly mae: number
  /** `null` when all labels are the same. */
  readonly r2: number | null
  readonly meanActual: number
  readonly meanPredicted: number
  /** RMSE of the baseline on the same rows. */
  readonly baseline?: number
}

/** Of a classifier: shares of the rows. */
export interface ClassificationError extends Compared {
  readonly wrong: number
  readonly baseline?: number
}

export type WindowError = RegressionError | ClassificationError

/** Another model, whose errors on the same rows are told beside. */
export interface Baseline {
  readonly features: readonly string[]
  readonly opened: OpenModel
}

interface Labelled {
  readonly window: WindowRows
  readonly row: number
  readonly truth: string | number
  readonly version: ServedVersion
}

/** The error of some windows, or `undefined` when none of their labels has come. */
export async function errorOf(
  windows: readonly WindowRows[],
  versions: ServedVersions,
  baseline: Baseline | undefined,
): Promise<WindowError | undefined> {
  const all = windows.flatMap((window) =>
    window.labelled.map((row, place): Labelled => ({
      window,
      row,
      truth: window.truths[place] ?? Number.NaN,
      version: versions.get(window.version(row)),
    })),
  )
  const last = all.at(-1)
  if (last === undefined) return undefined
  // A model that became one of another kind has errors of another kind: those of the last one count.
  const isClassifier = last.version.classes !== undefined
  const rows = all.filter(({ version }) => (version.classes !== undefined) === isClassifier)
  const beside = baseline === undefined ? undefined : await predictedBy(baseline, rows)
  return isClassifier ? wrongOf(rows, beside) : distanceOf(rows, beside)
}

function distanceOf(rows: readonly Labelled[], beside: Beside | undefined): RegressionError {
  const actual = Float64Array.from(rows, ({ truth }) => Number(truth))
  const predicted = Float64Array.from(rows, ({ window, row }) => window.prediction(row))
  const { rmse, mae, r2 } = scoreRegression(actual, predicted)
  // Rows of several versions are expected to err as each of these did at its evaluation.
  const squares = rows.map(({ version }) => (version.expected ?? Number.NaN) ** 2)
  return {
    rmse,
    mae,
    r2: Number.isNaN(r2) ? null : r2,
    meanActual: mean(actual),
    meanPredicted: mean(predicted),
    ratio: ratio(rmse, Math.sqrt(mean(Float64Array.from(squares)))),
    ...(beside !== undefined && { baseline: scoreRegression(actual, beside.predicted).rmse }),
  }
}

function wrongOf(rows: readonly Labelled[], beside: Beside | undefined): ClassificationError {
  const share = (isWrong: (labelled: Labelled, place: number) => boolean): number =>
    rows.filter(isWrong).length / rows.length
  const wrong = share(
    ({ window, row, truth, version }) =>
      window.prediction(row) !== numberOfClass(truth, version.classes ?? []),
  )
  const expected = rows.map(({ version }) => version.expected ?? Number.NaN)
  return {
    wrong,
    ratio: ratio(wrong, mean(Float64Array.from(expected))),
    ...(beside !== undefined && {
      baseline: share(
        ({ truth }, place) => beside.predicted[place] !== numberOfClass(truth, beside.classes),
      ),
    }),
  }
}

function ratio(found: number, expected: number): number | null {
  if (Number.isNaN(expected)) return null
  return found === expected ? 1 : found / expected
}

/** A class as a classifier predicts it: the number that it is, or else its place; none is -1. */
function numberOfClass(truth: string | number, classes: readonly Class[]): number {
  const place = classes.findIndex((name) => String(name) === String(truth))
  const isNumeric = classes.every((name) => typeof name === 'number')
  return isNumeric && place !== -1 ? Number(classes[place]) : place
}

interface Beside {
  readonly predicted: Float64Array
  readonly classes: readonly Class[]
}

// At most this many rows are objects at a time.
const BATCH = 10_000

/** What another model says of the same rows; `undefined` when not all of them have what it reads. */
async function predictedBy(
  { features, opened }: Baseline,
  rows: readonly Labelled[],
): Promise<Beside | undefined> {
  const predicted = new Float64Array(rows.length)
  for (let from = 0; from < rows.length; from += BATCH) {
    const batch = rows
      .slice(from, from + BATCH)
      .map(({ window, row }): Row =>
        Object.fromEntries(features.map((name) => [name, window.number(row, name)])),
      )
    if (batch.some((row) => Object.values(row).some(Number.isNaN))) return undefined
    predicted.set(await opened.predict(batch), from)
  }
  return { predicted, classes: opened.classes ?? [] }
}
