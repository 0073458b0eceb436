import { html, htmlDocument, showNumber, type Html } from '@stepwell/base/html'
import { STYLE } from '../report/style.ts'
import { timeChart, type TimeChart } from '../report/time-plot.ts'
import type { Status } from '../status.ts'
import { driftSection } from './page-drift.ts'
import { MONITORING_STYLE } from './page-style.ts'
import { seriesOf, type PageSeries } from './page-series.ts'
import { versionTable, windowTable } from './page-tables.ts'
import type { Newest, PredictionReport, ReportOptions } from './prediction-report.ts'

export interface MonitoringPage {
  readonly title: string
  /** Of the model. */
  readonly name: string
  readonly report: PredictionReport
  readonly newest: Newest
  readonly options: ReportOptions
}

const VERDICTS: Readonly<Record<Status, string>> = {
  ok: 'nothing stands out.',
  warn: 'something is worth a look.',
  alert: 'something needs attention.',
}

/** A page as one HTML document, which loads nothing. The same page gives the same bytes. */
export function renderMonitoring(page: MonitoringPage): string {
  const { title, report } = page
  const { windows } = report
  return htmlDocument(
    title,
    STYLE + MONITORING_STYLE,
    html`<header>
        <h1>${title}</h1>
        ${verdict(page)}
      </header>
      <main>${windows.length === 0 ? undefined : body(page)}</main>`,
  )
}

function verdict({ name, report }: MonitoringPage): Html {
  const { status, reasons, windows, untimed } = report
  if (windows.length === 0) {
    return html`<p>The log has no rows of <strong>${name}</strong> yet.</p>`
  }
  const [first, last] = [windows.at(0), windows.at(-1)].map((window) => window?.window)
  const span = windows.length === 1 ? `from ${first}` : `from ${first} to ${last}`
  return html`<p>
      What the server of <strong>${name}</strong> has answered, in ${windows.length}
      ${windows.length === 1 ? 'window' : 'windows'} ${span}.
      ${untimed === 0 ? undefined : `${untimed} lines have no time that can be read, and are left out.`}
    </p>
    <div class="verdict tone-${status}">
      <strong>${status}</strong>: ${VERDICTS[status]}
      ${
        reasons.length === 0
          ? undefined
          : html`<ul>
              ${reasons.map((reason) => html`<li>${reason}</li>`)}
            </ul>`
      }
    </div>`
}

function body(page: MonitoringPage): Html {
  const { report, options } = page
  const series = seriesOf(report, options)
  return html`${tiles(page)}${errors(page, series)}${driftSection(report, options)}${service(page, series)}
  ${versionTable(report, options, series)}${windowTable(report, options)}`
}

function tiles({ report, newest }: MonitoringPage): Html {
  const { error, inputs } = newest
  const rows = report.windows.reduce((sum, window) => sum + window.rows, 0)
  const tile = (name: string, value: string, note?: string): Html =>
    html`<div class="tile">
      <dt>${name}</dt>
      <dd>${value}</dd>
      ${note === undefined ? undefined : html`<dd class="small">${note}</dd>`}
    </div>`
  const times = error === undefined || error.ratio === null ? undefined : error.ratio
  const found = error === undefined ? undefined : 'rmse' in error ? error.rmse : error.wrong
  const note = times === undefined ? undefined : `${showNumber(times)} times that at its evaluation`
  const base = error?.baseline
  const beside =
    base === undefined || found === undefined
      ? undefined
      : base > found
        ? 'worse, on the same rows'
        : 'no worse, on the same rows'
  return html`<dl class="tiles">
      ${tile('rows answered', showNumber(rows))}
      ${tile('rows with a label', showNumber(report.labels.joined))}
      ${
        found === undefined
          ? undefined
          : tile(
              error !== undefined && 'rmse' in error ? 'RMSE' : 'wrong, share',
              showNumber(found),
              note,
            )
      }${base === undefined ? undefined : tile('baseline', showNumber(base), beside)}
      ${tile('refused', `${showNumber(100 * inputs.refused.share)}\u00a0%`)}
      ${tile('beyond the range', `${showNumber(100 * inputs.beyondAny)}\u00a0%`)}
      ${inputs.latency === null ? undefined : tile('latency p99', `${showNumber(Number(inputs.latency.p99.toPrecision(3)))}\u00a0ms`)}
    </dl>
    <p class="soft">Error, shares and latency are those of the newest windows.</p>`
}

/** The same chart twice, of which a screen or a phone shows the one that suits it. */
function both(chart: Omit<TimeChart, 'size'>): Html {
  return html`<div class="only-wide">${timeChart({ ...chart, size: 'wide' })}</div>
    <div class="only-narrow">${timeChart({ ...chart, size: 'narrow' })}</div>`
}

