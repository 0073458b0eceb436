/** How far the shares of categories differ between two samples. */
export interface Contingency {
  /** Pearson's chi-square of the table of two samples and all categories, without a correction. */
  readonly statistic: number
  /** Degrees of freedom: the number of categories less 1. */
  readonly df: number
  /** Cramér's V: from 0 (the same shares) to 1 (no category in common), whatever the number of rows. */
  readonly cramersV: number
}

/**
 * Compares the categories of two samples, neither of them empty; each distinct number is a category.
 *
 * Source: K. Pearson 1900; H. Cramér, Mathematical Methods of Statistics, 1946, section 21.9.
 */
export function contingencyOf(before: Float64Array, after: Float64Array): Contingency {
  const counts = new Map<number, [before: number, after: number]>()
  for (const [sample, values] of [before, after].entries()) {
    for (const value of values) {
      const count = counts.get(value) ?? [0, 0]
      count[sample] = (count[sample] ?? 0) + 1
      counts.set(value, count)
    }
  }
  const total = before.length + after.length
  let statistic = 0
  // In an order of their own, so that the sum does not depend on that of the rows.
  for (const [, [b, a]] of [...counts].toSorted(([x], [y]) => x - y)) {
    const expectedBefore = ((b + a) * before.length) / total
    const expectedAfter = ((b + a) * after.length) / total
    statistic += (b - expectedBefore) ** 2 / expectedBefore
    statistic += (a - expectedAfter) ** 2 / expectedAfter
  }
  return { statistic, df: counts.size - 1, cramersV: Math.sqrt(statistic / total) }
}
