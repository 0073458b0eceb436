import { StepwellError } from '@stepwell/engine/author'
import type { Cell } from './cell.ts'
import {
  logisticProbabilities,
  oddsOf,
  problemOfLogistic,
  type Logistic,
} from './learners/logistic.ts'
import { bayesProbabilities, problemOfNaiveBayes, type NaiveBayes } from './learners/naive-bayes.ts'
import { nearest, problemOfNeighbours, type Neighbours } from './learners/neighbours.ts'
import { problemOfTrees, sumTrees, type Trees } from './learners/trees.ts'
import { cellsOf, numbersOf, type Rows } from './table.ts'

/** What a classifier tells apart: a value of the target column. */
export type Class = string | number

interface ClassifierBase {
  /** In the order of the params. */
  readonly features: readonly string[]
  readonly target: string
  /** Number of rows trained on. */
  readonly rows: number
  /** Numbers in ascending order, then texts. */
  readonly classes: readonly Class[]
}

export interface LogisticModel extends ClassifierBase, Logistic {
  readonly kind: 'logistic'
}

export interface NaiveBayesModel extends ClassifierBase, NaiveBayes {
  readonly kind: 'naiveBayes'
}

export interface TreesClassifier extends ClassifierBase, Trees {
  readonly kind: 'treeClassifier' | 'forestClassifier' | 'boostingClassifier'
}

export interface NeighboursClassifier extends ClassifierBase, Neighbours {
  readonly kind: 'neighboursClassifier'
}

/** A trained classifier as plain data: it survives JSON. */
export type ClassifierModel =
  LogisticModel | NaiveBayesModel | TreesClassifier | NeighboursClassifier
export type ClassifierKind = ClassifierModel['kind']

export const CLASSIFIER_KINDS: readonly ClassifierKind[] = [
  'logistic',
  'naiveBayes',
  'treeClassifier',
  'forestClassifier',
  'boostingClassifier',
  'neighboursClassifier',
]

// So many columns of probabilities that more are likely a mistake: a target of measured numbers.
const MAX_CLASSES = 100

/**
 * For each of the classes, its probability in each row.
 * @throws StepwellError STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_MISSING; STEPWELL_CELL_NOT_NUMBER.
 */
export function probabilitiesOf(model: ClassifierModel, rows: Rows): Float64Array[] {
  const columns = model.features.map((feature) => numbersOf(rows, feature))
  const n = rows.length
  switch (model.kind) {
    case 'logistic':
      return logisticProbabilities(model, columns, n)
    case 'naiveBayes':
      return bayesProbabilities(model, columns, n)
    case 'treeClassifier':
    case 'forestClassifier':
      return sumTrees(model, columns, n)
    case 'boostingClassifier':
      return oddsOf(sumTrees(model, columns, n), true)
    case 'neighboursClassifier': {
      const found = nearest(model, columns, n)
      return model.classes.map((_, place) =>
        Float64Array.from(
          found,
          (answers) => answers.filter((answer) => answer === place).length / answers.length,
        ),
      )
    }
  }
}

/** For each row, the place of its most probable class; of two as probable, the earlier one. */
export function likeliest(probabilities: readonly Float64Array[]): Uint32Array {
  const places = new Uint32Array(probabilities[0]?.length ?? 0)
  for (let row = 0; row < places.length; row++) {
    let best = 0
    for (const [place, column] of probabilities.entries()) {
      if ((column[row] ?? 0) > (probabilities[best]?.[row] ?? 0)) best = place
    }
    places[row] = best
  }
  return places
}

/**
 * For each row its most probable class: the number that it is when all classes are, else its place. `NaN`
 * for a row whose probabilities are not numbers.
 */
export function predictionsOf(
  classes: readonly Class[],
  probabilities: readonly Float64Array[],
): Float64Array {
  const isNumeric = classes.every((name) => typeof name === 'number')
  return Float64Array.from(likeliest(probabilities), (place, row) => {
    if (Number.isNaN(probabilities[place]?.[row])) return Number.NaN
    return isNumeric ? Number(classes[place]) : place
  })
}

/** The classes of a column: numbers in ascending order, then texts by their characters. */
export function classesOf(cells: readonly Cell[]): Class[] {
  const classes = new Set(cells.filter((cell) => cell !== null))
  const numbers = [...classes].filter((cell) => typeof cell === 'number')
  const texts = [...classes].filter((cell) => typeof cell === 'string')
  return [...numbers.toSorted((a, b) => a - b), ...texts.toSorted()]
}

/**
 * For each row, the place of its class, or the number of classes for a value that is not among them.
 * @throws StepwellError STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_MISSING.
 */
export function placesOf(rows: Rows, target: string, classes: readonly Class[]): Uint32Array {
  const places = new Map(classes.map((name, place) => [name, place]))
  const cells = cellsOf(rows, target)
  const missing = cells.indexOf(null)
  if (missing !== -1) {
    throw new StepwellError({
      code: 'STEPWELL_CELL_MISSING',
      summary: `column ${JSON.stringify(target)} has a missing value`,
      details: `the first is in row ${missing + 1} of ${cells.length}`,
      hint: 'drop such rows with dropMissing: a row without a class cannot be trained on',
    })
  }
  return Uint32Array.from(cells, (cell) => places.get(cell as Class) ?? classes.length)
}

/** @throws StepwellError STEPWELL_CLASSES for fewer than 2 or more than 100. */
export function requireClasses(classes: readonly Class[], target: string): void {
  const problem = classes.length < 2 ? 'too few classes to tell apart' : 'too many classes'
  if (classes.length >= 2 && classes.length <= MAX_CLASSES) return
  throw new StepwellError({
    code: 'STEPWELL_CLASSES',
    summary: `column ${JSON.stringify(target)} has ${problem}`,
    details: `it takes 2 to ${MAX_CLASSES}, there are ${classes.length}`,
    hint:
      classes.length < 2
        ? 'train on rows of several classes; for a split, keep their shares'
        : 'train a regression on numbers, or group the values first',
  })
}

/** What keeps a value from being the classes of a classifier. */
export function problemOfClasses(classes: unknown): string | undefined {
  if (!Array.isArray(classes) || classes.length < 2 || new Set(classes).size < classes.length) {
    return 'its classes are not a list of distinct values'
  }
  if (!classes.every((name) => typeof name === 'string' || Number.isFinite(name))) {
    return 'its classes are not texts and numbers'
  }
  return undefined
}

/** What keeps an object of a classifier's kind from being one. */
export function problemOfClassifier(
  model: Partial<Record<string, unknown>>,
  features: number,
): string | undefined {
  const { kind } = model
  const unclear = problemOfClasses(model['classes'])
  if (unclear !== undefined) return unclear
  const count = (model['classes'] as Class[]).length
  if (kind === 'logistic') return problemOfLogistic(model, features, count)
  if (kind === 'naiveBayes') return problemOfNaiveBayes(model, features, count)
  if (kind === 'neighboursClassifier') {
    const problem = problemOfNeighbours(model, features)
    if (problem !== undefined) return problem
    const answers = model['answers'] as number[]
    const known = answers.every((place) => Number.isInteger(place) && place >= 0 && place < count)
    return known ? undefined : 'an answer is none of its classes'
  }
  const problem = problemOfTrees(model, features)
  if (problem !== undefined) return problem
  const sums = kind === 'boostingClassifier' && count === 2 ? 1 : count
  return (model['base'] as number[]).length === sums
    ? undefined
    : 'its base is not one number for each class'
}
