import type { StepContext } from '@stepwell/engine/author'
import { writeFileSync } from 'node:fs'
import type { Evaluation } from './model-evaluation.ts'
import { requireModel, type Model } from './model.ts'
import { withModel } from './open-model.ts'
import { readParams } from './params.ts'
import { renderPage, sampleOf } from './report/page.ts'
import { permutationImportance } from './report/permutation.ts'
import type { Best } from './search.ts'
import { requireColumns, requireRows, type Rows } from './table.ts'

export interface ReportModelInputs {
  readonly model: Model
  /** The rows that `evaluation` is of. */
  readonly rows: Rows
  /** What `evaluateModel` gave. */
  readonly evaluation: Evaluation
  /** What `pickBest` gave: how the candidates of a search fared. */
  readonly best?: Best
  /** The rows trained on, for the summary of the data. */
  readonly training?: Rows
}

export interface ReportModelParams {
  /** @default 'Model of' and the target */
  readonly title?: string
  /**
   * Whole number: how cells are shuffled, to see what the model goes by.
   * @default 0
   */
  readonly seed?: number
}

// What a big model shuffles in a moment.
const MAX_SHUFFLED = 1000

/**
 * Writes a report of a model as its out `report`: one HTML file that loads nothing. The same inputs and
 * params give the same bytes.
 *
 * @throws StepwellError STEPWELL_MODEL_INVALID; STEPWELL_ROWS_NONE; STEPWELL_COLUMN_UNKNOWN;
 *   STEPWELL_CELL_MISSING; STEPWELL_CELL_NOT_NUMBER; STEPWELL_PARAM_INVALID; and those of `openModel`.
 */
export async function reportModel(
  { model, rows, evaluation, best, training }: ReportModelInputs,
  context: StepContext<ReportModelParams, 'report'>,
): Promise<{ readonly bytes: number }> {
  const params = readParams('reportModel', context.params, ['title', 'seed'])
  requireModel(model)
  for (const table of [rows, ...(training === undefined ? [] : [training])]) {
    requireRows(table, 'the table of the report')
    requireColumns(table, [...model.features, model.target])
  }
  const title = params.text('title', `Model of ${model.target}`)
  const seed = params.number('seed', { integer: true }, 0)
  const sample = sampleOf(rows.length, MAX_SHUFFLED).map((row) => rows[row] ?? {})
  const found = await withModel(model, async (opened) => ({
    predicted: opened.classes === undefined ? await opened.predict(rows) : new Float64Array(),
    probabilities: (await opened.probabilities?.(rows)) ?? [],
    importance: await permutationImportance(model, opened, sample, seed),
    shuffled: sample.length,
  }))
  const page = renderPage({ title, model, rows, ...found, evaluation, best, training })
  const bytes = new TextEncoder().encode(page)
  writeFileSync(context.outs.report, bytes)
  return { bytes: bytes.length }
}
