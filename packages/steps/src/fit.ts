import {
  ExponentialRegression,
  KernelRidgeRegression,
  MultivariateLinearRegression,
  PolynomialRegression,
  PowerRegression,
  SimpleLinearRegression,
  TheilSenRegression,
} from 'ml-regression'
import type { Kernel } from './learners/kernel.ts'
import { scaled } from './learners/neighbours.ts'
import { deviation, mean } from './summary.ts'

/** y = intercept + slope x, on the scale on which the kind of fit is a line. */
export interface Line {
  readonly intercept: number
  readonly slope: number
}

/** y = intercept + the sum of coefficient x column. */
export interface Plane {
  readonly intercept: number
  readonly coefficients: readonly number[]
  /** The columns left out, with coefficient 0: constant, or the others already say what they say. */
  readonly redundant: readonly number[]
}

/** y = the sum of coefficients[k] z^k, where z = (x - center) / scale. */
export interface Polynomial {
  readonly center: number
  readonly scale: number
  readonly coefficients: readonly number[]
}

// A column is redundant when less variance than this is left once the columns before it have explained
// what they can; for columns of variance 1 it is a share.
const TOLERANCE = 1e-10

/**
 * Least squares of y on several columns, with an intercept. The library solves the normal equations,
 * whose condition number is the square of the design's, so it gets centred columns of equal spread and
 * no redundant ones; the coefficients come back on the original scale. Redundant columns are those
 * that a Cholesky factorisation of the correlation matrix meets with a pivot of next to nothing, in
 * the order given; their coefficient is 0, as if they were not there.
 *
 * Sources: Å. Björck, Numerical Methods for Least Squares Problems, SIAM 1996, sections 2.2 (normal
 * equations) and 2.8 (column scaling).
 */
export function fitPlane(columns: readonly Float64Array[], y: Float64Array): Plane {
  const spreads = columns.map(spread)
  const kept = independent(columns.map(standardise))
  const [yCenter, ySpread] = spread(y)
  const yScale = isConstant(y) ? 1 : ySpread

  const coefficients = columns.map(() => 0)
  if (kept.length > 0) {
    const design = Array.from(y, (_, row) => kept.map(({ column }) => column[row] ?? 0))
    const response = Array.from(y, (value) => [(value - yCenter) / yScale])
    const options = { intercept: false, statistics: false }
    const { weights } = new MultivariateLinearRegression(design, response, options)
    for (const [place, { index }] of kept.entries()) {
      const [, scale] = spreads[index] ?? [0, 1]
      // Adding 0 makes a negative zero a plain one.
      coefficients[index] = ((weights[place]?.[0] ?? 0) * yScale) / scale + 0
    }
  }
  let intercept = yCenter
  for (const [index, coefficient] of coefficients.entries()) {
    intercept -= coefficient * (spreads[index]?.[0] ?? 0)
  }
  const used = new Set(kept.map(({ index }) => index))
  const redundant = columns.map((_, index) => index).filter((index) => !used.has(index))
  return { intercept, coefficients, redundant }
}

/** Least squares of y on x, which must not be constant. */
export function fitLine(x: Float64Array, y: Float64Array): Line {
  const [center, scale] = spread(x)
  const fit = new SimpleLinearRegression(standardised(x, center, scale), y)
  return lineOf(fit.slope, fit.intercept, center, scale)
}

/**
 * The line through the median of the slopes between all pairs of points, which outliers hardly move.
 * Of an even number of values the library takes the lower middle one. x must not be constant.
 *
 * Source: H. Theil 1950; P. K. Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau",
 * JASA 63(324), 1968.
 */
export function fitTheilSen(x: Float64Array, y: Float64Array): Line {
  const { slope, intercept } = new TheilSenRegression(x, y)
  return { slope, intercept }
}

/** ln y = intercept + slope x by least squares of ln y. y must be positive, x not constant. */
export function fitExponential(x: Float64Array, y: Float64Array): Line {
  const [center, scale] = spread(x)
  const fit = new ExponentialRegression(standardised(x, center, scale), y)
  return lineOf(fit.A, Math.log(fit.B), center, scale)
}

/** ln y = intercept + slope ln x by least squares of ln y. x and y must be positive, x not constant. */
export function fitPower(x: Float64Array, y: Float64Array): Line {
  const center = mean(x.map(Math.log))
  const unit = Math.exp(center)
  const fit = new PowerRegression(
    x.map((value) => value / unit),
    y,
  )
  return lineOf(fit.B, Math.log(fit.A), center, 1)
}

