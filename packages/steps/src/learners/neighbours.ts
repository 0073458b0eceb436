import { deviation, mean } from '../summary.ts'

/** The training rows themselves, to be looked up. */
export interface Neighbours {
  /** How many of the nearest rows are asked. */
  readonly neighbours: number
  /** For each feature: what is taken off, and by what is divided, before distances are measured. */
  readonly center: readonly number[]
  readonly scale: readonly number[]
  /** For each feature: its column, scaled. */
  readonly points: readonly (readonly number[])[]
  /** For each training row: the target, or the place of its class. */
  readonly answers: readonly number[]
}

export function fitNeighbours(
  columns: readonly Float64Array[],
  answers: Float64Array,
  neighbours: number,
): Neighbours {
  const center = columns.map(mean)
  // A constant column says nothing of what is near.
  const scale = columns.map((column, place) => deviation(column, center[place] ?? 0) || 1)
  const points = scaled(columns, center, scale).map((column) => [...column])
  return { neighbours, center, scale, points, answers: [...answers] }
}

/**
 * For each row, the answers of the nearest training rows by Euclidean distance; of two as near, the
 * earlier one.
 */
export function nearest(
  model: Neighbours,
  columns: readonly Float64Array[],
  n: number,
): number[][] {
  const queries = scaled(columns, model.center, model.scale)
  const count = model.answers.length
  const points = model.points.map((column) => Float64Array.from(column))
  const distances = new Float64Array(count)
  return Array.from({ length: n }, (_, row) => {
    distances.fill(0)
    for (const [place, column] of points.entries()) {
      const value = queries[place]?.[row] ?? 0
      for (let other = 0; other < count; other++) {
        const away = value - (column[other] ?? 0)
        distances[other] = (distances[other] ?? 0) + away * away
      }
    }
    return closest(distances, model.neighbours).map((other) => model.answers[other] ?? 0)
  })
}

export function problemOfNeighbours(
  { neighbours, center, scale, points, answers }: Partial<Record<keyof Neighbours, unknown>>,
  features: number,
): string | undefined {
  const isList = (list: unknown, length: number): boolean =>
    Array.isArray(list) && list.length === length && list.every(Number.isFinite)
  if (!isList(center, features) || !isList(scale, features) || !Array.isArray(answers)) {
    return 'its scales are not lists of numbers'
  }
  const count = answers.length
  if ((scale as number[]).includes(0)) return 'one of its scales is 0'
  if (!Array.isArray(points) || points.length !== features) return 'its points lack a feature'
  if (![...points, answers].every((column) => isList(column, count))) {
    return 'its points are not lists of numbers of one length'
  }
  const asked = Number.isInteger(neighbours) && Number(neighbours) >= 1
  return asked && Number(neighbours) <= count ? undefined : 'it asks more neighbours than it has'
}

/** The columns as distances are measured on them. */
export function scaled(
  columns: readonly Float64Array[],
  center: readonly number[],
  scale: readonly number[],
): Float64Array[] {
  return columns.map((column, place) =>
    column.map((value) => (value - (center[place] ?? 0)) / (scale[place] ?? 1)),
  )
}

/** The places of the smallest, in ascending order of value, then of place. */
function closest(distances: Float64Array, count: number): number[] {
  const found: number[] = []
  let worst = Infinity
  for (let place = 0; place < distances.length; place++) {
    const distance = distances[place] ?? Infinity
    if (found.length === count && distance >= worst) continue
    let at = found.length
    while (at > 0 && (distances[found[at - 1] ?? 0] ?? 0) > distance) at--
    found.splice(at, 0, place)
    if (found.length > count) found.pop()
    worst = distances[found.at(-1) ?? 0] ?? Infinity
  }
  return found
}
