import { StepwellError } from '@stepwell/engine/author'
import {
  CLASSIFIER_KINDS,
  predictionsOf,
  probabilitiesOf,
  problemOfClassifier,
  type Class,
  type ClassifierModel,
} from './classifier.ts'
import { problemOfKernel, sumKernel, type Kernel } from './learners/kernel.ts'
import { nearest, problemOfNeighbours, type Neighbours } from './learners/neighbours.ts'
import { problemOfTrees, sumTrees, type Trees } from './learners/trees.ts'
import { problemOfOnnx, type OnnxClassifier, type OnnxModel } from './onnx/onnx-model.ts'
import { mean } from './summary.ts'
import { numbersOf, type Rows } from './table.ts'

/** What the training rows leave unexplained. */
export interface Residuals {
  /** Of actual - predicted, in units of the target: minimum, quartiles (type 7) and maximum. */
  readonly min: number
  readonly q1: number
  readonly median: number
  readonly q3: number
  readonly max: number
  /** As in `RegressionMetrics`. */
  readonly r2: number
  readonly rmse: number
  readonly mae: number
}

interface ModelBase {
  /** In the order of the params. */
  readonly features: readonly string[]
  readonly target: string
  /** Number of rows trained on. */
  readonly rows: number
  /** Of a model that `trainRegression` has trained. */
  readonly residuals?: Residuals
}

/**
 * With s = intercept + the sum of coefficients[i] x features[i], the prediction is s for `linear`,
 * `simple` and `theilSen` and e^s for `exponential`. For `power` it is e^s with the natural logarithm
 * of the feature in its place, that is e^intercept x feature^coefficient.
 */
export interface LinearModel extends ModelBase {
  readonly kind: 'linear' | 'simple' | 'theilSen' | 'exponential' | 'power'
  readonly intercept: number
  /** One for each of `features`, in their order, on the original scale. */
  readonly coefficients: readonly number[]
}

/** The prediction is the sum of coefficients[k] z^k, where z = (feature - center) / scale. */
export interface PolynomialModel extends ModelBase {
  readonly kind: 'polynomial'
  readonly degree: number
  /** Middle of the feature's range in the training rows. */
  readonly center: number
  /** Half of that range. */
  readonly scale: number
  /** From the power 0 up: degree + 1 numbers. */
  readonly coefficients: readonly number[]
}

/** The prediction is what the trees add up to. */
export interface TreesModel extends ModelBase, Trees {
  readonly kind: 'tree' | 'forest' | 'boosting'
}

/** The prediction is the mean target of the nearest training rows. */
export interface NeighboursModel extends ModelBase, Neighbours {
  readonly kind: 'neighbours'
}

/** The prediction is a sum of bells around the training rows. */
export interface KernelModel extends ModelBase, Kernel {
  readonly kind: 'kernelRidge'
}

/** A trained model that predicts a number. */
export type RegressionModel =
  LinearModel | PolynomialModel | TreesModel | NeighboursModel | KernelModel

/** A trained model as plain data: it survives JSON. */
export type Model = RegressionModel | ClassifierModel | OnnxModel
export type ModelKind = Model['kind']

export interface Predictor {
  /**
   * The predictions for rows, which need the model's features and may have more, in their order. Of a
   * classifier whose classes are all numbers it is the class, else the place of the class in `classes`.
   * @throws StepwellError STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_MISSING; STEPWELL_CELL_NOT_NUMBER;
   *   STEPWELL_CELL_NOT_POSITIVE for a power model.
   */
  predict(rows: Rows): Float64Array
  /** Of a classifier: what it tells apart. */
  readonly classes?: readonly Class[]
  /** Of a classifier: for each of the classes its probability in each row. */
  readonly probabilities?: (rows: Rows) => Float64Array[]
}

/**
 * As `Predictor`, and for models of any kind: those that another library runs take their time. Ours answer at
 * once.
 */
export interface OpenModel {
  /**
   * As `Predictor.predict`. `NaN` where a network gives no number.
   * @throws StepwellError as there; STEPWELL_ONNX_UNFIT when a network gives something else than its file says.
   */
  predict(rows: Rows): Float64Array | Promise<Float64Array>
  /** Of a classifier: what it tells apart. */
  readonly classes?: readonly Class[]
  /** Of a classifier: for each of the classes its probability in each row. */
  readonly probabilities?: (rows: Rows) => Float64Array[] | Promise<Float64Array[]>
  /** Releases its resources once the predictions under way have ended. It cannot predict after that. */
  close(): Promise<void>
}

const KINDS: readonly ModelKind[] = [
  'linear',
  'simple',
  'theilSen',
  'exponential',
  'power',
  'polynomial',
  'tree',
  'forest',
  'boosting',
  'neighbours',
  'kernelRidge',
  ...CLASSIFIER_KINDS,
  'onnx',
]

/**
 * Refuses a value that is not a model, without making it ready to predict.
 * @throws StepwellError STEPWELL_MODEL_INVALID
 */
export function requireModel(value: unknown): asserts value is Model {
  const problem = problemOf(value)
  if (problem === undefined) return
  throw new StepwellError({
    code: 'STEPWELL_MODEL_INVALID',
    summary: 'this is not a trained model',
    details: problem,
    hint: "pass on the whole output of a training step, or a deployed version's model.json",
  })
}

/**
 * Makes a model ready to predict, whether it comes from a training step or was read back from JSON. Models of
 * the kind `onnx` predict asynchronously: `openModel` opens those of any kind.
 *
 * @throws StepwellError STEPWELL_MODEL_INVALID when it is not a model; STEPWELL_MODEL_ASYNC when its kind is
 *   `onnx`.
 */
