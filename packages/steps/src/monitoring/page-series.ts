import { showNumber } from '@stepwell/base/html'
import { mainVersion } from './measure.ts'
import type { MonitoredWindow, PredictionReport, ReportOptions } from './prediction-report.ts'

type Values = readonly (number | undefined)[]

/** What the charts draw, each with a value for each window. */
export interface PageSeries {
  readonly windows: readonly string[]
  readonly isClassifier: boolean
  /** The version that answered most. */
  readonly versions: readonly string[]
  /** The class of its colour. */
  readonly looks: readonly string[]
  readonly marks: readonly { readonly window: number; readonly text: string }[]
  readonly error: Values
  readonly baseline: Values
  readonly actual: Values
  readonly predicted: Values
  /** The errors from which there is a warning or an alert. */
  readonly limits: { readonly warn: Values; readonly alert: Values }
  readonly rows: readonly number[]
  readonly refused: readonly number[]
  readonly beyond: readonly number[]
  readonly p50: Values
  readonly p99: Values
  readonly titles: Readonly<
    Record<'error' | 'mean' | 'rows' | 'latency' | 'beyond', readonly string[]>
  >
}

// As many as the style has.
const COLOURS = 6

export function seriesOf({ windows }: PredictionReport, options: ReportOptions): PageSeries {
  const versions = windows.map((window) => mainVersion(Object.entries(window.versions)) ?? '')
  const order = [...new Set(versions.filter((id) => id !== ''))]
  const errors = windows.map(({ error }) => error)
  const each = <T>(read: (window: MonitoredWindow) => T): T[] => windows.map(read)
  const error = errors.map((one) =>
    one === undefined ? undefined : 'rmse' in one ? one.rmse : one.wrong,
  )
  // What the error is compared with, where that is known.
  const expected = windows.map((window, place) => {
    const ratio = window.error?.ratio
    const value = error[place]
    return ratio === null || ratio === undefined || value === undefined || !(ratio > 0)
      ? undefined
      : value / ratio
  })
  const times = (factor: number): Values =>
    expected.map((value) =>
      value === undefined || !Number.isFinite(value) || value === 0 ? undefined : value * factor,
    )
  const { warn, alert } = options.limits.error
  return {
    windows: each(({ window }) => shortWindow(window)),
    isClassifier: errors.some((one) => one !== undefined && 'wrong' in one),
    versions,
    looks: versions.map((id) => `v${Math.max(0, order.indexOf(id)) % COLOURS}`),
    marks: versions.flatMap((id, window) => {
      const before = versions.slice(0, window).findLast((other) => other !== '')
      return id === '' || id === before ? [] : [{ window, text: id.slice(0, 8) }]
    }),
    error,
    baseline: errors.map((one) => one?.baseline),
    actual: errors.map((one) => (one !== undefined && 'rmse' in one ? one.meanActual : undefined)),
    predicted: errors.map((one) =>
      one !== undefined && 'rmse' in one ? one.meanPredicted : undefined,
    ),
    limits: { warn: times(warn), alert: times(alert) },
    rows: each(({ rows }) => rows),
    refused: each(({ refused }) => refused.count),
    beyond: each(({ beyondAny }) => beyondAny),
    p50: each(({ latency }) => latency?.p50),
    p99: each(({ latency }) => latency?.p99),
    titles: {
      error: windows.map((window, place) =>
        errorTitle(window, error[place], versions[place] ?? ''),
      ),
      mean: each(({ window, error: one }) =>
        one === undefined || !('rmse' in one)
          ? `${window}: no labels yet`
          : `${window}: actual ${showNumber(one.meanActual)}, predicted ${showNumber(one.meanPredicted)}`,
      ),
      rows: each(
        ({ window, rows, refused }) => `${window}: ${rows} answered, ${refused.count} refused`,
      ),
      latency: each(({ window, latency }) =>
        latency === null
          ? window
          : `${window}: median ${showNumber(latency.p50)} ms, p95 ${showNumber(latency.p95)} ms, p99 ${showNumber(latency.p99)} ms`,
      ),
      beyond: each(({ window, beyondAny, beyond }) => {
        const parts = Object.entries(beyond).map(([name, share]) => `${name} ${percent(share)}`)
        return `${window}: ${percent(beyondAny)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`
      }),
    },
  }
}

function errorTitle(
  { window, error, labelled }: MonitoredWindow,
  value: number | undefined,
  version: string,
): string {
  if (error === undefined || value === undefined) return `${window}, ${version}: no labels yet`
  const parts = [`${'rmse' in error ? 'RMSE' : 'wrong'} ${showNumber(value)}`]
  if (error.ratio !== null) parts.push(`${showNumber(error.ratio)} times that at the evaluation`)
  if (error.baseline !== undefined) parts.push(`baseline ${showNumber(error.baseline)}`)
  return `${window}, ${version}: ${parts.join(', ')}; ${labelled} labels`
}

/** A share as people read it. */
export function percent(share: number): string {
  return `${showNumber(100 * share)} %`
}

/** The start of a window, as short as an axis needs it. */
export function shortWindow(window: string): string {
  const [date = '', time] = window.split('T')
  return time === undefined ? date : `${date.slice(5)} ${time.replace('Z', '')}`
}
