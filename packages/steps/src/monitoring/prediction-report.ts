import type { Drift } from '../drift.ts'
import { worst, type Status } from '../status.ts'
import type { WindowError } from './error.ts'
import {
  driftStatus,
  judgeError,
  judgeInputs,
  sortFindings,
  type Finding,
  type Judging,
} from './judge.ts'
import { measure, type MeasureOptions, type Measures } from './measure.ts'
import type { WindowRows } from './window-rows.ts'

export interface MonitoredWindow extends Omit<Measures, 'error' | 'drift'> {
  /** Its start in UTC, as ISO 8601 text. */
  readonly window: string
  /** By all that is measured of it. */
  readonly status: Status
  /** Missing while no label has come. */
  readonly error?: WindowError
  /** By feature; empty without a reference, or with too few rows. */
  readonly drift: Readonly<Record<string, Drift & { readonly status: Status }>>
}

export interface PredictionReport {
  /** By the newest windows. */
  readonly status: Status
  /** Why it is not `ok`, the worst first: clauses for people. */
  readonly reasons: readonly string[]
  /** Those with rows, oldest first. */
  readonly windows: readonly MonitoredWindow[]
  readonly labels: {
    /** Rows whose label has come. */
    readonly joined: number
    /** Labels of no row in the log. */
    readonly unmatched: number
  }
  /** Lines whose time cannot be read: they are in no window. */
  readonly untimed: number
}

/** What the newest windows are, taken together. */
export interface Newest {
  /** Of the newest windows. */
  readonly inputs: Measures
  /** Of the newest windows with labels. */
  readonly error: WindowError | undefined
  readonly findings: readonly Finding[]
}

export interface ReportOptions extends MeasureOptions, Judging {
  /** How many of the newest windows decide. */
  readonly newest: number
  readonly label: (start: number) => string
}

/** Each window by itself. */
export async function windowsOf(
  windows: readonly WindowRows[],
  options: ReportOptions,
): Promise<MonitoredWindow[]> {
  const monitored: MonitoredWindow[] = []
  for (const rows of windows) {
    const { error, drift, ...measures } = await measure([rows], options)
    const window = options.label(rows.start)
    const findings = [
      ...judgeInputs({ ...measures, error, drift }, options),
      ...judgeError(error, measures.labelled, window, options),
    ]
    monitored.push({
      window,
      ...measures,
      status: worst(findings.map(({ status }) => status)),
      ...(error !== undefined && { error }),
      drift: Object.fromEntries(
        Object.entries(drift).map(([name, found]) => [
          name,
          { ...found, status: driftStatus(found, options.limits) },
        ]),
      ),
    })
  }
  return monitored
}

/** The newest windows as one: labels come late, so those that decide on the error may be older ones. */
export async function newestOf(
  windows: readonly WindowRows[],
  options: ReportOptions,
): Promise<Newest> {
  const inputs = await measure(
    pool(windows, options, (window) => window.rows + window.refusedRows),
    options,
  )
  const withLabels = pool(windows, options, (window) => window.labelled.length)
  const { error, labelled } = await measure(withLabels, options)
  const [first, last] = [withLabels.at(0), withLabels.at(-1)].map((window) =>
    window === undefined ? '' : options.label(window.start),
  )
  const span = first === last ? `${last}` : `${first} to ${last}`
  const findings = sortFindings([
    ...judgeInputs(inputs, options),
    ...judgeError(error, labelled, span, options),
  ])
  return { inputs, error, findings }
}

/**
 * The newest windows with something to count, as many as are asked for, and more until there is enough
 * to judge: so that a window that has just begun does not hide what the one before it has shown.
 */
function pool(
  windows: readonly WindowRows[],
  { newest, minRows }: ReportOptions,
  count: (window: WindowRows) => number,
): WindowRows[] {
  const taken: WindowRows[] = []
  let counted = 0
  for (const window of windows.toReversed()) {
    if (taken.length >= newest && counted >= minRows) break
    if (count(window) === 0) continue
    taken.unshift(window)
    counted += count(window)
  }
  return taken
}