/**
 * Least squares of y on the powers of x up to the degree. x is mapped to -1..1, where powers are least
 * alike, and the coefficients stay on that scale: expanded to powers of x itself they would cancel.
 * `undefined` when x takes too few distinct values for the degree, or some that hardly differ.
 */
export function fitPolynomial(
  x: Float64Array,
  y: Float64Array,
  degree: number,
): Polynomial | undefined {
  const [low, high] = extremes(x)
  const center = low + (high - low) / 2
  const scale = (high - low) / 2
  const z = standardised(x, center, scale)
  const powers = Array.from({ length: degree }, (_, index) => {
    const power = z.map((value) => value ** (index + 1))
    return isConstant(power) ? undefined : standardised(power, mean(power), 1)
  })
  if (independent(powers).length < degree) return undefined
  const fit = new PolynomialRegression(z, y, degree)
  return { center, scale, coefficients: [...fit.coefficients] }
}

/**
 * Ridge regression on Gaussian bells around the rows, of features scaled to mean 0 and deviation 1 and
 * a target around 0.
 *
 * Source: K. P. Murphy, Machine Learning: A Probabilistic Perspective, 2012, section 14.4.3.
 */
export function fitKernelRidge(
  columns: readonly Float64Array[],
  y: Float64Array,
  { penalty, width }: { readonly penalty: number; readonly width: number },
): Kernel {
  const center = columns.map(mean)
  const scale = columns.map((column, place) => deviation(column, center[place] ?? 0) || 1)
  const points = scaled(columns, center, scale)
  const rows = Array.from(y, (_, row) => points.map((column) => column[row] ?? 0))
  const base = mean(y)
  const options = {
    lambda: penalty,
    kernelType: 'gaussian',
    kernelOptions: { sigma: width },
  } as const
  const around = Array.from(y, (value) => [value - base])
  const weights = new KernelRidgeRegression(rows, around, options).alpha.to1DArray()
  return { base, width, weights, center, scale, points: points.map((column) => [...column]) }
}

/** Whether all the values are the same. */
export function isConstant(column: Float64Array): boolean {
  const [low, high] = extremes(column)
  return low === high
}

interface Kept {
  readonly index: number
  readonly column: Float64Array
}

/** The columns, of mean 0, that are not redundant; one that is `undefined` is. */
function independent(columns: readonly (Float64Array | undefined)[]): Kept[] {
  const kept: Kept[] = []
  const factor: number[][] = []
  for (const [index, column] of columns.entries()) {
    if (column === undefined) continue
    const row: number[] = []
    let pivot = product(column, column)
    for (const [place, earlier] of kept.entries()) {
      let rest = product(column, earlier.column)
      const above = factor[place] ?? []
      for (let k = 0; k < place; k++) rest -= (row[k] ?? 0) * (above[k] ?? 0)
      const entry = rest / (above[place] ?? 1)
      row.push(entry)
      pivot -= entry * entry
    }
    if (pivot < TOLERANCE) continue
    row.push(Math.sqrt(pivot))
    factor.push(row)
    kept.push({ index, column })
  }
  return kept
}

/** The mean product of two columns. */
function product(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let row = 0; row < a.length; row++) sum += (a[row] ?? 0) * (b[row] ?? 0)
  return sum / a.length
}

function lineOf(slope: number, intercept: number, center: number, scale: number): Line {
  const original = slope / scale + 0
  return { slope: original, intercept: intercept - original * center }
}

/** Of a constant exactly the constant itself, which a mean may miss by rounding, and 0. */
function spread(x: Float64Array): [center: number, scale: number] {
  if (isConstant(x)) return [x[0] ?? 0, 0]
  const center = mean(x)
  return [center, deviation(x, center)]
}

/** Mean 0 and deviation 1; `undefined` for a constant. */
function standardise(column: Float64Array): Float64Array | undefined {
  return isConstant(column) ? undefined : standardised(column, ...spread(column))
}

function standardised(x: Float64Array, center: number, scale: number): Float64Array {
  return x.map((value) => (value - center) / scale)
}

function extremes(x: Float64Array): [low: number, high: number] {
  let low = Infinity
  let high = -Infinity
  for (const value of x) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}
