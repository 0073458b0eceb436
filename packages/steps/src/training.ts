import { StepwellError, type StepContext } from '@stepwell/engine/author'
import * as fit from './fit.ts'
import * as learner from './learner-params.ts'
import { fitNeighbours } from './learners/neighbours.ts'
import { fitBoosting, fitForest, fitTree } from './learners/trees.ts'
import { scoreRegression } from './metrics.ts'
import {
  describeModel,
  loadModel,
  requirePositive,
  type LinearModel,
  type NeighboursModel,
  type PolynomialModel,
  type RegressionModel,
  type Residuals,
  type TreesModel,
} from './model.ts'
import { readParams, type ParamReader } from './params.ts'
import { deviation, mean, quantile } from './summary.ts'
import { numbersOf, requireColumns, requireRows, type Rows } from './table.ts'

export interface TrainRegressionInputs {
  /** The rows to train on. */
  readonly rows: Rows
}

/** Least squares on any number of features. */
export interface TrainLinear {
  readonly kind: 'linear'
  /** Columns that predict, at least one. */
  readonly features: readonly string[]
  /** Column to predict; not a feature. */
  readonly target: string
}

/**
 * A curve over one feature, fitted by least squares: `simple` a line, `exponential` a e^(b x) and
 * `power` a x^b (these two by least squares of the target's logarithm); `theilSen` a line that
 * outliers hardly move, for at most 3,000 rows.
 */
export interface TrainCurve {
  readonly kind: 'simple' | 'theilSen' | 'exponential' | 'power'
  /** One column. */
  readonly features: readonly string[]
  /** Column to predict; not a feature. */
  readonly target: string
}

/** Least squares on the powers of one feature. */
export interface TrainPolynomial {
  readonly kind: 'polynomial'
  /** One column. */
  readonly features: readonly string[]
  /** Column to predict; not a feature. */
  readonly target: string
  /**
   * Highest power: a whole number from 1 to 10.
   * @default 2
   */
  readonly degree?: number
}

interface Columns {
  /** Columns that predict, at least one. */
  readonly features: readonly string[]
  /** Column to predict; not a feature. */
  readonly target: string
}

export interface TrainTree extends Columns, learner.TreeParams {
  readonly kind: 'tree'
}

export interface TrainForest extends Columns, learner.ForestParams {
  readonly kind: 'forest'
}

export interface TrainBoosting extends Columns, learner.BoostingParams {
  readonly kind: 'boosting'
}

export interface TrainNeighbours extends Columns, learner.NeighboursParams {
  readonly kind: 'neighbours'
}

/** A smooth surface over any number of features, for at most 2,000 rows; the model holds all of them. */
export interface TrainKernelRidge extends Columns {
  readonly kind: 'kernelRidge'
  /**
   * How strongly it is held back from following each row: above 0.
   * @default 0.1
   */
  readonly penalty?: number
  /**
   * How far a row reaches, in deviations of the features: above 0.
   * @default 1
   */
  readonly width?: number
}

export type TrainRegressionParams =
  | TrainLinear
  | TrainCurve
  | TrainPolynomial
  | TrainTree
  | TrainForest
  | TrainBoosting
  | TrainNeighbours
  | TrainKernelRidge

const CURVES = ['simple', 'theilSen', 'exponential', 'power', 'polynomial'] as const
const LEARNERS = ['tree', 'forest', 'boosting', 'neighbours', 'kernelRidge'] as const
const KINDS = ['linear', ...CURVES, ...LEARNERS] as const
const OWN: Readonly<Record<string, readonly string[]>> = {
  ...learner.LEARNER_PARAMS,
  polynomial: ['degree'],
  kernelRidge: ['penalty', 'width'],
}
const ALL = [...new Set(Object.values(OWN).flat())]
const MAX_DEGREE = 10
// Theil-Sen holds the slopes of all pairs of rows at once: 72 MB at this many.
const MAX_PAIRED = 3000
// A matrix of all pairs is solved: some seconds at this many.
const MAX_SOLVED = 2000

/**
 * Trains a regression: a line or a curve by ml-regression, trees, or the nearest rows. The same rows and
 * params give the same model, bit for bit; so the library's robust polynomial is left out, which draws
 * from an unseeded generator.
 *
 * A feature that is constant in these rows, or that features before it determine exactly, gets the
 * coefficient 0 and a line in the log. The metrics of the training rows are in the model's
 * `residuals`.
 *
 * @throws StepwellError STEPWELL_PARAM_INVALID, also when a kind for one feature gets more;
 *   STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_MISSING and STEPWELL_CELL_NOT_NUMBER, with column and row;
 *   STEPWELL_CELL_NOT_POSITIVE where a logarithm is taken; STEPWELL_ROWS_NONE; STEPWELL_ROWS_TOO_FEW;
 *   STEPWELL_ROWS_TOO_MANY; STEPWELL_FIT_FAILED when the numbers are too large to compute with.
 */
