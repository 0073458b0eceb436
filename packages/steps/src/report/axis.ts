import { html, showTick, type Html } from '@stepwell/base/html'
import { at, path, type Scale } from './scale.ts'

/** The grid of an upright axis, with what its lines stand for on their left. */
export function uprightAxis(y: Scale, { left, right }: { left: number; right: number }): Html {
  return html`${y.ticks(5).map(
    (tick) =>
      html`<path
          class="grid"
          d="${path([
            [left, y(tick)],
            [right, y(tick)],
          ])}"
        /><text class="tick left" x="${left - 6}" y="${at(y(tick))}">${showTick(tick)}</text>`,
  )}`
}
