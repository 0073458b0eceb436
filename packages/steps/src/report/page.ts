import type { Cell } from '../cell.ts'
import { likeliest, placesOf, type Class } from '../classifier.ts'
import type { Metrics } from '../metrics.ts'
import type { Evaluation } from '../model-evaluation.ts'
import { importanceOf, isClassifier, type Model } from '../model.ts'
import { describeCandidate, type Best } from '../search.ts'
import { deviation, mean, quantile } from '../summary.ts'
import { cellsOf, numbersOf, type Rows } from '../table.ts'
import { html, htmlDocument, showNumber, type Html } from '@stepwell/base/html'
import { errorNameOf, type Importance } from './permutation.ts'
import { bars, curve, dots, histogram, scatter, spark, steps, type Point } from './plot.ts'
import { STYLE } from './style.ts'

export interface Page {
  readonly title: string
  readonly model: Model
  /** The rows that the model was scored on. */
  readonly rows: Rows
  /** What it predicts for these: of a regression. */
  readonly predicted: Float64Array
  /** Of a classifier: the probability of each class. */
  readonly probabilities: readonly Float64Array[]
  /** By shuffling, largest first. */
  readonly importance: readonly Importance[]
  /** How many rows were shuffled. */
  readonly shuffled: number
  readonly evaluation: Evaluation
  readonly best?: Best | undefined
  /** The rows that it was trained on. */
  readonly training?: Rows | undefined
}

// What a phone still scrolls; the scores are of all rows.
const MAX_POINTS = 1500
const MAX_BARS = 25

const NAMES: Readonly<Record<string, string>> = {
  n: 'rows scored',
  r2: 'R²',
  rmse: 'RMSE',
  mae: 'MAE',
  mape: 'MAPE',
  accuracy: 'accuracy',
  precision: 'precision',
  recall: 'recall',
  f1: 'F1',
  precisionMacro: 'precision, macro',
  recallMacro: 'recall, macro',
  f1Macro: 'F1, macro',
  precisionWeighted: 'precision, weighted',
  recallWeighted: 'recall, weighted',
  f1Weighted: 'F1, weighted',
  rocAuc: 'ROC AUC',
  logLoss: 'log loss',
}
const LOWER = new Set(['rmse', 'mae', 'mape', 'logLoss'])

/** A report as one HTML document, which loads nothing. The same page gives the same bytes. */
export function renderPage(page: Page): string {
  const { title, model, evaluation } = page
  return htmlDocument(
    title,
    STYLE,
    html`<header>
        <h1>${title}</h1>
        <p>
          A <strong>${model.kind}</strong> model of <strong>${model.target}</strong> on
          ${model.features.length} ${model.features.length === 1 ? 'feature' : 'features'},
          ${'rows' in model ? `trained on ${showNumber(model.rows)} rows and scored` : 'scored'} on
          ${showNumber(page.rows.length)} others.
        </p>
      </header>
      <main>
        ${tiles(evaluation)}${isClassifier(model) ? classified(model, page) : regressed(page)}${importances(page)}${
          page.best === undefined ? undefined : searched(page.best)
        }${sliced(evaluation, model)}${summary(page)}
      </main>`,
  )
}

function tiles({ metrics, champion }: Evaluation): Html {
  const names = Object.keys(NAMES).filter((name) => name in metrics && name !== 'n')
  return html`<dl class="tiles">
    ${names.map(
      (name) =>
        html`<div class="tile">
          <dt>${NAMES[name]}</dt>
          <dd>${showNumber(metrics[name] ?? Number.NaN)}</dd>
          ${champion === null ? undefined : against(name, metrics, champion)}
        </div>`,
    )}
  </dl>`
}

function against(name: string, metrics: Metrics, champion: Metrics): Html {
  const [mine = Number.NaN, best = Number.NaN] = [metrics[name], champion[name]]
  const ahead = LOWER.has(name) ? best - mine : mine - best
  const look = ahead > 0 ? 'small good' : ahead < 0 ? 'small bad' : 'small'
  const word = ahead > 0 ? 'better than' : ahead < 0 ? 'worse than' : 'not told apart from'
  return html`<dd class="${look}">${word} ${showNumber(best)} of the champion</dd>`
}

