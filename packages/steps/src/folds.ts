import { StepwellError } from '@stepwell/engine/author'
import { createRandom, shuffledIndices } from './random.ts'

/**
 * For each row the fold in which it tests, from 0. The rows are shuffled and dealt out in turn, so that
 * sizes differ by one at most; with strata, stratum by stratum, so that each fold has its share of each.
 *
 * @param strata for each row its class
 * @throws StepwellError STEPWELL_ROWS_TOO_FEW for fewer rows than folds.
 */
export function foldsOf(
  count: number,
  folds: number,
  seed: number,
  strata?: Uint32Array,
): Uint32Array {
  if (count < folds) {
    throw new StepwellError({
      code: 'STEPWELL_ROWS_TOO_FEW',
      summary: 'too few rows to cross-validate',
      details: `${folds} folds need as many, there are ${count}`,
      hint: 'use more rows or fewer folds',
    })
  }
  const order = [...shuffledIndices(count, createRandom(seed))]
  // The sort is stable: within a stratum the rows stay shuffled.
  if (strata !== undefined) order.sort((a, b) => (strata[a] ?? 0) - (strata[b] ?? 0))
  const result = new Uint32Array(count)
  for (const [place, row] of order.entries()) result[row] = place % folds
  return result
}
