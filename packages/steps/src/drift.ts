import { contingencyOf, type Contingency } from './contingency.ts'
import { mean, quantile } from './summary.ts'

/** How far two samples of one column lie apart. */
export interface Drift {
  readonly meanBefore: number
  readonly meanAfter: number
  /** Population stability index: 0 for equal shares, without an upper bound. */
  readonly psi: number
  /** Two-sample Kolmogorov-Smirnov statistic: from 0 (equal distributions) to 1 (disjoint). */
  readonly ks: number
  /** Wasserstein-1 distance, in units of the column: how far a value has moved on average. */
  readonly wasserstein: number
  /** Of a column with at most 24 distinct values before. */
  readonly chi2?: Contingency
}

// The share that an empty bin counts as; the logarithm of 0 has no value. A usual choice.
const EPSILON = 1e-4

// Columns with at most this many distinct values are categories: the hours of a day are.
const MAX_CATEGORIES = 24

/**
 * Compares two samples, neither of them empty.
 * @param bins for the stability index; see `stabilityIndex`
 */
export function driftOf(before: Float64Array, after: Float64Array, bins: number): Drift {
  return sortedDrift(before.toSorted(), after.toSorted(), bins)
}

/** As `driftOf`, of samples that are sorted already: so the order of the rows makes no difference at all. */
export function sortedDrift(before: Float64Array, after: Float64Array, bins: number): Drift {
  const distinct = new Set(before).size
  return {
    meanBefore: mean(before),
    meanAfter: mean(after),
    psi: stabilityIndex(before, after, bins),
    ks: kolmogorovSmirnov(before, after),
    wasserstein: wassersteinDistance(before, after),
    ...(distinct <= MAX_CATEGORIES && { chi2: contingencyOf(before, after) }),
  }
}

/**
 * The largest distance between the two empirical distribution functions. Both samples sorted.
 *
 * Source: N. V. Smirnov 1939; W. J. Conover, Practical Nonparametric Statistics, 3rd edition, Wiley
 * 1999, section 6.3.
 */
export function kolmogorovSmirnov(before: Float64Array, after: Float64Array): number {
  let largest = 0
  let i = 0
  let j = 0
  while (i < before.length && j < after.length) {
    // Equal values of both samples form one step, so the distance is taken after all of them.
    const value = Math.min(before[i] ?? Infinity, after[j] ?? Infinity)
    while (before[i] === value) i++
    while (after[j] === value) j++
    largest = Math.max(largest, Math.abs(i / before.length - j / after.length))
  }
  return largest
}

/**
 * The Wasserstein-1 distance: the area between the two empirical distribution functions. Both samples
 * sorted.
 *
 * Source: L. N. Vaserstein 1969; of one dimension S. S. Vallender, "Calculation of the Wasserstein
 * Distance between Probability Distributions on the Line", 1974.
 */
function wassersteinDistance(before: Float64Array, after: Float64Array): number {
  let area = 0
  let i = 0
  let j = 0
  let last = Math.min(before[0] ?? Infinity, after[0] ?? Infinity)
  while (i < before.length || j < after.length) {
    const value = Math.min(before[i] ?? Infinity, after[j] ?? Infinity)
    area += (value - last) * Math.abs(i / before.length - j / after.length)
    while (before[i] === value) i++
    while (after[j] === value) j++
    last = value
  }
  return area
}

/**
 * The population stability index: over bins, the sum of (a - b) ln(a / b), where b and a are the
 * shares of the rows before and after, and a share below 0.0001 counts as 0.0001. Both samples sorted.
 *
 * The bins come from the sample before. When it has at most `bins` distinct values, each of them is a
 * bin, and all values that it has not are one more. Otherwise the bins lie between its quantiles
 * (type 7), closed above; equal quantiles merge, and the outer bins are open-ended.
 *
 * Source: N. Siddiqi, Credit Risk Scorecards, Wiley 2006; the symmetric form of the divergence of
 * S. Kullback, R. A. Leibler, "On Information and Sufficiency", 1951. Below 0.1 is usually read as
 * stable, from 0.25 up as a shift.
 */
export function stabilityIndex(before: Float64Array, after: Float64Array, bins: number): number {
  const distinct = [...new Set(before)]
  const shares =
    distinct.length <= bins
      ? [before, after].map((sample) => sharesByValue(sample, distinct))
      : [before, after].map((sample) => sharesByEdge(sample, edgesOf(before, bins)))
  const [sharesBefore = [], sharesAfter = []] = shares
  return sharesBefore.reduce((sum, share, bin) => {
    const b = Math.max(share, EPSILON)
    const a = Math.max(sharesAfter[bin] ?? 0, EPSILON)
    return sum + (a - b) * Math.log(a / b)
  }, 0)
}

function sharesByValue(sample: Float64Array, values: readonly number[]): number[] {
  const places = new Map(values.map((value, place) => [value, place]))
  const counts = Array.from({ length: values.length + 1 }, () => 0)
  for (const value of sample) {
    const place = places.get(value) ?? values.length
    counts[place] = (counts[place] ?? 0) + 1
  }
  return counts.map((count) => count / sample.length)
}

/** The inner edges, each the closed upper end of a bin. */
function edgesOf(sorted: Float64Array, bins: number): number[] {
  const edges = new Set<number>()
  for (let bin = 1; bin < bins; bin++) edges.add(quantile(sorted, bin / bins))
  return [...edges].filter((edge) => edge < (sorted.at(-1) ?? Infinity))
}

function sharesByEdge(sorted: Float64Array, edges: readonly number[]): number[] {
  let start = 0
  const counts = [...edges, Infinity].map((edge) => {
    let end = start
    while (end < sorted.length && (sorted[end] ?? Infinity) <= edge) end++
    const count = end - start
    start = end
    return count
  })
  return counts.map((count) => count / sorted.length)
}
