import type { PredictionLine } from '@stepwell/registry'
import type { Cell } from '../cell.ts'
import { numbersOf, requireColumns, type Rows } from '../table.ts'
import { valueIn } from './served-line.ts'
import type { WindowRows } from './window-rows.ts'

interface Joined {
  readonly at: number
  readonly window: WindowRows
  readonly row: number
}

/** The truth about rows, which comes after their predictions and is joined to them by some columns. */
export class LateLabels {
  readonly #rows: Rows
  readonly #join: readonly string[]
  readonly #places = new Map<string, number>()
  readonly #joined = new Map<number, Joined>()

  /** @throws StepwellError STEPWELL_COLUMN_UNKNOWN; STEPWELL_ROWS_NONE when it is not a list of rows. */
  constructor(rows: Rows, join: readonly string[]) {
    requireColumns(rows, join)
    this.#rows = rows
    this.#join = join
    for (const [place, row] of rows.entries()) {
      const key = keyOf(join.map((name) => (Object.hasOwn(row, name) ? row[name] : undefined)))
      // A label that comes again corrects the one before.
      if (key !== undefined) this.#places.set(key, place)
    }
  }

  /** Joins a row of a window to its label, if that has come. Of several rows of one label, the last one counts. */
  join(line: PredictionLine, window: WindowRows, row: number): void {
    if (this.#places.size === 0) return
    const key = keyOf(this.#join.map((name) => valueIn(line, name)))
    const place = key === undefined ? undefined : this.#places.get(key)
    if (place === undefined) return
    const found = { at: line.at, window, row }
    const before = this.#joined.get(place)
    if (before === undefined || isLater(found, before)) this.#joined.set(place, found)
  }

  /**
   * Hands the labels to their windows, in the order of the labels. One that is missing has not come yet.
   * @param target the column of the truth; `undefined` when there is no row that could have a label
   * @returns how many rows have one, and how many labels have no row
   * @throws StepwellError STEPWELL_COLUMN_UNKNOWN when there is no such target.
   */
  settle(target: string | undefined): { readonly joined: number; readonly unmatched: number } {
    if (target === undefined) return { joined: 0, unmatched: this.#places.size }
    requireColumns(this.#rows, [target])
    let joined = 0
    let unmatched = 0
    for (const place of [...this.#places.values()].toSorted((a, b) => a - b)) {
      const truth = this.#rows[place]?.[target] ?? null
      const owner = this.#joined.get(place)
      if (owner === undefined) unmatched++
      if (owner === undefined || truth === null) continue
      owner.window.labelled.push(owner.row)
      owner.window.truths.push(truth)
      joined++
    }
    return { joined, unmatched }
  }

  /** @throws StepwellError STEPWELL_CELL_NOT_NUMBER naming the first label that is not a number. */
  requireNumbers(target: string): void {
    const isMissing = (cell: Cell | undefined): boolean => cell === null || cell === undefined
    numbersOf(
      this.#rows.map((row) => ({ [target]: isMissing(row[target]) ? 0 : (row[target] ?? 0) })),
      target,
    )
  }
}

/** One text for the same values, whether they came as numbers or as text; none when one is missing. */
function keyOf(values: readonly unknown[]): string | undefined {
  if (values.some((value) => value === undefined || value === null)) return undefined
  const texts = values.map(String)
  // Where one ends must be plain: ("a", "bc") is not ("ab", "c").
  return texts.length === 1 ? texts[0] : texts.map((text) => `${text.length}:${text}`).join('')
}

function isLater(a: Joined, b: Joined): boolean {
  if (a.at !== b.at) return a.at > b.at
  return a.window.describe(a.row) > b.window.describe(b.row)
}