export function trainRegression(
  { rows }: TrainRegressionInputs,
  context: StepContext<TrainRegressionParams>,
): RegressionModel & { readonly residuals: Residuals } {
  const known = ['kind', 'features', 'target', ...ALL]
  const params = readParams('trainRegression', context.params, known)
  const kind = params.oneOf('kind', KINDS)
  const features = params.names('features')
  const target = params.text('target')
  if (features.includes(target)) params.refuse('features', 'a list without the target')
  if (CURVES.some((curve) => curve === kind) && features.length > 1) {
    params.refuse('features', `a list of one column for the kind ${kind}`)
  }
  learner.refuseOthers(params, kind, ALL, OWN[kind] ?? [])
  requireRows(rows, 'the table to train on')
  requireColumns(rows, [...features, target])
  const y = numbersOf(rows, target)
  const columns = features.map((feature) => numbersOf(rows, feature))
  for (const [index, column] of [y, ...columns].entries()) {
    requireComputable(column, [target, ...features][index] ?? '')
  }
  context.signal.throwIfAborted()

  const data = { features, columns, target, y }
  const base = { features: [...features], target, rows: rows.length }
  const formula = fitFormula(params, kind, base, data, context)
  const model = { ...formula, residuals: residualsOf(formula, rows, y) }
  context.log(describeModel(model))
  return model
}

function fitFormula(
  params: ParamReader,
  kind: RegressionModel['kind'],
  base: Pick<RegressionModel, 'features' | 'target' | 'rows'>,
  data: Data,
  context: StepContext<TrainRegressionParams>,
): RegressionModel {
  switch (kind) {
    case 'polynomial': {
      const formula = { ...base, kind, ...trainPolynomial(params, data) }
      requireFinite(kind, [...formula.coefficients, formula.scale])
      return formula
    }
    case 'tree':
    case 'forest':
    case 'boosting':
      return { ...base, kind, ...trainTrees(params, kind, data, context) }
    case 'neighbours': {
      const neighbours = learner.neighboursOf(params, data.y.length)
      const fitted: Omit<NeighboursModel, 'residuals' | keyof typeof base | 'kind'> = fitNeighbours(
        data.columns,
        data.y,
        neighbours,
      )
      return { ...base, kind, ...fitted }
    }
    case 'kernelRidge': {
      if (data.y.length > MAX_SOLVED) throw tooManyRows(kind, data.y.length, MAX_SOLVED)
      const penalty = params.number('penalty', { min: 1e-6, max: 1e9 }, 0.1)
      const width = params.number('width', { min: 1e-3, max: 1e3 }, 1)
      const formula = {
        ...base,
        kind,
        ...fit.fitKernelRidge(data.columns, data.y, { penalty, width }),
      }
      requireFinite(kind, formula.weights)
      return formula
    }
    default: {
      const formula = { ...base, kind, ...trainLine(kind, data, context) }
      requireFinite(kind, [...formula.coefficients, formula.intercept])
      return formula
    }
  }
}

function trainTrees(
  params: ParamReader,
  kind: TreesModel['kind'],
  { columns, y }: Data,
  context: StepContext<TrainRegressionParams>,
): Omit<TreesModel, 'residuals' | 'features' | 'target' | 'rows' | 'kind'> {
  const checkpoint = (): void => context.signal.throwIfAborted()
  if (kind === 'boosting') {
    return fitBoosting(columns, y, learner.boostingOptions(params), checkpoint)
  }
  // Sums of squares of numbers around 0 lose the fewest digits.
  const center = mean(y)
  const outputs = [y.map((value) => value - center)]
  const base = [center]
  if (kind === 'tree') return { ...fitTree(columns, outputs, learner.treeOptions(params)), base }
  const tried = Math.max(1, Math.floor(columns.length / 3))
  const options = learner.forestOptions(params, columns.length, tried)
  return { ...fitForest(columns, outputs, options, checkpoint), base }
}

interface Data {
  readonly features: readonly string[]
  /** One for each of the features. */
  readonly columns: readonly Float64Array[]
  readonly target: string
  readonly y: Float64Array
}

