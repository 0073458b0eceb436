const BARS = Array.from('▁▂▃▄▅▆▇█')

/** Numbers as a line of at most `width` small bars, each the mean of the numbers that it stands for. */
export function sparkline(values: readonly number[], width = 40): string {
  if (values.length === 0) return ''
  const cells = Math.min(width, values.length)
  const means = Array.from({ length: cells }, (_, cell) => {
    const [from, to] = [cell, cell + 1].map((edge) => Math.floor((edge * values.length) / cells))
    const part = values.slice(from, to)
    return part.reduce((sum, value) => sum + value, 0) / part.length
  })
  const low = means.reduce((least, value) => Math.min(least, value))
  const high = means.reduce((most, value) => Math.max(most, value))
  return means
    .map((mean) => {
      const share = high === low ? 0.5 : (mean - low) / (high - low)
      return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))] ?? ''
    })
    .join('')
}