function errors({ report, options }: MonitoringPage, series: PageSeries): Html {
  const { error, baseline, limits, isClassifier, windows, marks, looks, titles } = series
  if (error.every((value) => value === undefined)) {
    return html`<h2>Error</h2>
      <p class="soft">No label has come yet, so nothing is known of the error.</p>`
  }
  const name = isClassifier ? 'share of wrong predictions' : 'RMSE'
  const hasBaseline = baseline.some((value) => value !== undefined)
  const hasLimits = limits.warn.some((value) => value !== undefined)
  const { warn, alert } = options.limits.error
  return html`<h2>Error</h2>
    <figure class="wide">
      <h3>${isClassifier ? 'Wrong predictions over time' : 'RMSE over time'}</h3>
      ${both({
        windows,
        titles: titles.error,
        lines: [
          { values: limits.warn, look: 'limit warn' },
          { values: limits.alert, look: 'limit alert' },
          { values: baseline, look: 'line dashed v-soft' },
          { values: error, look: looks.map((look) => `line ${look}`) },
        ],
        marks,
        y: name,
        about: `${name} over time`,
      })}
      <figcaption>
        <span class="legend">
          <span
            ><span class="swatch thin ${looks.at(-1)}"></span>the model, a colour for each
            version</span
          >
          ${hasBaseline ? html`<span><span class="swatch thin v-soft"></span>baseline, dashed</span>` : undefined}
          ${
            hasLimits
              ? html`<span
                    ><span class="swatch thin warn"></span>${showNumber(warn)} times the error at
                    the evaluation</span
                  >
                  <span><span class="swatch thin alert"></span>${showNumber(alert)} times</span>`
              : undefined
          }
          ${marks.length > 0 ? html`<span>dotted upright lines: another version</span>` : undefined}
        </span>
        ${report.labels.unmatched > 0 ? `${report.labels.unmatched} labels have no row in the log. ` : undefined}
      </figcaption>
    </figure>
    ${
      isClassifier
        ? undefined
        : html`<figure class="wide">
            <h3>Actual and predicted</h3>
            ${both({
              windows,
              titles: titles.mean,
              lines: [
                { values: series.actual, look: 'line v-best' },
                { values: series.predicted, look: 'line v-mark' },
              ],
              marks: marks.map(({ window }) => ({ window, text: '' })),
              y: 'mean of a window',
              about: 'Mean actual and mean predicted values over time',
            })}
            <figcaption>
              <span class="legend">
                <span><span class="swatch thin v-best"></span>actual</span>
                <span><span class="swatch thin v-mark"></span>predicted, of the same rows</span>
              </span>
            </figcaption>
          </figure>`
    }`
}

function service({ options }: MonitoringPage, series: PageSeries): Html {
  const { windows, titles } = series
  const chart = (
    heading: string,
    rest: Pick<TimeChart, 'lines' | 'bars' | 'y' | 'titles'>,
    caption: Html,
  ): Html =>
    html`<figure>
      <h3>${heading}</h3>
      ${timeChart({ windows, about: heading, size: 'narrow', ...rest })}
      <figcaption>${caption}</figcaption>
    </figure>`
  const level = (value: number, status: string) => ({
    values: Number.isFinite(value) ? windows.map(() => value) : [],
    look: `limit ${status}`,
  })
  const { beyond, latency } = options.limits
  const worstBeyond = Math.max(...series.beyond)
  return html`<h2>Requests</h2>
    <div class="charts">
      ${chart(
        'Rows',
        {
          bars: [
            { values: series.rows, look: 'block v-mark' },
            { values: series.refused, look: 'block v-bad' },
          ],
          y: 'rows of a window',
          titles: titles.rows,
        },
        html`<span class="legend">
          <span><span class="swatch v-mark"></span>answered</span>
          <span><span class="swatch v-bad"></span>refused</span>
        </span>`,
      )}
      ${chart(
        'Latency',
        {
          lines: [
            level(latency.warn, 'warn'),
            level(latency.alert, 'alert'),
            { values: series.p99, look: 'line v-best' },
            { values: series.p50, look: 'line v-mark' },
          ],
          y: 'milliseconds',
          titles: titles.latency,
        },
        html`<span class="legend">
          <span><span class="swatch thin v-best"></span>99th percentile</span>
          <span><span class="swatch thin v-mark"></span>median</span>
        </span>`,
      )}
      ${chart(
        'Beyond the range of the training rows',
        {
          lines: [
            ...(worstBeyond >= beyond.warn / 2 ? [level(beyond.warn, 'warn')] : []),
            ...(worstBeyond >= beyond.alert / 2 ? [level(beyond.alert, 'alert')] : []),
            { values: series.beyond, look: 'line v-mark' },
          ],
          y: 'share of the rows',
          titles: titles.beyond,
        },
        html`Rows with some input that is smaller or larger than all the model was trained on.`,
      )}
    </div>`
}