export function loadModel(model: Model): Predictor {
  requireModel(model)
  if (model.kind === 'onnx') {
    throw new StepwellError({
      code: 'STEPWELL_MODEL_ASYNC',
      summary: 'a model of the kind onnx predicts asynchronously',
      details: 'loadModel gives predictions at once',
      hint: 'open it: await openModel(model), which opens models of any kind',
    })
  }
  if (!isOwnClassifier(model)) return { predict: (rows) => predict(model, rows) }
  const { classes } = model
  const probabilities = (rows: Rows): Float64Array[] => probabilitiesOf(model, rows)
  return {
    classes,
    probabilities,
    predict: (rows) => predictionsOf(classes, probabilities(rows)),
  }
}

/** Whether a model predicts classes. */
export function isClassifier(model: Model): model is ClassifierModel | OnnxClassifier {
  return model.kind === 'onnx' ? model.classes !== undefined : isOwnClassifier(model)
}

function isOwnClassifier(model: Model): model is ClassifierModel {
  return CLASSIFIER_KINDS.some((kind) => kind === model.kind)
}

/**
 * For each feature, its share in what the model's splits explain of the training rows; `undefined` for
 * kinds that have none.
 */
export function importanceOf(model: Model): readonly number[] | undefined {
  return 'importance' in model ? model.importance : undefined
}

/** A model in as few words as a log line has room for. */
export function describeModel(model: Model): string {
  const { kind, features, target } = model
  const rows = 'rows' in model ? `; ${model.rows} rows` : ''
  return `${kind} model of ${target} on ${features.join(', ')}${rows}`
}

/**
 * A column for a logarithm.
 * @throws StepwellError STEPWELL_CELL_NOT_POSITIVE naming the first cell without a logarithm.
 */
export function requirePositive(numbers: Float64Array, column: string, kind: ModelKind): void {
  const index = numbers.findIndex((value) => value <= 0)
  if (index === -1) return
  throw new StepwellError({
    code: 'STEPWELL_CELL_NOT_POSITIVE',
    summary: `a ${kind} model takes the logarithm of column ${JSON.stringify(column)}`,
    details: `row ${index + 1} of ${numbers.length} holds ${numbers[index]}`,
    hint: 'leave out such rows, or choose another kind',
  })
}

function predict(model: RegressionModel, rows: Rows): Float64Array {
  const columns = model.features.map((feature) => numbersOf(rows, feature))
  if ('trees' in model) return sumTrees(model, columns, rows.length)[0] ?? new Float64Array()
  if (model.kind === 'kernelRidge') return sumKernel(model, columns, rows.length)
  if (model.kind === 'neighbours') {
    const found = nearest(model, columns, rows.length)
    return Float64Array.from(found, (answers) => mean(Float64Array.from(answers)))
  }
  if (model.kind === 'polynomial') {
    const { center, scale, coefficients } = model
    const [x = new Float64Array()] = columns
    return x.map((value) => {
      const z = (value - center) / scale
      return coefficients.reduceRight((sum, coefficient) => sum * z + coefficient, 0)
    })
  }
  const { kind, intercept, coefficients } = model
  const sums = new Float64Array(rows.length).fill(intercept)
  for (const [place, column] of columns.entries()) {
    if (kind === 'power') requirePositive(column, model.features[place] ?? '', kind)
    const terms = kind === 'power' ? column.map(Math.log) : column
    const coefficient = coefficients[place] ?? 0
    for (let row = 0; row < sums.length; row++) {
      sums[row] = (sums[row] ?? 0) + coefficient * (terms[row] ?? 0)
    }
  }
  return kind === 'exponential' || kind === 'power' ? sums.map(Math.exp) : sums
}

/** What keeps anything at all from being a model. */
function problemOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `it is ${JSON.stringify(value)}`
  const model = value as Partial<
    Record<keyof LinearModel | keyof PolynomialModel | 'base', unknown>
  >
  const { kind, features, target, coefficients } = model
  if (!KINDS.some((known) => known === kind)) {
    return `its kind is ${JSON.stringify(kind)}; kinds are ${KINDS.join(', ')}`
  }
  if (!Array.isArray(features) || !features.every((name) => typeof name === 'string')) {
    return 'its features are not a list of column names'
  }
  if (typeof target !== 'string') return 'its target is not a column name'
  if (kind === 'onnx') return features.length === 0 ? 'it has 0 features' : problemOfOnnx(model)
  if (CLASSIFIER_KINDS.some((known) => known === kind)) {
    return features.length === 0 ? 'it has 0 features' : problemOfClassifier(model, features.length)
  }
  if (kind === 'neighbours' || kind === 'kernelRidge') {
    if (features.length === 0) return 'it has 0 features'
    return (kind === 'neighbours' ? problemOfNeighbours : problemOfKernel)(model, features.length)
  }
  if (kind === 'tree' || kind === 'forest' || kind === 'boosting') {
    const problem = problemOfTrees(model, features.length)
    return (
      problem ?? ((model.base as number[]).length === 1 ? undefined : 'its base is not 1 number')
    )
  }
  const polynomial = kind === 'polynomial'
  if (features.length === 0 || (kind !== 'linear' && features.length > 1)) {
    return `it has ${features.length} features`
  }
  const count = polynomial ? Number(model.degree) + 1 : features.length
  if (!Array.isArray(coefficients) || coefficients.length !== count) {
    return `it does not have ${count} coefficients`
  }
  const numbers: unknown[] = polynomial ? [model.center, model.scale] : [model.intercept]
  if (![...coefficients, ...numbers].every((number) => Number.isFinite(number))) {
    return 'its coefficients are not all finite numbers'
  }
  return polynomial && model.scale === 0 ? 'its scale is 0' : undefined
}
