import { createHash } from 'node:crypto'
import type { Confusion, Plot, PlotContent } from '@stepwell/dvc'
import { chartLibrary } from './chart-library.ts'
import { html, jsonBlock, script, type Html } from '@stepwell/base/html'
import { PAGE_SCRIPT } from './page-script.ts'
import { PAGE_STYLE } from './page-style.ts'

export interface PageRequest {
  /** Of the project. */
  readonly title: string
  readonly revisions: readonly string[]
  readonly plots: readonly Plot[]
}

/**
 * One HTML page with all plots in it, that needs no network. Whatever comes from the project is text: there
 * is no place where it could become code, and the page allows no script but the two it is made with.
 */
export function renderPage({ title, revisions, plots }: PageRequest): string {
  const charts = plots.flatMap(({ content }, id) =>
    content.kind === 'chart' && content.series.length > 0 ? [chartData(id, content)] : [],
  )
  const scripts = charts.length === 0 ? [] : [chartLibrary(), PAGE_SCRIPT]
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy(scripts)}" />
        <title>Plots of ${title}</title>
        <style>
          ${{ html: PAGE_STYLE }}
        </style>
      </head>
      <body>
        <header>
          <h1>Plots of ${title}</h1>
          <p>${revisions.join(' · ')}</p>
        </header>
        <main>${plots.map(section)}</main>
        ${plots.length === 0 ? html`<p>There are no plots.</p>` : ''}
        <noscript><p class="error">The charts need JavaScript.</p></noscript>
        ${jsonBlock('charts', charts)} ${scripts.map(script)}
      </body>
    </html> `
  return page.html
}

function policy(scripts: readonly string[]): string {
  const hashes = scripts.map(
    (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  )
  const allowed = hashes.length === 0 ? "'none'" : hashes.join(' ')
  return `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${allowed}; base-uri 'none'; form-action 'none'`
}

function section({ title, id, content, notes, errors }: Plot, index: number): Html {
  return html`<section>
    <h2>${title}</h2>
    ${title === id ? '' : html`<p class="note">${id}</p>`} ${contentOf(content, index, title)}
    ${notes.map((note) => html`<p class="note">${note}</p>`)}
    ${errors.map(({ revision, message }) => html`<p class="error">${revision}: ${message}</p>`)}
  </section>`
}

function contentOf(content: PlotContent, index: number, title: string): Html {
  switch (content.kind) {
    case 'chart':
      if (content.series.length === 0) return html``
      return html`<div class="chart">
        <canvas id="chart-${index}" aria-label="${title}"></canvas>
      </div>`
    case 'confusion':
      return html`<div class="sides">${content.matrices.map((each) => matrix(each, content))}</div>`
    case 'images':
      return html`<div class="sides">
        ${content.images.map(
          ({ revision, path, type, bytes }) =>
            html`<figure>
              <figcaption>${revision}</figcaption>
              <img
                alt="${path}, ${revision}"
                src="data:${type};base64,${Buffer.from(bytes).toString('base64')}"
              />
            </figure>`,
        )}
      </div>`
  }
}

function matrix(
  { revision, file, x, y, counts }: Confusion,
  { isNormalized, xLabel, yLabel }: Extract<PlotContent, { kind: 'confusion' }>,
): Html {
  const most = Math.max(1, ...counts.map((row) => Math.max(0, ...row)))
  const rows = counts.map((row, index) => {
    const all = row.reduce((sum, count) => sum + count, 0)
    const cells = row.map((count) => {
      const share = isNormalized ? count / Math.max(1, all) : count / most
      const shown = isNormalized ? share.toFixed(2) : count
      return html`<td style="--share: ${(share * 0.75).toFixed(3)}">${shown}</td>`
    })
    return html`<tr>
      <th scope="row">${y[index] ?? ''}</th>
      ${cells}
    </tr>`
  })
  return html`<figure>
    <figcaption>${file === '' ? revision : `${revision} · ${file}`}</figcaption>
    <div class="scroll">
      <table>
        <caption>
          ${yLabel} ↓ · ${xLabel} →
        </caption>
        <tr>
          <th></th>
          ${x.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
        ${rows}
      </table>
    </div>
  </figure>`
}

function chartData(
  id: number,
  { style, xLabel, yLabel, series }: Extract<PlotContent, { kind: 'chart' }>,
): object {
  const revisions = [...new Set(series.map(({ revision }) => revision))]
  const fields = [...new Set(series.map(fieldName))]
  return {
    id,
    style,
    xLabel,
    yLabel,
    revisions: revisions.length,
    fields: fields.length,
    series: series.map((each, at) => {
      const { revision, x, y } = each
      const names = [revisions.length > 1 ? revision : '', fields.length > 1 ? fieldName(each) : '']
      const label = names.filter((name) => name !== '').join(' · ') || fieldName(each)
      const [of, by] = [fields.indexOf(fieldName(each)), revisions.indexOf(revision)]
      return { label, at, of, revision: by, x, y }
    }),
  }
}

function fieldName({ file, field }: { readonly file: string; readonly field: string }): string {
  return file === '' ? field : `${file}: ${field}`
}
