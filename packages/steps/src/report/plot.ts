import { clip } from '@stepwell/base/text'
import { uprightAxis } from './axis.ts'
import { html, showNumber, showTick, type Html } from '@stepwell/base/html'
import { at, padded, path, scaleBand, scaleLinear, ticksOf, widened, type Scale } from './scale.ts'

/** Where a chart's values lie in it, in units of its own. */
const WIDTH = 360
const HEIGHT = 260
const MARGIN = { top: 26, right: 14, bottom: 40, left: 54 }

export interface Point {
  readonly x: number
  readonly y: number
}

interface Labels {
  readonly x: string
  readonly y: string
  /** What the chart shows, for those who do not see it. */
  readonly about: string
}

/** Points; with `line`, the line on which they would lie at best. */
export function scatter(points: readonly Point[], labels: Labels, best: 'diagonal' | 'zero'): Html {
  const xs = points.map(({ x }) => x)
  const ys = points.map(({ y }) => y)
  const all = best === 'diagonal' ? [...xs, ...ys] : undefined
  const x = horizontal(all ?? xs)
  const y = vertical(all ?? [...ys, 0])
  const [low = 0, high = 0] = x.domain()
  const ends: readonly Point[] =
    best === 'diagonal'
      ? [
          { x: low, y: low },
          { x: high, y: high },
        ]
      : [
          { x: low, y: 0 },
          { x: high, y: 0 },
        ]
  const faint = points.length > 300 ? 'dot faint' : 'dot'
  return frame(
    labels,
    x,
    y,
    html`${points.map(
        (point) =>
          html`<circle class="${faint}" cx="${at(x(point.x))}" cy="${at(y(point.y))}" r="2.4" />`,
      )}<path class="ideal" d="${path(ends.map((end) => [x(end.x), y(end.y)]))}" />`,
  )
}

/** How many of the numbers lie in each of some bins of equal width. */
export function histogram(numbers: readonly number[], labels: Labels): Html {
  const { low, width, counts } = bins(numbers, 24)
  const x = scaleLinear([low, low + width * counts.length], [MARGIN.left, WIDTH - MARGIN.right])
  const y = scaleLinear([0, Math.max(...counts)], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice(5)
  const columns = counts.map((count, bin) => {
    const from = x(low + bin * width)
    const to = x(low + (bin + 1) * width)
    return html`<rect
      class="bar"
      x="${at(from + 0.5)}"
      y="${at(y(count))}"
      width="${at(Math.max(0.5, to - from - 1))}"
      height="${at(y(0) - y(count))}"
    />`
  })
  const zero =
    low < 0 && low + width * counts.length > 0
      ? html`<path
          class="ideal"
          d="${path([
            [x(0), MARGIN.top],
            [x(0), HEIGHT - MARGIN.bottom],
          ])}"
        />`
      : undefined
  return frame(labels, x, y, html`${columns}${zero}`)
}

/** Curves over one axis, each with a deviation up and down; `mark` is shown as the best. */
export function curve(
  points: readonly (Point & { readonly deviation: number; readonly best: boolean })[],
  labels: Labels,
): Html {
  const sorted = points.toSorted((a, b) => a.x - b.x)
  const x = horizontal(sorted.map((point) => point.x))
  const y = vertical(
    sorted.flatMap((point) => [point.y - point.deviation, point.y + point.deviation]),
  )
  return frame(
    labels,
    x,
    y,
    html`<path
        class="curve"
        d="${path(sorted.map((point) => [x(point.x), y(point.y)]))}"
      />${sorted.map(
        (point) =>
          html`<path
              class="spread"
              d="${path([
                [x(point.x), y(point.y - point.deviation)],
                [x(point.x), y(point.y + point.deviation)],
              ])}"
            /><circle
              class="${point.best ? 'knot best' : 'knot'}"
              cx="${at(x(point.x))}"
              cy="${at(y(point.y))}"
              r="4"
            />`,
      )}`,
  )
}

/** The share of true finds over that of false alarms. */
export function steps(points: readonly Point[], labels: Labels): Html {
  const x = scaleLinear([0, 1], [MARGIN.left, WIDTH - MARGIN.right])
  const y = scaleLinear([0, 1], [HEIGHT - MARGIN.bottom, MARGIN.top])
  return frame(
    labels,
    x,
    y,
    html`<path
        class="ideal"
        d="${path([
          [x(0), y(0)],
          [x(1), y(1)],
        ])}"
      /><path class="curve" d="${path(points.map((point) => [x(point.x), y(point.y)]))}" />`,
  )
}

interface Bar {
  readonly name: string
  readonly value: number
}

