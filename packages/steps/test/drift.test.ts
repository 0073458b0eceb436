import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { driftOf, kolmogorovSmirnov, stabilityIndex } from '../src/drift.ts'
import { quantile } from '../src/summary.ts'
import { expectClose } from './support.ts'

const sorted = (...values: number[]): Float64Array => Float64Array.from(values).toSorted()
// Thousandths, so that doubling them is exact.
const thousandths = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.integer({ min: -5000, max: 5000 }).map((count) => count / 1000),
)
const sample = fc
  .array(thousandths, { minLength: 1, maxLength: 60 })
  .map((values) => sorted(...values))

describe('Kolmogorov-Smirnov', () => {
  test('known cases', () => {
    expect(kolmogorovSmirnov(sorted(1, 2, 3), sorted(1, 2, 3))).toBe(0)
    expect(kolmogorovSmirnov(sorted(1, 2), sorted(3, 4))).toBe(1)
    expect(kolmogorovSmirnov(sorted(1, 2, 3, 4), sorted(3, 4, 5, 6))).toBe(0.5)
    expect(kolmogorovSmirnov(sorted(0, 0, 0, 1), sorted(0, 1, 1, 1))).toBe(0.5)
  })

  test('law: it is the largest distance at any value, by the definition', () => {
    fc.assert(
      fc.property(sample, sample, (before, after) => {
        const share = (numbers: Float64Array, value: number): number =>
          numbers.filter((number) => number <= value).length / numbers.length
        const distances = [...before, ...after].map((value) =>
          Math.abs(share(before, value) - share(after, value)),
        )
        expectClose(kolmogorovSmirnov(before, after), Math.max(...distances), 1e-12)
      }),
    )
  })
})

describe('population stability index', () => {
  test('by hand: two bins, shares 1/2 and 1/2 against 1/4 and 3/4', () => {
    const expected = 0.25 * Math.log(0.5) * -1 + 0.25 * Math.log(1.5)
    // Few values: a bin each.
    expectClose(stabilityIndex(sorted(1, 2), sorted(1, 2, 2, 2), 2), expected, 1e-12)
    // Many values: bins between quantiles; here 4 rows before are cut at 2.5.
    expectClose(stabilityIndex(sorted(1, 2, 3, 4), sorted(0, 3, 9, 9), 2), expected, 1e-12)
  })

  test('a share of nothing counts as 0.0001', () => {
    const one = (1 - 1e-4) * Math.log(1 / 1e-4)
    expectClose(stabilityIndex(sorted(0, 0), sorted(1, 1), 10), 2 * one, 1e-12)
    // The same the other way round, though the new value is below.
    expectClose(stabilityIndex(sorted(1, 1), sorted(0, 0), 10), 2 * one, 1e-12)
  })

  test('laws: never negative, 0 against itself, independent of scale', () => {
    fc.assert(
      fc.property(sample, sample, fc.integer({ min: 2, max: 20 }), (before, after, bins) => {
        expect(stabilityIndex(before, after, bins)).toBeGreaterThanOrEqual(0)
        expect(stabilityIndex(before, before, bins)).toBe(0)
        const doubled = stabilityIndex(
          before.map((value) => value * 2),
          after.map((value) => value * 2),
          bins,
        )
        expectClose(doubled, stabilityIndex(before, after, bins), 1e-12)
      }),
    )
  })

  test('a normal shift of one deviation is near its divergence of 1', () => {
    // Quantiles of the normal distribution through the logistic approximation are near enough here.
    const before = Float64Array.from({ length: 20_000 }, (_, index) => {
      const share = (index + 0.5) / 20_000
      return Math.log(share / (1 - share)) / 1.702
    })
    const { psi, ks } = driftOf(
      before,
      before.map((value) => value + 1),
      20,
    )
    expect(psi).toBeGreaterThan(0.75)
    expect(psi).toBeLessThan(1.05)
    // The distance of two normal distributions one deviation apart: 2 Phi(1/2) - 1 = 0.383.
    expect(Math.abs(ks - 0.383)).toBeLessThan(0.02)
  })
})

test('quantiles are those of NumPy by default', () => {
  const numbers = sorted(1, 2, 4, 8)
  expect([0, 0.25, 0.5, 0.75, 1].map((share) => quantile(numbers, share))).toEqual([
    1, 1.75, 3, 5, 8,
  ])
  expect(quantile(sorted(7), 0.3)).toBe(7)
})
