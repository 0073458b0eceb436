import type { Drift } from '../drift.ts'
import type { ParamReader } from '../params.ts'
import { significant } from '../significant.ts'
import {
  readCommonThresholds,
  readThresholds,
  statusOf,
  worst,
  type CommonThresholds,
  type Status,
  type Thresholds,
} from '../status.ts'
import type { WindowError } from './error.ts'
import type { Measures } from './measure.ts'

/** What is too much of each measure. */
export interface Limits extends CommonThresholds {
  readonly beyond: Thresholds
  readonly refused: Thresholds
  readonly latency: Thresholds
}

/** @throws StepwellError STEPWELL_PARAM_INVALID */
export function readLimits(params: ParamReader): Limits {
  const read = (measure: string, warn: number, alert: number): Thresholds =>
    readThresholds(params, measure, { warn, alert })
  return {
    ...readCommonThresholds(params),
    beyond: read('beyond', 0.05, 0.2),
    refused: read('refused', 0.01, 0.1),
    latency: latencyLimits(params),
  }
}

/** Why something is not as it should be. */
export interface Finding {
  readonly status: 'warn' | 'alert'
  /** A clause for people, with the value and the threshold that it has reached. */
  readonly text: string
  /** The value over its threshold for an alert: what is worse comes first. */
  readonly weight: number
}

export interface Judging {
  readonly limits: Limits
  readonly minRows: number
  /** Whether the drift of a column counts. */
  readonly counts: (column: string) => boolean
}

/** How the inputs of some rows, and the answers as such, are: drift, ranges, refusals, latency. */
export function judgeInputs(
  { rows, drift, beyondAny, refused, latency }: Measures,
  { limits, minRows, counts }: Judging,
): Finding[] {
  const isEnough = rows >= minRows
  const columns = Object.entries(drift).filter(([name]) => isEnough && counts(name))
  return [
    ...columns.flatMap(([name, measured]) => worstFinding(driftFindings(name, measured, limits))),
    ...(isEnough
      ? finding(beyondAny, limits.beyond, {
          show: percent,
          text: (share) =>
            `${share} of the rows have an input beyond the range of the training rows`,
        })
      : []),
    ...(rows + refused.count >= minRows
      ? finding(refused.share, limits.refused, {
          show: percent,
          text: (share) => `${share} of the rows were refused`,
        })
      : []),
    ...(latency === null
      ? []
      : finding(latency.p99, limits.latency, {
          show: (ms) => `${short(ms)} ms`,
          text: (ms) => `the latency has a 99th percentile of ${ms}`,
        })),
  ]
}

/**
 * How the predictions of some rows are, once enough labels have come.
 * @param span which windows, for people
 */
export function judgeError(
  error: WindowError | undefined,
  labelled: number,
  span: string,
  { limits, minRows }: Judging,
): Finding[] {
  if (error === undefined || error.ratio === null || labelled < minRows) return []
  const text =
    'rmse' in error
      ? (times: string) => `rmse of ${span} is ${times} times that at its evaluation`
      : (times: string) =>
          `wrong predictions of ${span} are ${times} times as many as at its evaluation`
  return finding(error.ratio, limits.error, { show: short, text })
}

/** What the drift of one column is. */
export function driftStatus({ psi, ks }: Drift, limits: Limits): Status {
  return worst([statusOf(psi, limits.psi), statusOf(ks, limits.ks)])
}

/** The worst first; of equal ones, in the order of their texts. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => {
    if (a.status !== b.status) return a.status === 'alert' ? -1 : 1
    return b.weight - a.weight || (a.text < b.text ? -1 : 1)
  })
}

function driftFindings(column: string, { psi, ks }: Drift, limits: Limits): Finding[] {
  const of = (measure: string) => (value: string) => `${column} has ${measure} ${value}`
  return [
    ...finding(psi, limits.psi, { show: short, text: of('psi') }),
    ...finding(ks, limits.ks, { show: short, text: of('ks') }),
  ]
}

function worstFinding(findings: readonly Finding[]): Finding[] {
  return sortFindings(findings).slice(0, 1)
}

function finding(
  value: number,
  limits: Thresholds,
  { show, text }: { show: (value: number) => string; text: (shown: string) => string },
): Finding[] {
  const status = statusOf(value, limits)
  if (status === 'ok') return []
  const reached = `${status} from ${show(limits[status])}`
  return [{ status, text: `${text(show(value))} (${reached})`, weight: value / limits.alert }]
}

/** No limit of latency is right for all: only what is given counts. */
function latencyLimits(params: ParamReader): Thresholds {
  const read = (name: string): number | undefined =>
    params.has(name) ? params.number(name, { above: 0 }) : undefined
  const alert = read('latencyAlert') ?? Infinity
  const warn = read('latencyWarn') ?? alert
  if (alert < warn) params.refuse('latencyAlert', `at least "latencyWarn", which is ${warn}`)
  return { warn, alert }
}

function percent(share: number): string {
  return `${short(100 * share)} %`
}

function short(value: number): string {
  return significant(value, 3)
}