/** A bar from 0 for each name, beside it. */
export function bars(items: readonly Bar[], about: string): Html {
  const row = 24
  const bottom = 8 + items.length * row
  const longest = Math.max(...items.map(({ name }) => clip(name, 20).length))
  const left = Math.min(164, longest * 7.4 + 12)
  const x = scaleLinear(widened([0, ...items.map(({ value }) => value)]), [left, WIDTH - 68])
  const y = scaleBand(
    items.map((_, place) => String(place)),
    [8, bottom],
  ).padding(0.3)
  const zero = x(0)
  const lines = items.map(({ name, value }, place) => {
    const top = y(String(place)) ?? 0
    const middle = top + y.bandwidth() / 2
    return html`<g
      ><title>${name}: ${showNumber(value)}</title
      ><text class="name end" x="${at(left - 8)}" y="${at(middle)}">${clip(name, 20)}</text
      ><rect
        class="bar"
        x="${at(Math.min(zero, x(value)))}"
        y="${at(top)}"
        width="${at(Math.max(0.5, Math.abs(x(value) - zero)))}"
        height="${at(y.bandwidth())}"
        rx="2"
      /><text class="name" x="${at(WIDTH - 60)}" y="${at(middle)}">${showNumber(value)}</text></g
    >`
  })
  return rowsOf(x, bottom, lines, about)
}

/** A dot with its deviation for each name, below it. */
export function dots(
  items: readonly (Bar & { readonly deviation: number; readonly best: boolean })[],
  about: string,
): Html {
  const row = 38
  const bottom = 8 + items.length * row
  const ends = items.flatMap(({ value, deviation }) => [value - deviation, value + deviation])
  const x = scaleLinear(padded(ends), [8, WIDTH - 68])
  const lines = items.map(({ name, value, deviation, best }, place) => {
    const top = 8 + place * row
    const middle = top + 26
    return html`<g
      ><title>${name}: ${showNumber(value)}</title
      ><text class="name" x="8" y="${at(top + 10)}">${clip(name, 46)}</text
      ><path
        class="spread"
        d="${path([
          [x(value - deviation), middle],
          [x(value + deviation), middle],
        ])}"
      /><circle
        class="${best ? 'knot best' : 'knot'}"
        cx="${at(x(value))}"
        cy="${at(middle)}"
        r="4.5"
      /><text class="name" x="${at(WIDTH - 60)}" y="${at(middle)}">${showNumber(value)}</text></g
    >`
  })
  return rowsOf(x, bottom, lines, about)
}

function rowsOf(x: Scale, bottom: number, lines: readonly Html[], about: string): Html {
  const grid = ticksOf(x).map(
    (tick) =>
      html`<path
          class="grid"
          d="${path([
            [x(tick), 4],
            [x(tick), bottom],
          ])}"
        /><text class="tick" x="${at(x(tick))}" y="${at(bottom + 15)}">${showTick(tick)}</text>`,
  )
  return html`<svg viewBox="0 0 ${WIDTH} ${bottom + 24}" role="img" aria-label="${about}">
    ${grid}${lines}
  </svg>`
}

/** A histogram for a line of a table. */
export function spark(numbers: readonly number[]): Html {
  const { counts } = bins(numbers, 20)
  const most = Math.max(...counts)
  return html`<svg
    class="spark"
    viewBox="0 0 ${counts.length * 4} 22"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    ${counts.map((count, bin) => {
      const height = most === 0 ? 0 : (20 * count) / most
      return html`<rect
        class="bar"
        x="${bin * 4}"
        y="${at(22 - height)}"
        width="3"
        height="${at(height)}"
      />`
    })}
  </svg>`
}

function frame(labels: Labels, x: Scale, y: Scale, marks: Html): Html {
  const bottom = HEIGHT - MARGIN.bottom
  const right = WIDTH - MARGIN.right
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${labels.about}">
    ${uprightAxis(y, { left: MARGIN.left, right })}${ticksOf(x).map(
      (tick) =>
        html`<path
            class="grid"
            d="${path([
              [x(tick), MARGIN.top],
              [x(tick), bottom],
            ])}"
          /><text class="tick" x="${at(x(tick))}" y="${bottom + 16}">${showTick(tick)}</text>`,
    )}${marks}
    <text class="axis" x="4" y="13">${clip(labels.y, 40)}</text>
    <text class="axis end" x="${right}" y="${HEIGHT - 5}">${clip(labels.x, 40)}</text>
  </svg>`
}

function horizontal(values: readonly number[]) {
  return scaleLinear(padded(values), [MARGIN.left, WIDTH - MARGIN.right])
}

function vertical(values: readonly number[]) {
  return scaleLinear(padded(values), [HEIGHT - MARGIN.bottom, MARGIN.top])
}

function bins(numbers: readonly number[], most: number) {
  const [low, high] = widened(numbers)
  const count = Math.max(1, Math.min(most, Math.ceil(Math.sqrt(numbers.length))))
  const width = (high - low) / count
  const counts = Array.from({ length: count }, () => 0)
  for (const number of numbers) {
    const bin = Math.min(count - 1, Math.floor((number - low) / width))
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return { low, width, counts }
}
