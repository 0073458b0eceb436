import type { StepContext } from '@stepwell/engine/author'
import { projectPath, type ProjectPath } from '@stepwell/base/project-path'
import { writing } from '@stepwell/base/files'
import { showCell, type Cell } from './cell.ts'
import type { Deployment } from './deployment.ts'
import { driftOf, type Drift } from './drift.ts'
import { reasonOf, type EffectStep } from './effect.ts'
import { scoreRegression, type RegressionMetrics } from './metrics.ts'
import type { Model, OpenModel } from './model.ts'
import { withModel } from './open-model.ts'
import { readParams } from './params.ts'
import { problemOfPerformance, writePerformance } from './performance-log.ts'
import {
  readCommonThresholds,
  statusOf,
  worst,
  type Status,
  type ThresholdParams,
} from './status.ts'
import { significant } from './significant.ts'
import { mean } from './summary.ts'
import { cellsOf, numbersOf, requireColumns, requireRows, type Rows } from './table.ts'
import { shortDigest } from './version.ts'

export interface MonitorModelInputs {
  readonly model: Model
  /** Names the version in the report and the log; without it a digest of the model does. */
  readonly deployment?: Deployment
  /** The rows the model was trained on: what a later period is compared with. */
  readonly training: Rows
  /** Rows of a later period, with the model's features and its target. */
  readonly period: Rows
}

export interface MonitorModelParams extends ThresholdParams {
  /**
   * Columns that cut the period into windows, one for each combination of their values: such as the
   * year and the month. In the log a window is known by these values, so include the year when the
   * log is to keep several.
   * @default [] - the whole period is one window, called "all"
   */
  readonly windows?: readonly string[]
  /**
   * The performance log, relative to the project directory and below it.
   * @default 'monitor/performance.ndjson'
   */
  readonly log?: string
  /**
   * Bins of the stability index: a whole number from 2 to 100.
   * @default 10
   */
  readonly bins?: number
}

/** How the model did on some rows. `r2` may be `NaN`; see `RegressionMetrics`. */
export type Performance = RegressionMetrics & {
  /** Means over the rows, in units of the target. */
  readonly meanActual: number
  readonly meanPredicted: number
}

/** Performance beside that on the training rows. */
export type ComparedPerformance = Performance & {
  /** RMSE over the training RMSE; 1 when both are 0, `Infinity` when only the latter is. */
  readonly rmseRatio: number
  /** By `rmseRatio`. */
  readonly status: Status
}

export type WindowPerformance = ComparedPerformance & {
  /** Such as "yr 1, mnth 3", or "all". */
  readonly window: string
}

export interface ColumnDrift extends Drift {
  readonly column: string
  readonly role: 'feature' | 'target'
  /** The worse of what PSI and KS say. */
  readonly status: Status
}

export interface MonitorReport {
  readonly version: string
  readonly training: Performance
  /** The whole period. */
  readonly period: ComparedPerformance
  /** In ascending order of the windows' values. */
  readonly windows: readonly WindowPerformance[]
  /** The features in the model's order, then the target: training rows against the whole period. */
  readonly drift: readonly ColumnDrift[]
  /** The worst of the period's error and the columns' drift; single windows do not count. */
  readonly status: Status
}

const PARAMS = [
  'windows',
  'log',
  'bins',
  'psiWarn',
  'psiAlert',
  'ksWarn',
  'ksAlert',
  'errorWarn',
  'errorAlert',
]

/**
 * Scores a deployed model on a later period, window by window, and says how far the period has drifted
 * from the training rows: see `driftOf` for the measures. Its numbers are also metrics: `r2`, `rmse`,
 * `mae` and `rmseRatio` of the period, the largest `psi` and `ks`, and `alerts`, the number of columns
 * in alert.
 *
 * Each window is a line of the performance log, NDJSON: the version, the window and its performance;
 * a number that JSON cannot hold is `null`. To run again writes the same lines over the earlier ones.
 * A cached report is stale when one of its lines is missing or differs.
 *
 * @throws StepwellError STEPWELL_MODEL_INVALID; STEPWELL_ROWS_NONE; STEPWELL_COLUMN_UNKNOWN;
 *   STEPWELL_CELL_MISSING; STEPWELL_CELL_NOT_NUMBER; STEPWELL_CELL_NOT_POSITIVE;
 *   STEPWELL_PATH_OUTSIDE; STEPWELL_WRITE_FAILED; STEPWELL_PARAM_INVALID; and those of `openModel`.
 */
export const monitorModel: EffectStep<
  MonitorModelInputs,
  MonitorModelParams,
  MonitorReport,
  Promise<MonitorReport>
> = Object.assign(monitor, { stale: staleReport })

