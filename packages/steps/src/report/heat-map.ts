import { html, showNumber, type Html } from '@stepwell/base/html'
import { at } from './scale.ts'

interface HeatRow {
  readonly name: string
  /** Whether it counts; else it is drawn faint. */
  readonly counts: boolean
  readonly cells: readonly (HeatCell | undefined)[]
}

export interface HeatCell {
  readonly status: string
  readonly value: number
  readonly title: string
}

const ROW = 24

/**
 * A row for each column and a cell for each window, the deeper the larger its value.
 * @param full the value of the deepest colour
 */
export function heatMap(
  rows: readonly HeatRow[],
  windows: readonly string[],
  full: number,
  about: string,
): Html {
  const height = rows.length * ROW
  const size = `--least: ${windows.length * 2.5}px; --most: ${windows.length * 32}px; --tall: ${height}px`
  const first = windows.at(0)
  const last = windows.length > 1 ? windows.at(-1) : undefined
  return html`<div class="heat-map">
    <div class="heat-names">
      ${rows.map(
        ({ name, counts }) =>
          html`<div class="${counts ? '' : 'faint'}" title="${name}">${name}</div>`,
      )}
    </div>
    <div class="scroll newest">
      <div class="heat-cells" style="${size}">
        <svg
          viewBox="0 0 ${windows.length} ${rows.length}"
          preserveAspectRatio="none"
          role="img"
          aria-label="${about}"
        >
          ${rows.map((row, place) => heatRow(row, place, full))}
        </svg>
        <div class="heat-dates"><span>${first}</span><span>${last}</span></div>
      </div>
    </div>
  </div>`
}

function heatRow({ cells, counts }: HeatRow, place: number, full: number): Html {
  return html`<g class="${counts ? '' : 'faint'}"
    >${cells.map((cell, window) => {
      if (cell === undefined) return undefined
      const share = Math.min(1, Math.max(0, cell.value / full))
      return html`<rect
        class="cell ${cell.status}"
        x="${window}"
        y="${at(place + 0.04)}"
        width="1.02"
        height="0.92"
        style="--deep: ${Math.round(20 + 80 * share)}%"
        ><title>${cell.title}: ${showNumber(cell.value)}</title></rect
      >`
    })}</g
  >`
}
