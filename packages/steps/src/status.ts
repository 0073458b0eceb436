import type { ParamReader } from './params.ts'

export type Status = 'ok' | 'warn' | 'alert'

/** From where a measure is a warning, and from where an alert. */
export interface Thresholds {
  readonly warn: number
  readonly alert: number
}

/** What both monitors take for too much, from where on. An alert never comes before its warning. */
export interface ThresholdParams {
  /** Population stability index of a column. @default 0.1 */
  readonly psiWarn?: number
  /** @default 0.25 */
  readonly psiAlert?: number
  /** Kolmogorov-Smirnov statistic of a column. @default 0.1 */
  readonly ksWarn?: number
  /** @default 0.2 */
  readonly ksAlert?: number
  /**
   * The error over the expected one, that on the training rows or at the evaluation: RMSE, or of a classifier the
   * share of wrong predictions. @default 1.2
   */
  readonly errorWarn?: number
  /** @default 1.5 */
  readonly errorAlert?: number
}

/** Thresholds of what both monitors measure. */
export interface CommonThresholds {
  readonly psi: Thresholds
  readonly ks: Thresholds
  readonly error: Thresholds
}

/** @throws StepwellError STEPWELL_PARAM_INVALID */
export function readCommonThresholds(params: ParamReader): CommonThresholds {
  return {
    psi: readThresholds(params, 'psi', { warn: 0.1, alert: 0.25 }),
    ks: readThresholds(params, 'ks', { warn: 0.1, alert: 0.2 }),
    error: readThresholds(params, 'error', { warn: 1.2, alert: 1.5 }),
  }
}

/**
 * Reads the params `<measure>Warn` and `<measure>Alert`. An alert never comes before the warning: where
 * only the warning is given and is beyond the default of the alert, both are the same.
 * @throws StepwellError STEPWELL_PARAM_INVALID
 */
export function readThresholds(
  params: ParamReader,
  measure: string,
  defaults: Thresholds,
): Thresholds {
  const warn = params.number(`${measure}Warn`, { above: 0 }, defaults.warn)
  const alert = params.number(`${measure}Alert`, { above: 0 }, Math.max(defaults.alert, warn))
  if (alert < warn) params.refuse(`${measure}Alert`, `at least "${measure}Warn", which is ${warn}`)
  return { warn, alert }
}

/** What a value is; one that is not a number is an alert. */
export function statusOf(value: number, { warn, alert }: Thresholds): Status {
  // Asked this way round because of `NaN`.
  if (value < warn) return 'ok'
  return value < alert ? 'warn' : 'alert'
}

export function worst(statuses: readonly Status[]): Status {
  if (statuses.includes('alert')) return 'alert'
  return statuses.includes('warn') ? 'warn' : 'ok'
}
