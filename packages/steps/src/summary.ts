/** The mean of the numbers, `NaN` of none. */
export function mean(numbers: Float64Array): number {
  let sum = 0
  for (const number of numbers) sum += number
  return sum / numbers.length
}

/** Standard deviation around the mean, with n as the divisor. */
export function deviation(numbers: Float64Array, center: number): number {
  let sum = 0
  for (const number of numbers) sum += (number - center) ** 2
  return Math.sqrt(sum / numbers.length)
}

/**
 * A quantile of sorted numbers by linear interpolation between order statistics: type 7 of
 * R. J. Hyndman, Y. Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50(4),
 * 1996; what R and NumPy do by default.
 *
 * @param sorted ascending, at least one
 * @param share from 0 (the minimum) to 1 (the maximum)
 */
export function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const index = Math.floor(place)
  const low = sorted[index] ?? Number.NaN
  const high = sorted[index + 1] ?? low
  return low === high ? low : low + (place - index) * (high - low)
}
