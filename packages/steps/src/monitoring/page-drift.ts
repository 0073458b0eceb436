import { heatMap, type HeatCell } from '../report/heat-map.ts'
import { html, showNumber, type Html } from '@stepwell/base/html'
import { shortWindow } from './page-series.ts'
import type { PredictionReport, ReportOptions } from './prediction-report.ts'

/** How far the inputs of each window are from the rows that the version was trained on. */
export function driftSection({ windows }: PredictionReport, options: ReportOptions): Html {
  const known = windows.flatMap((window) => Object.keys(window.drift))
  const names = [...new Set(known)].toSorted((a, b) =>
    options.counts(a) === options.counts(b) ? (a < b ? -1 : 1) : options.counts(a) ? -1 : 1,
  )
  if (names.length === 0) {
    const why = windows.every(({ reference }) => reference === null)
      ? 'The versions that answered have no training rows to compare with.'
      : `No window has ${options.minRows} rows, which it takes to judge drift.`
    return html`<h2>Drift</h2>
      <p class="soft">${why}</p>`
  }
  const rows = names.map((name) => ({
    name,
    counts: options.counts(name),
    cells: windows.map(({ window, drift: columns }): HeatCell | undefined => {
      const found = columns[name]
      if (found === undefined) return undefined
      const means = `mean ${showNumber(found.meanBefore)} → ${showNumber(found.meanAfter)}`
      const title = `${name}, ${window}: ${means}, KS ${showNumber(found.ks)}, moved by ${showNumber(found.wasserstein)}, PSI`
      return { status: found.status, value: found.psi, title }
    }),
  }))
  const { psi } = options.limits
  const faint = names.some((name) => !options.counts(name))
  const alike = windows.filter(({ reference }) => reference?.alike === true).length
  return html`<h2>Drift</h2>
    <figure class="wide">
      <h3>Inputs against the rows trained on</h3>
      ${heatMap(
        rows,
        windows.map(({ window }) => shortWindow(window)),
        2 * psi.alert,
        'Drift of each column over time',
      )}
      <figcaption>
        <span class="legend">
          <span><span class="swatch ok"></span>stable</span>
          <span
            ><span class="swatch warn"></span>PSI from ${showNumber(psi.warn)} or KS from
            ${showNumber(options.limits.ks.warn)}</span
          >
          <span
            ><span class="swatch alert"></span>PSI from ${showNumber(psi.alert)} or KS from
            ${showNumber(options.limits.ks.alert)}</span
          >
        </span>
        The newest window is on the right; the deeper the colour, the larger the PSI; hatched where
        there is nothing to judge.
        ${faint ? 'Faint columns do not count for the status.' : undefined}
        ${
          options.like.length === 0
            ? undefined
            : `${alike} of ${windows.length} windows are compared with the training rows of the same ${options.like.join(', ')}${alike < windows.length ? ', the others with all' : ''}.`
        }
      </figcaption>
    </figure>`
}
