import { StepwellError, type StepContext } from '@stepwell/engine/author'
import { requireModelName } from '@stepwell/registry'
import { jsonText } from '@stepwell/base/json-text'
import { projectPath } from '@stepwell/base/project-path'
import { writeFileSync } from 'node:fs'
import type { Model } from '../model.ts'
import { openModel } from '../open-model.ts'
import { readParams } from '../params.ts'
import { worst } from '../status.ts'
import type { Rows } from '../table.ts'
import { collect } from './collect.ts'
import type { Baseline } from './error.ts'
import { readLimits } from './judge.ts'
import { LateLabels } from './late-labels.ts'
import { mainVersion } from './measure.ts'
import { PARAMS, type MonitorPredictionsParams } from './monitor-params.ts'
import { renderMonitoring } from './page.ts'
import {
  newestOf,
  windowsOf,
  type Newest,
  type PredictionReport,
  type ReportOptions,
} from './prediction-report.ts'
import type { PredictionLog } from './served-line.ts'
import { ServedVersions } from './served-version.ts'
import { readWindowLength } from './window-length.ts'

export interface MonitorPredictionsInputs {
  /** The files of a server's log of predictions; there may be none yet. */
  readonly predictions: PredictionLog
  /** What came out in the end, as far as it is known. */
  readonly labels?: Rows
  /** A model whose errors on the same rows are drawn beside, such as the first version; `null`: none yet. */
  readonly baseline?: Model | null
}

// More are no picture any more; most likely the times are not what they are taken for.
const MAX_WINDOWS = 5000

/**
 * Says window by window how a served model does, by the log of its server and the labels that have come:
 * errors beside those at the evaluation, drift of the inputs against the rows that the version was trained
 * on, inputs beyond their range, refused rows, and latency. The newest windows decide on the status.
 *
 * Three outs: `report`, one HTML file that loads nothing; `summary`, the output as JSON; and `log`, NDJSON
 * with a line for each window. The same lines, in any order, give the same bytes.
 *
 * Metrics: `rows`, `labelled`, `alerts` (reasons that are alerts); of the newest windows the largest `psi`
 * and `ks` of a column, and of the newest with labels `rmse` (or `wrong`) and `ratio`.
 *
 * @throws StepwellError STEPWELL_TIME_UNREADABLE; STEPWELL_COLUMN_UNKNOWN; STEPWELL_CELL_NOT_NUMBER;
 *   STEPWELL_ROWS_NONE; STEPWELL_MODEL_INVALID; STEPWELL_MODEL_NAME; STEPWELL_MODEL_UNKNOWN;
 *   STEPWELL_REGISTRY_DAMAGED; STEPWELL_PATH_OUTSIDE; STEPWELL_PARAM_INVALID; and those of `openModel`.
 */
export async function monitorPredictions(
  { baseline: model, ...inputs }: MonitorPredictionsInputs,
  context: StepContext<MonitorPredictionsParams, 'report' | 'summary' | 'log'>,
): Promise<PredictionReport> {
  if (model === undefined || model === null) return await monitor(inputs, undefined, context)
  const opened = await openModel(model)
  try {
    return await monitor(inputs, { features: model.features, opened }, context)
  } finally {
    await opened.close()
  }
}

async function monitor(
  { predictions, labels }: Omit<MonitorPredictionsInputs, 'baseline'>,
  baseline: Baseline | undefined,
  context: StepContext<MonitorPredictionsParams, 'report' | 'summary' | 'log'>,
): Promise<PredictionReport> {
  const params = readParams('monitorPredictions', context.params, PARAMS)
  const name = requireModelName(params.text('name'))
  const dir = projectPath(context.dir, params.text('dir', 'models'))
  const like = params.texts('like', [])
  const versions = new ServedVersions(dir.absolute, name, like)
  const length = readWindowLength(params)
  const late =
    labels === undefined
      ? undefined
      : new LateLabels(labels, params.names('join', ['request', 'row']))
  const columns = params.has('columns') ? params.texts('columns') : undefined
  const options: ReportOptions = {
    versions,
    baseline,
    like,
    minRows: params.number('minRows', { min: 1, integer: true }, 50),
    bins: params.number('bins', { min: 2, max: 100, integer: true }, 10),
    newest: params.number('newest', { min: 1, integer: true }, 1),
    limits: readLimits(params),
    counts: (column) => columns?.includes(column) ?? !like.includes(column),
    label: length.label,
  }
  const title = params.text('title', `Monitoring of ${name}`)

  const { windows, untimed } = collect(predictions, {
    name,
    time: params.has('time') ? params.text('time') : undefined,
    length,
    versions,
    labels: late,
    columns: baseline?.features ?? [],
    signal: context.signal,
  })
  if (windows.length > MAX_WINDOWS) {
    params.refuse(
      'window',
      `so long that there are at most ${MAX_WINDOWS} windows, not ${windows.length}`,
    )
  }
  requireFeatures(versions, [...like, ...(columns ?? [])])
  const joined = settle(
    late,
    versions,
    windows,
    params.has('target') ? params.text('target') : undefined,
  )
  context.signal.throwIfAborted()

  const newest = await newestOf(windows, options)
  const report: PredictionReport = {
    status: worst(newest.findings.map(({ status }) => status)),
    reasons: newest.findings.map(({ text }) => text),
    windows: await windowsOf(windows, options),
    labels: joined,
    untimed,
  }
  tell(report, newest, options, context)
  write(report, name, context.outs)
  writeFileSync(context.outs.report, renderMonitoring({ title, name, report, newest, options }))
  return report
}