function regressed({ model, rows, predicted, evaluation }: Page): Html {
  const { target } = model
  const actual = numbersOf(rows, target)
  const sample = sampleOf(rows.length, MAX_POINTS)
  const points = sample.map((row): Point => ({ x: actual[row] ?? 0, y: predicted[row] ?? 0 }))
  const residuals = [...actual].map((value, row) => value - (predicted[row] ?? 0))
  const over = sample.map((row): Point => ({ x: predicted[row] ?? 0, y: residuals[row] ?? 0 }))
  const note =
    sample.length < rows.length ? ` ${sample.length} of ${rows.length} rows are drawn.` : ''
  const { residuals: spread } = evaluation
  return html`<h2>Predictions and residuals</h2>
    <div class="charts">
      <figure>
        <h3>Predicted against actual</h3>
        ${scatter(
          points,
          {
            x: `actual ${target}`,
            y: `predicted ${target}`,
            about: 'Predicted against actual values',
          },
          'diagonal',
        )}
        <figcaption>On the dashed line a prediction is exact.${note}</figcaption>
      </figure>
      <figure>
        <h3>Residuals against predictions</h3>
        ${scatter(
          over,
          {
            x: `predicted ${target}`,
            y: 'actual − predicted',
            about: 'Residuals against predictions',
          },
          'zero',
        )}
        <figcaption>
          A pattern around the dashed line is something that the model has missed.
        </figcaption>
      </figure>
      <figure>
        <h3>Residuals</h3>
        ${histogram(residuals, {
          x: 'actual − predicted',
          y: 'rows',
          about: 'Histogram of the residuals',
        })}
        <figcaption>
          ${
            spread === undefined
              ? undefined
              : html`Mean ${showNumber(spread.mean)}, deviation ${showNumber(spread.deviation)}; the
                middle half lies from ${showNumber(spread.q1)} to ${showNumber(spread.q3)}.`
          }
        </figcaption>
      </figure>
    </div>`
}

