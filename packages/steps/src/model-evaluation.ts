import { StepwellError, type StepContext } from '@stepwell/engine/author'
import { showCell, type Cell } from './cell.ts'
import { scoreClassification, type ClassScore } from './classification-metrics.ts'
import { placesOf, type Class } from './classifier.ts'
import { scoreRegression, type Metrics } from './metrics.ts'
import { describeModel, isClassifier, requireModel, type Model, type OpenModel } from './model.ts'
import { withModel } from './open-model.ts'
import { readParams, type ParamReader } from './params.ts'
import { deviation, mean, quantile } from './summary.ts'
import { cellsOf, numbersOf, requireColumns, requireRows, type Rows } from './table.ts'

export interface EvaluateModelInputs {
  readonly model: Model
  /** Rows with the model's features and its target, and the columns to slice by. */
  readonly rows: Rows
  /** The model to compare with, scored on the same rows; `null` while no champion exists. */
  readonly champion?: Model | null
}

export interface EvaluateModelParams {
  /**
   * Columns: each of their values is scored by itself, too.
   * @default none
   */
  readonly slices?: readonly string[]
  /**
   * Of two classes the one that is looked for: what `precision`, `recall`, `f1` are of.
   * @default the second
   */
  readonly positive?: Class
}

/** Of actual - predicted, in units of the target; quartiles of type 7, the deviation with n as divisor. */
export interface ResidualSummary {
  readonly mean: number
  readonly deviation: number
  readonly min: number
  readonly q1: number
  readonly median: number
  readonly q3: number
  readonly max: number
}

export interface Slice {
  readonly column: string
  readonly value: Cell
  readonly metrics: Metrics
}

/** What a model is worth on some rows; `metrics` is what a gate takes. */
export interface Evaluation {
  /**
   * Of a regression `n`, `r2`, `rmse`, `mae`, `mape`. Of a classifier `n`, `accuracy`, `rocAuc`,
   * `logLoss`, and `precision`, `recall`, `f1` of the positive one of two classes and, of any number,
   * as `precisionMacro` and `precisionWeighted`. What is not defined on these rows is `NaN`.
   */
  readonly metrics: Metrics
  /** Of a regression. */
  readonly residuals?: ResidualSummary
  /** Of a classifier. */
  readonly classes?: readonly (ClassScore & { readonly name: Class })[]
  /** Of a classifier: rows of each class (outer) predicted as each class (inner). */
  readonly confusion?: readonly (readonly number[])[]
  /** In the order of the columns, and of the values: numbers, texts, missing. */
  readonly slices: readonly Slice[]
  /** The champion's metrics on the same rows; `null` without a champion. */
  readonly champion: Metrics | null
}

// More than these are likely a mistake: a column of measured numbers.
const MAX_SLICES = 200

/**
 * Scores a model on rows it should not have been trained on. The numbers are also metrics of the step,
 * those of the champion under `champion.`.
 *
 * @throws StepwellError STEPWELL_SLICES when a column to slice by has more than 200 values;
 *   STEPWELL_MODELS_DIFFER when the champion predicts something else; STEPWELL_MODEL_INVALID;
 *   STEPWELL_ROWS_NONE; STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_MISSING; STEPWELL_CELL_NOT_NUMBER;
 *   STEPWELL_CELL_NOT_POSITIVE; STEPWELL_PARAM_INVALID; and those of `openModel`.
 */
export async function evaluateModel(
  { model, rows, champion }: EvaluateModelInputs,
  context: StepContext<EvaluateModelParams>,
): Promise<Evaluation> {
  const params = readParams('evaluateModel', context.params, ['slices', 'positive'])
  const slices = params.texts('slices', [])
  requireModel(model)
  const positive = positiveOf(params, model)
  requireRows(rows, 'the table to score')
  requireColumns(rows, [...model.features, model.target, ...slices])
  const { scores, sliced } = await withModel(model, async (opened) => ({
    scores: await scoresOf(model, opened, rows, positive),
    sliced: await scoreSlices(model, opened, rows, { columns: slices, positive }),
  }))
  for (const [name, value] of Object.entries(scores.metrics)) {
    if (Number.isFinite(value)) context.metric(name, value)
    else context.log(`${name} is not defined on these rows`)
  }
  if (champion === undefined || champion === null)
    return { ...scores, slices: sliced, champion: null }
  requireModel(champion)
  requireAlike(model, champion)
  const rival = await withModel(
    champion,
    async (opened) => (await scoresOf(champion, opened, rows, positive)).metrics,
  )
  for (const [name, value] of Object.entries(rival)) {
    if (Number.isFinite(value)) context.metric(`champion.${name}`, value)
  }
  context.log(`compared with the champion: ${describeModel(champion)}`)
  return { ...scores, slices: sliced, champion: rival }
}

