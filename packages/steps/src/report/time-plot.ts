import { uprightAxis } from './axis.ts'
import { html, type Html } from '@stepwell/base/html'
import { at, path, scaleLinear, widened, type Scale } from './scale.ts'

/** A number for each window, where there is one. */
export interface Series {
  readonly values: readonly (number | undefined)[]
  /** The class of all its points, or of each. */
  readonly look: string | readonly string[]
}

export interface TimeChart {
  /** When each window begins, as text that is shown. */
  readonly windows: readonly string[]
  /** What is told of each window when it is pointed at. */
  readonly titles: readonly string[]
  readonly lines?: readonly Series[]
  /** Bars from 0, stacked on each other. */
  readonly bars?: readonly Series[]
  /** Windows at whose beginning something changed, and what to say there. */
  readonly marks?: readonly { readonly window: number; readonly text: string }[]
  readonly y: string
  /** What the chart shows, for those who do not see it. */
  readonly about: string
  /** Fits a phone, or the width of a screen. */
  readonly size: 'narrow' | 'wide'
}

const SIZES = { narrow: { width: 360, height: 240 }, wide: { width: 1040, height: 300 } }
const MARGIN = { top: 36, right: 10, bottom: 26, left: 54 }
// Of a character, in units of the chart.
const CHARACTER = 7.4
const GAP = 14
// More points than these run into each other.
const MAX_KNOTS = 80

/** Numbers over the windows, which are of equal width, oldest first. The axis begins at 0. */
export function timeChart(chart: TimeChart): Html {
  const { windows, lines = [], bars = [], marks = [], about } = chart
  const { width, height } = SIZES[chart.size]
  const [right, bottom] = [width - MARGIN.right, height - MARGIN.bottom]
  const left = scaleLinear([0, windows.length], [MARGIN.left, right])
  const middle = (window: number): number => left(window + 0.5)
  const y = scaleLinear(rangeOf(lines, bars, windows.length), [bottom, MARGIN.top]).nice(5)
  const columns = windows.map((_, window) => stack(bars, window, left, y))
  const knots = (line: Series): boolean =>
    windows.length <= MAX_KNOTS || line.values.filter((value) => value !== undefined).length === 1
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${about}">
    ${uprightAxis(y, { left: MARGIN.left, right })}${columns}${changes(marks, left, { top: MARGIN.top, bottom, right })}${lines.map((line) => curves(line, left, y))}${lines.filter(knots).map((line) => dotsOf(line, middle, y))}${dates(
      windows,
      left,
      {
        bottom,
        width: right - MARGIN.left,
      },
    )}${chart.titles.map(
      (title, window) =>
        html`<rect
          class="hit"
          x="${at(left(window))}"
          y="${MARGIN.top}"
          width="${at(left(window + 1) - left(window))}"
          height="${bottom - MARGIN.top}"
          ><title>${title}</title></rect
        >`,
    )}
    <text class="axis" x="4" y="13">${chart.y}</text>
  </svg>`
}

function rangeOf(
  lines: readonly Series[],
  bars: readonly Series[],
  windows: number,
): [number, number] {
  const tops = Array.from({ length: windows }, (_, window) =>
    bars.reduce((sum, { values }) => sum + (values[window] ?? 0), 0),
  )
  const values = lines.flatMap((line) => line.values).filter((value) => value !== undefined)
  const shown = [0, ...tops, ...values]
  // Zeros alone have no range: what cannot be negative is not to look as if it could.
  return shown.some((value) => Number.isFinite(value) && value !== 0) ? widened(shown) : [0, 1]
}

function stack(bars: readonly Series[], window: number, left: Scale, y: Scale): Html {
  let base = 0
  const [from, to] = [left(window), left(window + 1)]
  const gap = Math.min(2, (to - from) * 0.15)
  const width = Math.min(60, to - from - gap)
  return html`${bars.map(({ values, look }) => {
    const value = values[window] ?? 0
    if (value === 0) return undefined
    const top = y(base + value)
    const foot = y(base)
    base += value
    return html`<rect
      class="${lookOf(look, window)}"
      x="${at((from + to - width) / 2)}"
      y="${at(top)}"
      width="${at(width)}"
      height="${at(foot - top)}"
    />`
  })}`
}

/**
 * Broken where a value is missing; each stretch of one look is a curve of its own. A limit holds for the whole
 * of a window.
 */
function curves({ values, look }: Series, left: Scale, y: Scale): Html {
  const drawn: Html[] = []
  let points: [number, number][] = []
  let current = ''
  const flush = (): void => {
    if (points.length > 1) drawn.push(html`<path class="${current}" d="${path(points)}" />`)
  }
  for (const [window, value] of values.entries()) {
    const next = lookOf(look, window)
    const last = points.at(-1)
    if (value === undefined || next !== current) {
      flush()
      // What leads to a point has the look of that point.
      points = value === undefined || last === undefined ? [] : [last]
      current = next
    }
    if (value === undefined) continue
    if (next.includes('limit')) points.push([left(window), y(value)], [left(window + 1), y(value)])
    else points.push([left(window + 0.5), y(value)])
  }
  flush()
  return html`${drawn}`
}

function dotsOf({ values, look }: Series, x: (window: number) => number, y: Scale): Html {
  return html`${values.map((value, window) =>
    value === undefined || lookOf(look, window).includes('limit')
      ? undefined
      : html`<circle
          class="${lookOf(look, window)} knot"
          cx="${at(x(window))}"
          cy="${at(y(value))}"
          r="${values.length > 30 ? 2 : 3}"
        />`,
  )}`
}

/** A line for each change, and its text where there is room for it. */
function changes(
  marks: NonNullable<TimeChart['marks']>,
  left: Scale,
  { top, bottom, right }: { top: number; bottom: number; right: number },
): Html {
  let free = 0
  return html`${marks.map(({ window, text }) => {
    const x = left(window)
    const width = text.length * CHARACTER
    const start = Math.min(x, right - width)
    const hasRoom = start >= free
    if (hasRoom) free = start + width + 8
    return html`<path
        class="change"
        d="${path([
          [x, top - (hasRoom ? 6 : 0)],
          [x, bottom],
        ])}"
      />${
        hasRoom
          ? html`<text class="change-name" x="${at(start)}" y="${top - 9}">${text}</text>`
          : undefined
      }`
  })}`
}

function dates(
  windows: readonly string[],
  left: Scale,
  { bottom, width }: { bottom: number; width: number },
): Html {
  const label = Math.max(...windows.map((text) => text.length), 1) * CHARACTER
  const room = Math.max(1, Math.floor((width + GAP) / (label + GAP)))
  const every = Math.ceil(windows.length / room)
  // From the newest back, since that one has a date in any case.
  let free = Infinity
  const places = windows.flatMap((text, window) =>
    (windows.length - 1 - window) % every === 0 ? [{ text, x: left(window + 0.5) }] : [],
  )
  const shown = places.toReversed().flatMap(({ text, x }) => {
    const low = MARGIN.left + label / 2 - 8
    const middle = Math.max(low, Math.min(x, MARGIN.left + width - label / 2))
    if (middle + label / 2 > free) return []
    free = middle - label / 2 - GAP
    return [html`<text class="tick" x="${at(middle)}" y="${bottom + 18}">${text}</text>`]
  })
  return html`${shown.toReversed()}`
}

function lookOf(look: Series['look'], window: number): string {
  return typeof look === 'string' ? look : (look[window] ?? '')
}
