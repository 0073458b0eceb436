import { html, showNumber, type Html } from '@stepwell/base/html'
import { mainVersion } from './measure.ts'
import { percent, type PageSeries } from './page-series.ts'
import type { MonitoredWindow, PredictionReport, ReportOptions } from './prediction-report.ts'

// What is looked at; the others are there to be opened.
const SHOWN = 30

/** The versions that answered, newest first. */
export function versionTable(
  { windows }: PredictionReport,
  { versions }: ReportOptions,
  series: PageSeries,
): Html {
  const seen = new Map<string, { first: string; last: string; rows: number }>()
  for (const window of windows) {
    for (const [id, rows] of Object.entries(window.versions)) {
      const before = seen.get(id) ?? { first: window.window, last: '', rows: 0 }
      seen.set(id, { first: before.first, last: window.window, rows: before.rows + rows })
    }
  }
  const lines = [...seen]
    .toSorted(([a, x], [b, y]) =>
      x.first === y.first ? (a < b ? -1 : 1) : x.first < y.first ? 1 : -1,
    )
    .map(([id, { first, last, rows }]) => {
      const look = series.looks[series.versions.indexOf(id)] ?? ''
      const { expected, reference } = versions.get(id)
      return html`<tr>
        <td><span class="swatch ${look}"></span><code>${id}</code></td>
        <td>${first}</td>
        <td>${last}</td>
        <td>${rows}</td>
        <td>${expected === undefined ? '–' : showNumber(expected)}</td>
        <td>${reference === undefined ? 'none' : showNumber(reference.rows)}</td>
      </tr>`
    })
  return html`<h2>Versions</h2>
    <div class="card scroll dense">
      ${table(['version', 'from', 'to', 'rows', 'error at its evaluation', 'training rows known'], lines)}
    </div>`
}

/** All windows, newest first. */
export function windowTable({ windows }: PredictionReport, options: ReportOptions): Html {
  const hasBaseline = windows.some(({ error }) => error?.baseline !== undefined)
  const isClassifier = windows.some(({ error }) => error !== undefined && 'wrong' in error)
  const names = ['window', 'status', 'version', 'rows', 'labelled', isClassifier ? 'wrong' : 'RMSE']
  if (!isClassifier) names.push('MAE', 'R²')
  names.push('times expected')
  if (hasBaseline) names.push('baseline')
  names.push('largest PSI', 'beyond', 'refused', 'p99, ms')
  const lines = windows
    .toReversed()
    .map((window) => windowLine(window, options, { hasBaseline, isClassifier }))
  return html`<h2>Windows</h2>
    <div class="card">
      <div class="scroll dense">${table(names, lines.slice(0, SHOWN))}</div>
      ${
        lines.length <= SHOWN
          ? undefined
          : html`<details>
              <summary>${lines.length - SHOWN} older windows</summary>
              <div class="scroll dense">${table(names, lines.slice(SHOWN))}</div>
            </details>`
      }
    </div>`
}

function windowLine(
  window: MonitoredWindow,
  { counts }: ReportOptions,
  { hasBaseline, isClassifier }: { hasBaseline: boolean; isClassifier: boolean },
): Html {
  const { error, status, latency, versions } = window
  const found = error === undefined ? undefined : 'rmse' in error ? error.rmse : error.wrong
  const [mae, r2] = error !== undefined && 'rmse' in error ? [error.mae, error.r2] : []
  const main = mainVersion(Object.entries(versions))?.slice(0, 8) ?? '–'
  const others = Object.keys(versions).length - 1
  const cells = [
    others > 0 ? `${main} +${others}` : main,
    window.rows,
    window.labelled,
    shown(found),
    ...(isClassifier ? [] : [shown(mae), shown(r2)]),
    shown(error?.ratio),
    ...(hasBaseline ? [shown(error?.baseline)] : []),
    largest(window, counts),
    percent(window.beyondAny),
    window.refused.count === 0 ? '0' : `${window.refused.count} (${percent(window.refused.share)})`,
    shown(latency?.p99),
  ]
  return html`<tr>
    <td>${window.window}</td>
    <td class="tone-${status}">${status}</td>
    ${cells.map((cell) => html`<td>${cell}</td>`)}
  </tr>`
}

function largest({ drift }: MonitoredWindow, counts: (name: string) => boolean): string {
  const [first] = Object.entries(drift)
    .filter(([name]) => counts(name))
    .toSorted(([a, x], [b, y]) => y.psi - x.psi || (a < b ? -1 : 1))
  return first === undefined ? '–' : `${first[0]} ${showNumber(first[1].psi)}`
}

function shown(value: number | null | undefined): string {
  return value === undefined || value === null ? '–' : showNumber(value)
}

function table(names: readonly string[], lines: readonly Html[]): Html {
  return html`<table>
    <thead>
      <tr>
        ${names.map((name) => html`<th>${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${lines}
    </tbody>
  </table>`
}
