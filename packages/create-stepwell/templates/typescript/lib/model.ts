import type { House } from './rows.ts'

/** price = intercept + slope * area */
export interface Line {
  readonly intercept: number
  readonly slope: number
}

/** Least squares. */
export function fit(houses: readonly House[]): Line {
  const area = mean(houses.map((house) => house.area))
  const price = mean(houses.map((house) => house.price))
  const along = houses.map((house) => (house.area - area) * (house.price - price))
  const across = houses.map((house) => (house.area - area) ** 2)
  const slope = sum(along) / sum(across)
  return { slope, intercept: price - slope * area }
}

export function predict({ intercept, slope }: Line, area: number): number {
  return intercept + slope * area
}

/** The share of the variance that the line explains, and the mean error. */
export function score(line: Line, houses: readonly House[]): { r2: number; mae: number } {
  const average = mean(houses.map(({ price }) => price))
  const errors = houses.map(({ area, price }) => price - predict(line, area))
  const spread = houses.map(({ price }) => (price - average) ** 2)
  return {
    r2: 1 - sum(errors.map((error) => error ** 2)) / sum(spread),
    mae: mean(errors.map((error) => Math.abs(error))),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

function mean(numbers: readonly number[]): number {
  return sum(numbers) / numbers.length
}
