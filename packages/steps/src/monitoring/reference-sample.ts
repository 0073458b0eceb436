import type { Reference } from '@stepwell/registry'

/** Rows that a version was trained on, each column sorted. */
export interface ReferenceSample {
  readonly rows: number
  /** Whether it is the rows that are like those of a window, and not all of them. */
  readonly alike: boolean
  /** `undefined` when the reference has no such column. */
  column(name: string): Float64Array | undefined
}

/** The reference of a version, in whole and in parts. */
export class ReferenceRows {
  readonly #reference: Reference
  readonly #like: readonly string[]
  readonly #keys: readonly string[]
  readonly #samples = new Map<string, ReferenceSample>()

  /** @param like columns whose values say which rows are alike; none when it lacks one of them */
  constructor(reference: Reference, like: readonly string[]) {
    const { columns } = reference
    this.#reference = reference
    this.#like = like.every((name) => Object.hasOwn(columns, name)) ? like : []
    this.#keys = this.#indices().map((row) =>
      likeKey(this.#like.map((name) => columns[name]?.[row])),
    )
  }

  /**
   * The rows whose values of `like` are among the given ones, if there are enough of them, else all.
   * @param keys of `likeKey`
   */
  sampleOf(keys: ReadonlySet<string>, minRows: number): ReferenceSample {
    const indices =
      this.#like.length === 0
        ? []
        : this.#indices().filter((row) => keys.has(this.#keys[row] ?? ''))
    const alike = indices.length > 0 && indices.length >= minRows
    const name = alike ? [...keys].toSorted().join('\n') : ''
    const known = this.#samples.get(name)
    if (known !== undefined) return known
    const sample = this.#cut(alike ? indices : this.#indices(), alike)
    this.#samples.set(name, sample)
    return sample
  }

  get rows(): number {
    return this.#keys.length
  }

  #indices(): number[] {
    const [first = []] = Object.values(this.#reference.columns)
    return Array.from(first, (_, row) => row)
  }

  #cut(indices: readonly number[], alike: boolean): ReferenceSample {
    const sorted = new Map<string, Float64Array>()
    const { columns } = this.#reference
    return {
      rows: indices.length,
      alike,
      column: (name) => {
        if (!Object.hasOwn(columns, name)) return undefined
        const numbers =
          sorted.get(name) ??
          Float64Array.from(indices, (row) => columns[name]?.[row] ?? Number.NaN)
            .filter((value) => !Number.isNaN(value))
            .toSorted()
        sorted.set(name, numbers)
        return numbers
      },
    }
  }
}

/** One text for the same values. */
export function likeKey(values: readonly (number | undefined)[]): string {
  return values.join(' ')
}
