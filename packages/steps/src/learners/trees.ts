import { createRandom, type Random } from '../random.ts'
import { mean } from '../summary.ts'
import { growTree, orderColumns, type GrowOptions } from './grow-tree.ts'
import { leafOf, problemOfTree, type Tree } from './tree.ts'

/**
 * Trees whose answers are added: an output is its `base` + `rate` times the sum of what the trees say
 * of it. Where there are `classes`, the outputs of `boosting` are the logarithms of odds; else they are
 * numbers, or shares of classes.
 */
export interface Trees {
  readonly base: readonly number[]
  readonly rate: number
  /** Each with as many outputs as `outputs`. */
  readonly trees: readonly Tree[]
  /** Numbers in a leaf. */
  readonly outputs: number
  /** For each feature: its share in what the splits explain, from 0 to 1. */
  readonly importance: readonly number[]
}

export interface ForestOptions {
  readonly trees: number
  readonly depth: number
  readonly leaf: number
  /** Features tried for each split. */
  readonly tried: number
  readonly seed: number
}

export interface BoostingOptions {
  readonly rounds: number
  readonly rate: number
  readonly depth: number
  readonly leaf: number
  /** Share of the rows that each tree sees, above 0 and at most 1. */
  readonly share: number
  readonly seed: number
}

/** One tree on all rows. */
export function fitTree(
  columns: readonly Float64Array[],
  outputs: readonly Float64Array[],
  options: Pick<GrowOptions, 'depth' | 'leaf'>,
): Trees {
  const rows = Uint32Array.from({ length: outputs[0]?.length ?? 0 }, (_, row) => row)
  const all = { ...options, tried: columns.length }
  const { tree, gains } = growTree(orderColumns(columns), outputs, rows, all)
  const base = outputs.map(() => 0)
  return { base, rate: 1, trees: [tree], outputs: outputs.length, importance: sharesOf([gains]) }
}

/**
 * Trees on rows drawn with replacement, each split chosen among features drawn anew; the answer is
 * their mean.
 *
 * Source: L. Breiman, "Random Forests", Machine Learning 45, 2001.
 */
export function fitForest(
  columns: readonly Float64Array[],
  outputs: readonly Float64Array[],
  { trees: count, seed, ...options }: ForestOptions,
  checkpoint: () => void,
): Trees {
  const n = outputs[0]?.length ?? 0
  const ordered = orderColumns(columns)
  const random = createRandom(seed)
  const grown = Array.from({ length: count }, () => {
    checkpoint()
    const rows = Uint32Array.from({ length: n }, () => random.below(n)).toSorted()
    const limits = options.tried < columns.length ? { ...options, random } : options
    return growTree(ordered, outputs, rows, limits)
  })
  return {
    base: outputs.map(() => 0),
    rate: 1 / count,
    trees: grown.map(({ tree }) => tree),
    outputs: outputs.length,
    importance: sharesOf(grown.map(({ gains }) => gains)),
  }
}

/**
 * Gradient boosting of the squared error: each tree is grown on what those before it leave.
 *
 * Source: J. Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", Annals of
 * Statistics 29(5), 2001; "Stochastic Gradient Boosting", 2002, for the share of rows.
 */
export function fitBoosting(
  columns: readonly Float64Array[],
  y: Float64Array,
  options: BoostingOptions,
  checkpoint: () => void,
): Trees {
  const base = mean(y)
  const scores = new Float64Array(y.length).fill(base)
  return boost(columns, [scores], [base], options, checkpoint, () => ({
    residuals: [y.map((value, row) => value - (scores[row] ?? 0))],
    leafOf: undefined,
  }))
}

/**
 * Gradient boosting of the log loss. Two classes have one output, the log odds of the second; more have
 * one each. A leaf takes one step of Newton's method, as in Friedman 2001, algorithms 5 and 6.
 *
 * @param indicators for each class: 1 in its rows, else 0
 */
export function fitBoostingClassifier(
  columns: readonly Float64Array[],
  indicators: readonly Float64Array[],
  options: BoostingOptions,
  checkpoint: () => void,
): Trees {
  const shares = indicators.map(mean)
  const two = indicators.length === 2
  const [share = 0] = shares.slice(1)
  const base = two ? [Math.log(share / (1 - share))] : shares.map(Math.log)
  const targets = two ? indicators.slice(1) : indicators
  const n = indicators[0]?.length ?? 0
  const scores = base.map((start) => new Float64Array(n).fill(start))
  const factor = two ? 1 : (indicators.length - 1) / indicators.length
  return boost(columns, scores, base, options, checkpoint, () => {
    const odds = two
      ? [scores[0]?.map((score) => 1 / (1 + Math.exp(-score))) ?? new Float64Array()]
      : softmax(scores)
    const residuals = targets.map((target, output) =>
      target.map((value, row) => value - (odds[output]?.[row] ?? 0)),
    )
    return {
      residuals,
      leafOf: (output: number, rows: Uint32Array) => {
        let above = 0
        let below = 0
        for (const row of rows) {
          const p = odds[output]?.[row] ?? 0
          above += residuals[output]?.[row] ?? 0
          below += p * (1 - p)
        }
        return below < 1e-150 ? 0 : (factor * above) / below
      },
    }
  })
}