async function monitor(
  { model, deployment, training, period }: MonitorModelInputs,
  context: StepContext<MonitorModelParams>,
): Promise<MonitorReport> {
  const params = readParams('monitorModel', context.params, PARAMS)
  const log = logOf(context)
  const bins = params.number('bins', { min: 2, max: 100, integer: true }, 10)
  const limits = readCommonThresholds(params)
  requireRows(training, 'the table of training rows')
  requireRows(period, 'the table of the period')
  const windowColumns = params.has('windows') ? params.texts('windows') : []
  requireColumns(period, windowColumns)

  const { before, whole, windows } = await withModel(model, async (opened) => {
    const expected = await performanceOf(model, opened, training)
    const compare = async (rows: Rows): Promise<ComparedPerformance> => {
      const after = await performanceOf(model, opened, rows)
      const rmseRatio = ratio(after.rmse, expected.rmse)
      return { ...after, rmseRatio, status: statusOf(rmseRatio, limits.error) }
    }
    const parts: WindowPerformance[] = []
    for (const { window, rows } of cut(period, windowColumns)) {
      parts.push({ window, ...(await compare(rows)) })
    }
    return { before: expected, whole: await compare(period), windows: parts }
  })
  context.signal.throwIfAborted()

  const drift = [...model.features, model.target].map((column): ColumnDrift => {
    const found = driftOf(numbersOf(training, column), numbersOf(period, column), bins)
    const role = column === model.target ? 'target' : 'feature'
    return {
      column,
      role,
      ...found,
      status: worst([statusOf(found.psi, limits.psi), statusOf(found.ks, limits.ks)]),
    }
  })
  const report: MonitorReport = {
    version: deployment?.version ?? shortDigest(model),
    training: before,
    period: whole,
    windows,
    drift,
    status: worst([whole.status, ...drift.map(({ status }) => status)]),
  }
  publishNumbers(report, context)
  writing(log.relative, () => writePerformance(log.absolute, logLines(report)))
  context.log(`${windows.length} windows are in ${log.relative}`)
  return report
}

function staleReport(
  report: MonitorReport,
  context: Pick<StepContext<MonitorModelParams>, 'params' | 'dir'>,
): string | undefined {
  return reasonOf(() => {
    const log = logOf(context)
    const problem = problemOfPerformance(log.absolute, logLines(report))
    return problem === undefined ? undefined : `${log.relative}: ${problem}`
  })
}

function logOf(context: Pick<StepContext<MonitorModelParams>, 'params' | 'dir'>): ProjectPath {
  const params = readParams('monitorModel', context.params, PARAMS)
  return projectPath(context.dir, params.text('log', 'monitor/performance.ndjson'))
}

function logLines({
  version,
  windows,
}: MonitorReport): (WindowPerformance & { version: string })[] {
  return windows.map((window) => ({ version, ...window }))
}

async function performanceOf(model: Model, opened: OpenModel, rows: Rows): Promise<Performance> {
  const predicted = await opened.predict(rows)
  const actual = numbersOf(rows, model.target)
  const metrics = scoreRegression(actual, predicted)
  return { ...metrics, meanActual: mean(actual), meanPredicted: mean(predicted) }
}

function ratio(after: number, before: number): number {
  return after === before ? 1 : after / before
}

interface Window {
  readonly window: string
  readonly rows: Rows
}

function cut(period: Rows, columns: readonly string[]): Window[] {
  if (columns.length === 0) return [{ window: 'all', rows: period }]
  const cells = columns.map((column) => cellsOf(period, column))
  const groups = new Map<string, { values: readonly Cell[]; rows: Rows[number][] }>()
  for (const [index, row] of period.entries()) {
    const values = cells.map((column) => column[index] ?? null)
    const window = columns
      .map((column, place) => `${column} ${showCell(values[place] ?? null)}`)
      .join(', ')
    const group = groups.get(window) ?? { values, rows: [] }
    group.rows.push(row)
    groups.set(window, group)
  }
  return [...groups]
    .map(([window, group]) => ({ window, ...group }))
    .toSorted((a, b) => compareLists(a.values, b.values))
}

function compareLists(a: readonly Cell[], b: readonly Cell[]): number {
  for (const [place, cell] of a.entries()) {
    const order = compareCells(cell, b[place] ?? null)
    if (order !== 0) return order
  }
  return 0
}

/** Numbers by size, then text by code units, then what is missing. */
function compareCells(a: Cell, b: Cell): number {
  const rank = (cell: Cell): number => {
    if (cell === null) return 2
    return typeof cell === 'number' ? 0 : 1
  }
  if (rank(a) !== rank(b)) return rank(a) - rank(b)
  if (a === b || a === null || b === null) return 0
  return a < b ? -1 : 1
}

function publishNumbers(
  { version, period, drift, status }: MonitorReport,
  context: StepContext<MonitorModelParams>,
): void {
  const numbers = {
    r2: period.r2,
    rmse: period.rmse,
    mae: period.mae,
    rmseRatio: period.rmseRatio,
    psi: Math.max(...drift.map(({ psi }) => psi)),
    ks: Math.max(...drift.map(({ ks }) => ks)),
    alerts: drift.filter((column) => column.status === 'alert').length,
  }
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isFinite(value)) context.metric(name, value)
  }
  context.log(`version ${version} on ${period.n} rows: ${status}`)
  context.log(
    `rmse ${significant(period.rmse)}, ${significant(period.rmseRatio)} times that of the training rows`,
  )
  for (const { column, psi, ks, status: columnStatus } of drift) {
    if (columnStatus !== 'ok')
      context.log(`${columnStatus}: ${column} has psi ${significant(psi)}, ks ${significant(ks)}`)
  }
}
