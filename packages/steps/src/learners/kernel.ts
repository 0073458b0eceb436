import { scaled } from './neighbours.ts'

/**
 * A weighted sum of bells around the training rows: base + the sum of weights[i] times
 * e^(-d^2 / (2 width^2)), where d is the distance to row i between scaled features.
 */
export interface Kernel {
  readonly base: number
  readonly width: number
  readonly weights: readonly number[]
  /** For each feature: what is taken off, and by what is divided. */
  readonly center: readonly number[]
  readonly scale: readonly number[]
  /** For each feature: its column, scaled. */
  readonly points: readonly (readonly number[])[]
}

export function sumKernel(
  model: Kernel,
  columns: readonly Float64Array[],
  n: number,
): Float64Array {
  const queries = scaled(columns, model.center, model.scale)
  const points = model.points.map((column) => Float64Array.from(column))
  const result = new Float64Array(n)
  for (let row = 0; row < n; row++) {
    let sum = model.base
    for (const [other, weight] of model.weights.entries()) {
      let distance = 0
      for (const [place, column] of points.entries()) {
        const away = (queries[place]?.[row] ?? 0) - (column[other] ?? 0)
        distance += away * away
      }
      sum += weight * Math.exp(-distance / (2 * model.width * model.width))
    }
    result[row] = sum
  }
  return result
}

export function problemOfKernel(
  value: Partial<Record<keyof Kernel, unknown>>,
  features: number,
): string | undefined {
  const { base, width, weights, center, scale, points } = value
  if (!Number.isFinite(base) || !Number.isFinite(width) || !(Number(width) > 0)) {
    return 'its base and width are not numbers'
  }
  const isList = (list: unknown, length: number): boolean =>
    Array.isArray(list) && list.length === length && list.every(Number.isFinite)
  if (!isList(center, features) || !isList(scale, features) || (scale as number[]).includes(0)) {
    return 'its scales are not lists of numbers other than 0'
  }
  if (!Array.isArray(weights) || !Array.isArray(points) || points.length !== features) {
    return 'its points and weights are not lists'
  }
  return [weights, ...(points as unknown[])].every((list) => isList(list, weights.length))
    ? undefined
    : 'its points and weights are not lists of numbers of one length'
}