/** For each output, the probability: columns of the same length. */
export function softmax(scores: readonly Float64Array[]): Float64Array[] {
  const n = scores[0]?.length ?? 0
  const result = scores.map(() => new Float64Array(n))
  for (let row = 0; row < n; row++) {
    // Taking the largest off keeps the exponentials finite, and changes nothing else.
    let top = -Infinity
    for (const column of scores) top = Math.max(top, column[row] ?? 0)
    let sum = 0
    for (const [output, column] of scores.entries()) {
      const value = Math.exp((column[row] ?? 0) - top)
      sum += value
      const target = result[output]
      if (target !== undefined) target[row] = value
    }
    for (const column of result) column[row] = (column[row] ?? 0) / sum
  }
  return result
}

/** The sums of the trees for each output, in the order of the rows. */
export function sumTrees(
  { base, rate, trees, outputs }: Trees,
  columns: readonly Float64Array[],
  n: number,
): Float64Array[] {
  const result = base.map((start) => new Float64Array(n).fill(start))
  // Trees of one output take turns where there are several.
  const turns = outputs === 1 ? base.length : 1
  for (const [place, tree] of trees.entries()) {
    for (let row = 0; row < n; row++) {
      const leaf = leafOf(tree, columns, row, outputs)
      for (let output = 0; output < outputs; output++) {
        const column = result[turns === 1 ? output : place % turns]
        if (column !== undefined) {
          column[row] = (column[row] ?? 0) + rate * (tree.values[leaf + output] ?? 0)
        }
      }
    }
  }
  return result
}

export function problemOfTrees(
  value: Partial<Record<keyof Trees, unknown>>,
  features: number,
): string | undefined {
  const { base, rate, trees, outputs } = value
  if (!Array.isArray(base) || base.length === 0 || !base.every(Number.isFinite)) {
    return 'its base is not a list of numbers'
  }
  if (!Number.isFinite(rate)) return 'its rate is not a number'
  if (outputs !== 1 && outputs !== base.length) return 'its outputs are not those of its base'
  if (!Array.isArray(trees) || trees.length === 0) return 'it has no trees'
  for (const tree of trees as unknown[]) {
    const problem = problemOfTree(tree, features, outputs)
    if (problem !== undefined) return problem
  }
  return undefined
}

interface Round {
  readonly residuals: readonly Float64Array[]
  readonly leafOf: ((output: number, rows: Uint32Array) => number) | undefined
}

/** Grows one tree for each output and round, and adds what it says to the scores. */
function boost(
  columns: readonly Float64Array[],
  scores: readonly Float64Array[],
  base: readonly number[],
  { rounds, rate, share, seed, ...limits }: BoostingOptions,
  checkpoint: () => void,
  round: () => Round,
): Trees {
  const n = scores[0]?.length ?? 0
  const ordered = orderColumns(columns)
  const random = createRandom(seed)
  const trees: Tree[] = []
  const allGains: Float64Array[] = []
  const options = { ...limits, tried: columns.length }
  for (let turn = 0; turn < rounds; turn++) {
    checkpoint()
    const { residuals, leafOf: leafValue } = round()
    const rows = share === 1 ? undefined : drawn(n, share, random)
    for (const [output, residual] of residuals.entries()) {
      const { tree, gains } = growTree(
        ordered,
        [residual],
        rows ?? Uint32Array.from({ length: n }, (_, row) => row),
        options,
        leafValue === undefined ? undefined : (leaf) => [leafValue(output, leaf)],
      )
      trees.push(tree)
      allGains.push(gains)
      const column = scores[output]
      if (column === undefined) continue
      for (let row = 0; row < n; row++) {
        column[row] = (column[row] ?? 0) + rate * (tree.values[leafOf(tree, columns, row, 1)] ?? 0)
      }
    }
  }
  // Later trees have less to explain, and count for less.
  const total = columns.map((_, place) =>
    allGains.reduce((before, gains) => before + (gains[place] ?? 0), 0),
  )
  return {
    base: [...base],
    rate,
    trees,
    outputs: 1,
    importance: sharesOf([Float64Array.from(total)]),
  }
}

/** Some of the rows, without replacement, in their order. */
function drawn(n: number, share: number, random: Random): Uint32Array {
  const count = Math.max(1, Math.floor(share * n))
  const chosen = new Uint32Array(count)
  // Selection sampling: Knuth, The Art of Computer Programming, volume 2, section 3.4.2, algorithm S.
  let taken = 0
  for (let row = 0; taken < count; row++) {
    if (random.below(n - row) < count - taken) chosen[taken++] = row
  }
  return chosen
}

/** The mean over some trees of each feature's share in a tree's gains. */
function sharesOf(all: readonly Float64Array[]): number[] {
  const [first = new Float64Array()] = all
  const totals = all.map((gains) => gains.reduce((before, gain) => before + gain, 0))
  const shares = [...first].map((_, place) =>
    all.reduce((before, gains, tree) => before + (gains[place] ?? 0) / (totals[tree] || 1), 0),
  )
  const whole = shares.reduce((before, share) => before + share, 0)
  return shares.map((share) => share / (whole || 1))
}
