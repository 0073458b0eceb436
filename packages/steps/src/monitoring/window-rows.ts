import type { PredictionLine, RefusalLine } from '@stepwell/registry'
import { memberOf } from '@stepwell/base/json-text'
import type { Cell } from '../cell.ts'

/** Numbers by row, `NaN` for a row without one. */
class NumberColumn {
  #numbers = new Float64Array(16).fill(Number.NaN)

  set(row: number, value: number): void {
    if (row >= this.#numbers.length) {
      const grown = new Float64Array(Math.max(row + 1, this.#numbers.length * 2)).fill(Number.NaN)
      grown.set(this.#numbers)
      this.#numbers = grown
    }
    this.#numbers[row] = value
  }

  at(row: number): number {
    return this.#numbers[row] ?? Number.NaN
  }
}

/** The rows of one window, as columns of numbers: a log of a million lines must fit. */
export class WindowRows {
  /** Milliseconds since the epoch. */
  readonly start: number
  /** Rows that were answered. */
  rows: number = 0
  /** Of these, rows with some input beyond the range of the training rows. */
  beyondRows: number = 0
  readonly beyond: Map<string, number> = new Map()
  /** Rows that were refused, and by which inputs. */
  refusedRows: number = 0
  readonly refused: Map<string, number> = new Map()
  /** Rows whose label has come, with it; in the order of the labels. */
  readonly labelled: number[] = []
  readonly truths: Cell[] = []
  readonly #versions: string[] = []
  readonly #predictions = new NumberColumn()
  readonly #ms = new NumberColumn()
  readonly #columns = new Map<string, NumberColumn>()

  constructor(start: number) {
    this.start = start
  }

  /**
   * @param version its id: one and the same text for all lines, so that it is kept once
   * @param columns which numbers of the row to keep
   * @returns the number of the row in the window
   */
  add(line: PredictionLine, version: string, columns: readonly string[]): number {
    const row = this.rows++
    this.#versions.push(version)
    this.#predictions.set(row, numberOr(line.prediction))
    this.#ms.set(row, numberOr(line.ms))
    for (const name of columns) {
      const value = memberOf(line.features, name) ?? memberOf(line.kept, name)
      if (typeof value !== 'number') continue
      const column = this.#columns.get(name) ?? new NumberColumn()
      column.set(row, value)
      this.#columns.set(name, column)
    }
    const beyond = new Set(line.beyond)
    if (beyond.size > 0) this.beyondRows++
    for (const name of beyond) this.beyond.set(name, (this.beyond.get(name) ?? 0) + 1)
    return row
  }

  addRefusal(line: RefusalLine): void {
    this.refusedRows++
    for (const name of Object.keys(line.refused)) {
      this.refused.set(name, (this.refused.get(name) ?? 0) + 1)
    }
  }

  version(row: number): string {
    return this.#versions[row] ?? ''
  }

  /** How many rows each version answered. */
  versionCounts(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const id of this.#versions) counts.set(id, (counts.get(id) ?? 0) + 1)
    return counts
  }

  prediction(row: number): number {
    return this.#predictions.at(row)
  }

  /** From the request to the prediction, in milliseconds. */
  ms(row: number): number {
    return this.#ms.at(row)
  }

  /** `NaN` where the row has no such number. */
  number(row: number, column: string): number {
    return this.#columns.get(column)?.at(row) ?? Number.NaN
  }

  /** All that sets the row apart from others, so that of two the same is chosen in whatever order they came. */
  describe(row: number): string {
    const columns = [...this.#columns].map(([name, column]) => [name, column.at(row)] as const)
    const present = columns
      .filter(([, value]) => !Number.isNaN(value))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
    return JSON.stringify([this.start, this.version(row), this.prediction(row), present])
  }
}

function numberOr(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN
}