/**
 * What a model is worth on rows, of which there is at least one.
 * @param opened the same model, ready to predict
 */
export async function scoresOf(
  model: Model,
  opened: OpenModel,
  rows: Rows,
  positive?: Class,
): Promise<Omit<Evaluation, 'slices' | 'champion'>> {
  if (isClassifier(model)) {
    const actual = placesOf(rows, model.target, model.classes)
    const place = positive === undefined ? 1 : model.classes.indexOf(positive)
    const probabilities = (await opened.probabilities?.(rows)) ?? []
    const { metrics, perClass, confusion } = scoreClassification(actual, probabilities, place)
    const classes = perClass.map((score, index) => ({ name: model.classes[index] ?? '', ...score }))
    return { metrics, classes, confusion }
  }
  const actual = numbersOf(rows, model.target)
  const predicted = await opened.predict(rows)
  return {
    metrics: { ...scoreRegression(actual, predicted), mape: mapeOf(actual, predicted) },
    residuals: summaryOf(actual.map((value, row) => value - (predicted[row] ?? Number.NaN))),
  }
}

/** Mean of |actual - predicted| / |actual|; `NaN` where an actual value is 0. */
function mapeOf(actual: Float64Array, predicted: Float64Array): number {
  if (actual.includes(0)) return Number.NaN
  return mean(
    actual.map((value, row) => Math.abs((value - (predicted[row] ?? Number.NaN)) / value)),
  )
}

function summaryOf(residuals: Float64Array): ResidualSummary {
  const sorted = residuals.toSorted()
  const at = (share: number): number => quantile(sorted, share)
  const center = mean(residuals)
  return {
    mean: center,
    deviation: deviation(residuals, center),
    min: at(0),
    q1: at(0.25),
    median: at(0.5),
    q3: at(0.75),
    max: at(1),
  }
}

function positiveOf(params: ParamReader, model: Model): Class | undefined {
  if (!params.has('positive')) return undefined
  if (!isClassifier(model) || model.classes.length !== 2) {
    return params.refuse('positive', 'absent: the model does not tell two classes apart')
  }
  const found = model.classes.find((name) => params.is('positive', name))
  return found ?? params.refuse('positive', `one of ${model.classes.map(showCell).join(', ')}`)
}

async function scoreSlices(
  model: Model,
  opened: OpenModel,
  rows: Rows,
  { columns, positive }: { columns: readonly string[]; positive: Class | undefined },
): Promise<Slice[]> {
  const slices: Slice[] = []
  for (const column of columns) {
    for (const [value, group] of groupsOf(rows, column)) {
      const { metrics } = await scoresOf(model, opened, group, positive)
      slices.push({ column, value, metrics })
    }
  }
  return slices
}

function groupsOf(rows: Rows, column: string): readonly (readonly [Cell, Rows])[] {
  const groups = new Map<Cell, Rows[number][]>()
  for (const [row, cell] of cellsOf(rows, column).entries()) {
    const group = groups.get(cell) ?? []
    const record = rows[row]
    if (record !== undefined) group.push(record)
    groups.set(cell, group)
  }
  if (groups.size > MAX_SLICES) {
    throw new StepwellError({
      code: 'STEPWELL_SLICES',
      summary: `column ${JSON.stringify(column)} has too many values to slice by`,
      details: `it takes at most ${MAX_SLICES}, there are ${groups.size}`,
      hint: 'group its values in an earlier step, or slice by another column',
    })
  }
  return [...groups].toSorted(([a], [b]) => compareCells(a, b))
}

function compareCells(a: Cell, b: Cell): number {
  const rank = (cell: Cell): number => (cell === null ? 2 : typeof cell === 'string' ? 1 : 0)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : 1
  return rank(a) - rank(b)
}

function requireAlike(model: Model, champion: Model): void {
  const told = (one: Model): string => {
    const classes = isClassifier(one) ? ` (${one.classes.map(showCell).join(', ')})` : ''
    return `${JSON.stringify(one.target)}${classes}`
  }
  if (told(model) === told(champion) && isClassifier(model) === isClassifier(champion)) return
  throw new StepwellError({
    code: 'STEPWELL_MODELS_DIFFER',
    summary:
      'the model and the champion do not predict the same, so their scores cannot be compared',
    details: `the model predicts ${told(model)}, the champion ${told(champion)}`,
    hint: 'train the model on the target and the classes of the champion, or compare with another one',
  })
}
