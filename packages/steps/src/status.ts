import type { ParamReader } from './params.ts'

export type Status = 'ok' | 'warn' | 'alert'

/** From where a measure is a warning, and from where an alert. */
export interface Thresholds {
  readonly warn: number
  readonly alert: number
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
