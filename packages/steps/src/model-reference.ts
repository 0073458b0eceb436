import type { Reference } from '@stepwell/registry'
import { placesOf } from './classifier.ts'
import { isClassifier, type Model } from './model.ts'
import { createRandom, shuffledIndices } from './random.ts'
import { numbersOf, type Rows } from './table.ts'

const MAX_ROWS = 10_000
const SEED = 1

/**
 * What later rows are compared with: at most 10,000 of the rows that a model was trained on, drawn evenly
 * and in their order. Classes are as the model predicts them: numbers where all are, else their places.
 *
 * @returns `undefined` for no rows
 * @throws StepwellError STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_MISSING; STEPWELL_CELL_NOT_NUMBER.
 */
export function referenceOf(model: Model, training: Rows = []): Reference | undefined {
  if (training.length === 0) return undefined
  const sample = sampleOf(training)
  const columns = model.features.map((name) => [name, [...numbersOf(sample, name)]] as const)
  const target = [model.target, [...targetOf(model, sample)]] as const
  return { rows: training.length, columns: Object.fromEntries([...columns, target]) }
}

function sampleOf(rows: Rows): Rows {
  if (rows.length <= MAX_ROWS) return rows
  const drawn = shuffledIndices(rows.length, createRandom(SEED)).subarray(0, MAX_ROWS)
  return Array.from(drawn.toSorted(), (index) => rows[index] ?? {})
}

function targetOf(model: Model, rows: Rows): Iterable<number> {
  if (!isClassifier(model)) return numbersOf(rows, model.target)
  const isNumeric = model.classes.every((name) => typeof name === 'number')
  return isNumeric ? numbersOf(rows, model.target) : placesOf(rows, model.target, model.classes)
}