function classified(
  model: { readonly target: string; readonly classes: readonly Class[] },
  { rows, probabilities, evaluation }: Page,
): Html {
  const { classes = [], confusion = [] } = evaluation
  const names = classes.map(({ name }) => String(name))
  const actual = placesOf(rows, model.target, model.classes)
  const matrix = html`<div class="card">
    <h3>Confusion matrix</h3>
    <div class="scroll">
      <table class="matrix">
        <thead>
          <tr>
            <th>actual ↓ predicted →</th>
            ${names.map((name) => html`<th>${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${confusion.map((line, place) => {
            const whole = line.reduce((sum, count) => sum + count, 0)
            return html`<tr>
              <td>${names[place]}</td>
              ${line.map(
                (count) =>
                  html`<td
                    class="heat"
                    style="--share: ${whole === 0 ? 0 : Math.round((75 * count) / whole)}%"
                  >
                    ${count}
                  </td>`,
              )}
            </tr>`
          })}
        </tbody>
      </table>
    </div>
    <p class="soft">The deeper the colour, the larger its share of the line.</p>
  </div>`
  const table = html`<div class="card">
    <h3>By class</h3>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>${model.target}</th>
            <th>rows</th>
            <th>precision</th>
            <th>recall</th>
            <th>F1</th>
          </tr>
        </thead>
        <tbody>
          ${classes.map(
            (score) =>
              html`<tr>
                <td>${String(score.name)}</td>
                <td>${score.rows}</td>
                <td>${showNumber(score.precision)}</td>
                <td>${showNumber(score.recall)}</td>
                <td>${showNumber(score.f1)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </div>`
  return html`<h2>Classes</h2>
    <div class="charts">
      ${matrix}${table}${
        probabilities.length === 2
          ? roc(actual, probabilities[1] ?? new Float64Array(), names)
          : undefined
      }${surety(actual, probabilities)}
    </div>`
}

function roc(
  actual: Uint32Array,
  second: Float64Array,
  names: readonly string[],
): Html | undefined {
  const order = [...actual.keys()].toSorted((a, b) => (second[b] ?? 0) - (second[a] ?? 0))
  const hits = actual.filter((place) => place === 1).length
  const others = actual.length - hits
  if (hits === 0 || others === 0) return undefined
  const points: Point[] = [{ x: 0, y: 0 }]
  let [found, alarms] = [0, 0]
  for (const [place, row] of order.entries()) {
    if (actual[row] === 1) found++
    else alarms++
    const next = order[place + 1]
    // Equal probabilities are one step of the curve.
    if (next === undefined || second[next] !== second[row])
      points.push({ x: alarms / others, y: found / hits })
  }
  return html`<figure>
    <h3>ROC curve of ${names[1]}</h3>
    ${steps(points, {
      x: 'false alarms, share',
      y: 'found, share',
      about: 'ROC curve',
    })}
    <figcaption>The dashed line is a guess by the toss of a coin.</figcaption>
  </figure>`
}

function surety(actual: Uint32Array, probabilities: readonly Float64Array[]): Html {
  const places = likeliest(probabilities)
  const sure = [...places].map((place, row) => probabilities[place]?.[row] ?? 0)
  const right = sure.filter((_, row) => places[row] === actual[row])
  return html`<figure>
    <h3>How sure it is</h3>
    ${histogram(sure, {
      x: 'probability of the predicted class',
      y: 'rows',
      about: 'Histogram of the probabilities of the predicted classes',
    })}
    <figcaption>
      On average it is ${showNumber(100 * mean(Float64Array.from(sure)))}&nbsp;% sure, and right in
      ${showNumber((100 * right.length) / sure.length)}&nbsp;%.
    </figcaption>
  </figure>`
}

function importances({ model, importance: found, shuffled }: Page): Html {
  const error = NAMES[errorNameOf(model)] ?? ''
  const shares = importanceOf(model)
  const own = shares
    ?.map((value, place) => ({ name: model.features[place] ?? '', value }))
    .toSorted((a, b) => b.value - a.value)
  const note = found.length > MAX_BARS ? ` The first ${MAX_BARS} of ${found.length} are shown.` : ''
  return html`<h2>What it goes by</h2>
    <div class="charts">
      <figure>
        <h3>Importance by shuffling</h3>
        ${bars(
          found.slice(0, MAX_BARS).map(({ feature, growth }) => ({ name: feature, value: growth })),
          'Growth of the error for each feature',
        )}
        <figcaption>
          By how much the ${error} grows when a feature is shuffled among ${shuffled} rows.${note}
        </figcaption>
      </figure>
      ${
        own === undefined
          ? undefined
          : html`<figure>
              <h3>Importance in the trees</h3>
              ${bars(own.slice(0, MAX_BARS), 'Share of each feature in the splits')}
              <figcaption>
                The share of each feature in what the splits explain of the training rows.
              </figcaption>
            </figure>`
      }
    </div>`
}

function searched({ candidates, candidate, metric, better }: Best): Html {
  const name = NAMES[metric] ?? metric
  const best = describeCandidate(candidate)
  const sign = better === 'higher' ? -1 : 1
  const ranked = candidates
    .filter((one) => Number.isFinite(one.mean))
    .toSorted((a, b) => sign * (a.mean - b.mean))
  const curves = curvesOf(ranked).map(({ kind, param, points }) => {
    const drawn = points.map(({ x, score }) => ({
      x,
      y: score.mean,
      deviation: score.deviation,
      best: describeCandidate(score.candidate) === best,
    }))
    return html`<figure>
      <h3>${kind} over ${param}</h3>
      ${curve(drawn, {
        x: param,
        y: name,
        about: `${name} of ${kind} over ${param}`,
      })}
      <figcaption>Mean and deviation over the folds.</figcaption>
    </figure>`
  })
  const note =
    ranked.length < candidates.length || ranked.length > MAX_BARS
      ? ` The best ${Math.min(MAX_BARS, ranked.length)} of ${candidates.length} are shown.`
      : ''
  return html`<h2>Search</h2>
    <div class="charts">
      <figure>
        <h3>${name} of the candidates</h3>
        ${dots(
          ranked.slice(0, MAX_BARS).map((one) => ({
            name: describeCandidate(one.candidate),
            value: one.mean,
            deviation: one.deviation,
            best: describeCandidate(one.candidate) === best,
          })),
          `${name} of the candidates`,
        )}
        <figcaption>
          Mean and deviation over ${candidates[0]?.folds.length} folds; ${better} is better. Picked:
          ${best}.${note}
        </figcaption>
      </figure>
      ${curves}
    </div>`
}

interface Curve {
  readonly kind: string
  readonly param: string
  readonly points: readonly { readonly x: number; readonly score: Best['candidates'][number] }[]
}

/** The kinds of which one number alone was varied, in at least 3 steps. */
function curvesOf(scores: Best['candidates']): Curve[] {
  const kinds = [...new Set(scores.map(({ candidate }) => candidate.kind))].toSorted()
  return kinds.flatMap((kind) => {
    const own = scores.filter(({ candidate }) => candidate.kind === kind)
    const names = [...new Set(own.flatMap(({ candidate }) => Object.keys(candidate)))]
    const valuesOf = (name: string): unknown[] =>
      own.map(({ candidate }) => (candidate as unknown as Record<string, unknown>)[name])
    const varied = names.filter(
      (name) => new Set(valuesOf(name).map((value) => JSON.stringify(value))).size > 1,
    )
    const [param = ''] = varied
    const values = valuesOf(param)
    if (varied.length !== 1 || own.length < 3) return []
    if (!values.every((value) => typeof value === 'number')) return []
    return [{ kind, param, points: own.map((score, place) => ({ x: values[place] ?? 0, score })) }]
  })
}

function sliced({ slices }: Evaluation, model: Model): Html | undefined {
  if (slices.length === 0) return undefined
  const shown = isClassifier(model)
    ? ['n', 'accuracy', 'f1Macro', 'rocAuc', 'logLoss']
    : ['n', 'r2', 'rmse', 'mae', 'mape']
  return html`<h2>Slices</h2>
    <div class="card scroll">
      <table>
        <thead>
          <tr>
            <th>rows where</th>
            ${shown.map((name) => html`<th>${name === 'n' ? 'rows' : NAMES[name]}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${slices.map(
            ({ column, value, metrics }) =>
              html`<tr>
                <td>${column} = ${value ?? 'missing'}</td>
                ${shown.map(
                  (name) =>
                    html`<td>
                      ${Number.isFinite(metrics[name]) ? showNumber(metrics[name] ?? 0) : '–'}
                    </td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`
}

function summary({ model, rows, training }: Page): Html {
  const columns = [...model.features, model.target]
  const about = (table: Rows, what: string): Html =>
    html`<div class="card">
      <h3>${what}: ${showNumber(table.length)}</h3>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>column</th>
              <th>mean</th>
              <th>deviation</th>
              <th>min</th>
              <th>median</th>
              <th>max</th>
              <th></th>
            </tr>
          </thead>
          <tbody>
            ${columns.map((column) => summaryLine(column, cellsOf(table, column)))}
          </tbody>
        </table>
      </div>
    </div>`
  return html`<h2>Data</h2>
    ${
      training === undefined
        ? undefined
        : html`${about(training, 'Rows trained on')}
            <p></p>`
    }${about(rows, 'Rows scored')}`
}

function summaryLine(column: string, cells: readonly Cell[]): Html {
  const numbers = cells.filter((cell) => typeof cell === 'number')
  if (numbers.length < cells.length) {
    const values = new Set(cells).size
    return html`<tr>
      <td>${column}</td>
      <td colspan="5" class="soft">${values} ${values === 1 ? 'value' : 'values'}</td>
      <td></td>
    </tr>`
  }
  const sorted = Float64Array.from(numbers).toSorted()
  const center = mean(sorted)
  const shown = [
    center,
    deviation(sorted, center),
    quantile(sorted, 0),
    quantile(sorted, 0.5),
    quantile(sorted, 1),
  ]
  return html`<tr>
    <td>${column}</td>
    ${shown.map((value) => html`<td>${showNumber(value)}</td>`)}
    <td>${spark(numbers)}</td>
  </tr>`
}

/** The indices of at most `most` rows, evenly spread. */
export function sampleOf(count: number, most: number): number[] {
  const taken = Math.min(count, most)
  return Array.from({ length: taken }, (_, place) => Math.floor((place * count) / taken))
}
