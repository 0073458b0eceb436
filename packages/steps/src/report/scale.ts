import { scaleBand, scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { showTick } from '@stepwell/base/html'

export { scaleBand, scaleLinear }

export interface Scale {
  (value: number): number
  ticks(count: number): number[]
  domain(): number[]
}

/** As many ticks as have room for what they say. */
export function ticksOf(x: Scale): number[] {
  for (let count = 5; count > 1; count--) {
    const ticks = x.ticks(count)
    const longest = Math.max(...ticks.map((tick) => showTick(tick).length))
    const [first = 0, second = first] = ticks
    if (x(second) - x(first) >= longest * 7.5 + 8) return ticks
  }
  return x.ticks(2).slice(0, 1)
}

/** The range of the values, with some room around it. */
export function padded(values: readonly number[]): [number, number] {
  const [low, high] = widened(values)
  return [low - (high - low) * 0.04, high + (high - low) * 0.04]
}

/** The range of the values; of one value alone, something around it. */
export function widened(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (low > high) return [0, 1]
  return low < high
    ? [low, high]
    : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2]
}

const draw = line().digits(1)

/** The `d` of a line through points. */
export function path(points: readonly (readonly [number, number])[]): string {
  return draw(points as [number, number][]) ?? ''
}

/** A place in the chart, to a tenth: finer is not seen, and costs bytes. */
export function at(value: number): string {
  return (Math.round(value * 10) / 10 + 0).toString()
}
