import { StepwellError, type StepContext } from '@stepwell/engine/author'
import {
  CLASSIFIER_KINDS,
  classesOf,
  placesOf,
  requireClasses,
  type ClassifierKind,
  type ClassifierModel,
} from './classifier.ts'
import * as learner from './learner-params.ts'
import { fitLogistic } from './learners/fit-logistic.ts'
import { fitNaiveBayes } from './learners/naive-bayes.ts'
import { fitNeighbours } from './learners/neighbours.ts'
import { fitBoostingClassifier, fitForest, fitTree } from './learners/trees.ts'
import { readParams, type ParamReader } from './params.ts'
import { cellsOf, numbersOf, requireColumns, requireRows, type Rows } from './table.ts'

export interface TrainClassifierInputs {
  /** The rows to train on. */
  readonly rows: Rows
}

interface Columns {
  /** Numeric columns that predict, at least one. */
  readonly features: readonly string[]
  /** Column of the classes, texts or numbers; not a feature. */
  readonly target: string
}

/** Sums of the features give the log odds of the classes. */
export interface TrainLogistic extends Columns {
  readonly kind: 'logistic'
  /**
   * How strongly large coefficients of the scaled features are held back: above 0.
   * @default 1
   */
  readonly penalty?: number
}

/** A normal distribution of each feature in each class. */
export interface TrainNaiveBayes extends Columns {
  readonly kind: 'naiveBayes'
}

export interface TrainTreeClassifier extends Columns, learner.TreeParams {
  readonly kind: 'treeClassifier'
}

export interface TrainForestClassifier extends Columns, learner.ForestParams {
  readonly kind: 'forestClassifier'
}

export interface TrainBoostingClassifier extends Columns, learner.BoostingParams {
  readonly kind: 'boostingClassifier'
}

export interface TrainNeighboursClassifier extends Columns, learner.NeighboursParams {
  readonly kind: 'neighboursClassifier'
}

export type TrainClassifierParams =
  | TrainLogistic
  | TrainNaiveBayes
  | TrainTreeClassifier
  | TrainForestClassifier
  | TrainBoostingClassifier
  | TrainNeighboursClassifier

const OWN: Readonly<Record<ClassifierKind, readonly string[]>> = {
  logistic: ['penalty'],
  naiveBayes: [],
  treeClassifier: learner.LEARNER_PARAMS.tree,
  forestClassifier: learner.LEARNER_PARAMS.forest,
  boostingClassifier: learner.LEARNER_PARAMS.boosting,
  neighboursClassifier: learner.LEARNER_PARAMS.neighbours,
}
const ALL = [...new Set(Object.values(OWN).flat())]

/**
 * Trains a model that tells the values of a column apart. The same rows and params give the same model,
 * bit for bit.
 *
 * @throws StepwellError STEPWELL_CLASSES for fewer than 2 or more than 100 of them;
 *   STEPWELL_PARAM_INVALID; STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_MISSING; STEPWELL_CELL_NOT_NUMBER;
 *   STEPWELL_ROWS_NONE; STEPWELL_FIT_FAILED when the numbers are too large to compute with.
 */
export function trainClassifier(
  { rows }: TrainClassifierInputs,
  context: StepContext<TrainClassifierParams>,
): ClassifierModel {
  const known = ['kind', 'features', 'target', ...ALL]
  const params = readParams('trainClassifier', context.params, known)
  const kind = params.oneOf('kind', CLASSIFIER_KINDS)
  const features = params.names('features')
  const target = params.text('target')
  if (features.includes(target)) params.refuse('features', 'a list without the target')
  learner.refuseOthers(params, kind, ALL, OWN[kind])
  requireRows(rows, 'the table to train on')
  requireColumns(rows, [...features, target])
  const classes = classesOf(cellsOf(rows, target))
  const places = placesOf(rows, target, classes)
  requireClasses(classes, target)
  const columns = features.map((feature) => numbersOf(rows, feature))
  const checkpoint = (): void => context.signal.throwIfAborted()
  checkpoint()

  const base = { features: [...features], target, rows: rows.length, classes }
  const model = fit(params, kind, { base, columns, places }, checkpoint)
  context.log(
    `${kind} model of ${target} (${classes.length} classes) on ${features.join(', ')}; ${rows.length} rows`,
  )
  return model
}

interface Data {
  readonly base: Pick<ClassifierModel, 'features' | 'target' | 'rows' | 'classes'>
  readonly columns: readonly Float64Array[]
  readonly places: Uint32Array
}

function fit(
  params: ParamReader,
  kind: ClassifierKind,
  { base, columns, places }: Data,
  checkpoint: () => void,
): ClassifierModel {
  const answers = Float64Array.from(places)
  const indicators = base.classes.map((_, place) =>
    answers.map((answer) => (answer === place ? 1 : 0)),
  )
  switch (kind) {
    case 'logistic': {
      const penalty = params.number('penalty', { min: 1e-9, max: 1e9 }, 1)
      const fitted = fitLogistic(columns, indicators, penalty, checkpoint)
      const numbers =
        fitted === undefined ? [NaN] : [fitted.intercepts, ...fitted.coefficients].flat()
      if (fitted === undefined || !numbers.every(Number.isFinite)) throw notFitted(kind)
      return { ...base, kind, ...fitted }
    }
    case 'naiveBayes': {
      const fitted = fitNaiveBayes(columns, answers, base.classes.length)
      const numbers = [...fitted.means, ...fitted.variances].flat()
      if (!numbers.every(Number.isFinite)) throw notFitted(kind)
      return { ...base, kind, ...fitted }
    }
    case 'treeClassifier':
      return { ...base, kind, ...fitTree(columns, indicators, learner.treeOptions(params)) }
    case 'forestClassifier': {
      const tried = Math.max(1, Math.floor(Math.sqrt(columns.length)))
      const options = learner.forestOptions(params, columns.length, tried)
      return { ...base, kind, ...fitForest(columns, indicators, options, checkpoint) }
    }
    case 'boostingClassifier': {
      const options = learner.boostingOptions(params)
      return { ...base, kind, ...fitBoostingClassifier(columns, indicators, options, checkpoint) }
    }
    case 'neighboursClassifier': {
      const neighbours = learner.neighboursOf(params, places.length)
      return { ...base, kind, ...fitNeighbours(columns, answers, neighbours) }
    }
  }
}

function notFitted(kind: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_FIT_FAILED',
    summary: `the fit of a ${kind} model has no finite solution`,
    details: 'the numbers are too large, or the penalty too small',
    hint: 'bring the columns to another scale, look for broken values, or raise the penalty',
  })
}