function trainLine(
  kind: LinearModel['kind'],
  { features, columns, target, y }: Data,
  context: StepContext<TrainRegressionParams>,
): Pick<LinearModel, 'intercept' | 'coefficients'> {
  requireCount(y.length, features.length + 1, kind, 'rows')
  if (kind === 'linear') {
    const { intercept, coefficients, redundant } = fit.fitPlane(columns, y)
    for (const index of redundant) logRedundant(features[index], columns[index], context)
    return { intercept, coefficients }
  }
  const [feature = ''] = features
  const [x = new Float64Array()] = columns
  if (kind === 'power') requirePositive(x, feature, kind)
  if (kind === 'power' || kind === 'exponential') requirePositive(y, target, kind)
  if (kind === 'theilSen' && y.length > MAX_PAIRED) throw tooManyRows(kind, y.length, MAX_PAIRED)
  if (fit.isConstant(x)) {
    logRedundant(feature, x, context)
    return { intercept: level(kind, y), coefficients: [0] }
  }
  const { intercept, slope } = fitters[kind](x, y)
  return { intercept, coefficients: [slope] }
}

const fitters = {
  simple: fit.fitLine,
  theilSen: fit.fitTheilSen,
  exponential: fit.fitExponential,
  power: fit.fitPower,
}

/** The best that a curve can do with a feature that never varies. */
function level(kind: TrainCurve['kind'], y: Float64Array): number {
  if (kind === 'theilSen') return quantile(y.toSorted(), 0.5)
  return mean(kind === 'simple' ? y : y.map(Math.log))
}

function trainPolynomial(
  params: ParamReader,
  { features: [feature = ''], columns: [x = new Float64Array()], y }: Data,
): Pick<PolynomialModel, 'degree' | 'center' | 'scale' | 'coefficients'> {
  const degree = params.number('degree', { min: 1, max: MAX_DEGREE, integer: true }, 2)
  const what = `distinct values of ${JSON.stringify(feature)}`
  requireCount(new Set(x).size, degree + 1, 'polynomial', what)
  const fitted = fit.fitPolynomial(x, y, degree)
  if (fitted === undefined) {
    throw new StepwellError({
      code: 'STEPWELL_FIT_FAILED',
      summary: `the values of column ${JSON.stringify(feature)} do not determine a polynomial of degree ${degree}`,
      details: 'some of them hardly differ',
      hint: 'train on more rows, or use a lower degree',
    })
  }
  return { degree, ...fitted }
}

function residualsOf(formula: RegressionModel, rows: Rows, y: Float64Array): Residuals {
  const predicted = loadModel(formula).predict(rows)
  const sorted = y.map((value, row) => value - (predicted[row] ?? Number.NaN)).toSorted()
  const at = (share: number): number => quantile(sorted, share)
  const { r2, rmse, mae } = scoreRegression(y, predicted)
  return { min: at(0), q1: at(0.25), median: at(0.5), q3: at(0.75), max: at(1), r2, rmse, mae }
}

function logRedundant(
  feature: string | undefined,
  column: Float64Array | undefined,
  context: StepContext<TrainRegressionParams>,
): void {
  const why =
    column === undefined || fit.isConstant(column)
      ? 'is constant in the training rows'
      : 'is determined by the features before it'
  context.log(`feature ${JSON.stringify(feature)} ${why}: its coefficient is 0`)
}

function requireCount(count: number, needed: number, kind: string, what: string): void {
  if (count >= needed) return
  throw new StepwellError({
    code: 'STEPWELL_ROWS_TOO_FEW',
    summary: `too few ${what} to train a ${kind} model`,
    details: `it needs at least ${needed}, there are ${count}`,
    hint: 'train on more rows, or use fewer features or a lower degree',
  })
}

function tooManyRows(kind: 'theilSen' | 'kernelRidge', count: number, most: number): StepwellError {
  const other = kind === 'theilSen' ? 'simple' : 'boosting'
  return new StepwellError({
    code: 'STEPWELL_ROWS_TOO_MANY',
    summary: `too many rows for the kind ${kind}, which compares every row with every other`,
    details: `it takes at most ${most}, there are ${count}`,
    hint: `train on a sample, for instance by splitRows, or use the kind ${other}`,
  })
}

/** Refuses a column whose sum of squares would overflow, or vanish although it varies. */
function requireComputable(column: Float64Array, name: string): void {
  if (fit.isConstant(column) && Math.abs(column[0] ?? 0) < 1e150) return
  const spread = deviation(column, mean(column))
  if (spread > 1e-150 && spread < 1e150) return
  throw new StepwellError({
    code: 'STEPWELL_FIT_FAILED',
    summary: `the values of column ${JSON.stringify(name)} are too large or too small to compute with`,
    details: `their standard deviation is ${spread}`,
    hint: 'bring the column to another scale, or look for broken values in it',
  })
}

function requireFinite(kind: string, numbers: readonly number[]): void {
  if (numbers.every(Number.isFinite)) return
  throw new StepwellError({
    code: 'STEPWELL_FIT_FAILED',
    summary: `the fit of a ${kind} model has no finite solution`,
    details: `its coefficients came out as ${numbers.join(', ')}`,
    hint: 'look for values that hardly differ, and bring the columns to another scale',
  })
}
