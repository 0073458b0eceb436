import type { StepContext } from '@stepwell/engine/author'
import { scoreRegression, type RegressionMetrics } from './metrics.ts'
import { requireModel, type Model } from './model.ts'
import { withModel } from './open-model.ts'
import { readParams } from './params.ts'
import { numbersOf, requireColumns, requireRows, type Rows } from './table.ts'

export interface EvaluateRegressionInputs {
  readonly model: Model
  /** Rows with the model's features and its target. */
  readonly rows: Rows
}

/** None. */
export type EvaluateRegressionParams = Readonly<Record<string, never>>

/**
 * Scores a model on rows it should not have been trained on. The result's members are also metrics of
 * the step, except an R2 that is not defined.
 *
 * @throws StepwellError STEPWELL_MODEL_INVALID; STEPWELL_ROWS_NONE; STEPWELL_COLUMN_UNKNOWN;
 *   STEPWELL_CELL_MISSING; STEPWELL_CELL_NOT_NUMBER; STEPWELL_CELL_NOT_POSITIVE;
 *   STEPWELL_PARAM_INVALID; and those of `openModel`.
 */
export async function evaluateRegression(
  { model, rows }: EvaluateRegressionInputs,
  context: StepContext<EvaluateRegressionParams>,
): Promise<RegressionMetrics> {
  readParams('evaluateRegression', context.params, [])
  requireModel(model)
  requireRows(rows, 'the table to score')
  requireColumns(rows, [...model.features, model.target])
  const predicted = await withModel(model, async (opened) => await opened.predict(rows))
  const metrics = scoreRegression(numbersOf(rows, model.target), predicted)
  for (const name of ['n', 'r2', 'rmse', 'mae'] as const) {
    if (Number.isFinite(metrics[name])) context.metric(name, metrics[name])
  }
  if (Number.isNaN(metrics.r2)) {
    context.log(`R2 is not defined: ${model.target} has one value in all ${metrics.n} rows`)
  }
  return metrics
}