/** Hands the labels to the windows; what the truth is called, the newest version says. */
function settle(
  labels: LateLabels | undefined,
  versions: ServedVersions,
  windows: Parameters<typeof newestOf>[0],
  given: string | undefined,
): PredictionReport['labels'] {
  if (labels === undefined) return { joined: 0, unmatched: 0 }
  const newest = windows.findLast(({ rows }) => rows > 0)
  const id = newest === undefined ? undefined : mainVersion(newest.versionCounts())
  const target = given ?? (id === undefined ? undefined : versions.get(id).target)
  const found = labels.settle(target)
  const isRegression = versions.all().some(({ classes }) => classes === undefined)
  if (target !== undefined && isRegression) labels.requireNumbers(target)
  return found
}

/** A misspelt feature would never drift. */
function requireFeatures(versions: ServedVersions, names: readonly string[]): void {
  const all = versions.all()
  const features = new Set(all.flatMap((version) => version.features))
  const unknown = names.find((name) => !features.has(name))
  if (unknown === undefined || all.length === 0) return
  throw new StepwellError({
    code: 'STEPWELL_COLUMN_UNKNOWN',
    summary: `no version in the log has a feature ${JSON.stringify(unknown)}`,
    details: `features are ${[...features].map((name) => JSON.stringify(name)).join(', ')}`,
    hint: 'correct the name in the params',
  })
}

function tell(
  { status, reasons, windows, labels, untimed }: PredictionReport,
  { inputs, error, findings }: Newest,
  { counts, versions, baseline }: ReportOptions,
  context: StepContext<MonitorPredictionsParams>,
): void {
  const rows = windows.reduce((sum, window) => sum + window.rows, 0)
  const drift = Object.entries(inputs.drift).flatMap(([name, found]) =>
    counts(name) ? [found] : [],
  )
  const numbers: Readonly<Record<string, number | null | undefined>> = {
    rows,
    labelled: labels.joined,
    alerts: findings.filter((finding) => finding.status === 'alert').length,
    ...(error !== undefined && ('rmse' in error ? { rmse: error.rmse } : { wrong: error.wrong })),
    ratio: error?.ratio,
    ...(drift.length > 0 && {
      psi: Math.max(...drift.map(({ psi }) => psi)),
      ks: Math.max(...drift.map(({ ks }) => ks)),
    }),
  }
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isFinite(value)) context.metric(name, Number(value))
  }
  context.log(`${rows} rows in ${windows.length} windows: ${status}`)
  for (const reason of reasons) context.log(reason)
  context.log(
    `${labels.joined} rows have a label; ${labels.unmatched} labels have no row in the log`,
  )
  if (untimed > 0) context.log(`${untimed} lines have no time that can be read, and are left out`)
  for (const { id, reference, expected } of versions.all()) {
    if (reference === undefined) context.log(`version ${id} has no training rows: no drift`)
    if (expected === undefined)
      context.log(`version ${id} has no evaluation: its error is not judged`)
  }
  if (baseline !== undefined && error !== undefined && error.baseline === undefined)
    context.log('the rows of the newest labels lack what the baseline reads')
}

function write(
  report: PredictionReport,
  model: string,
  outs: Readonly<Record<'summary' | 'log', string>>,
): void {
  writeFileSync(outs.summary, `${jsonText(report, 2)}\n`)
  const lines = report.windows.map((window) => `${jsonText({ model, ...window })}\n`)
  writeFileSync(outs.log, lines.join(''))
}
