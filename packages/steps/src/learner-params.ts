import type { BoostingOptions, ForestOptions } from './learners/trees.ts'
import type { ParamReader } from './params.ts'

/** One tree of decisions. */
export interface TreeParams {
  /**
   * Most splits from the root to a leaf: a whole number from 1 to 64.
   * @default 6
   */
  readonly depth?: number
  /**
   * Fewest training rows in a leaf: a whole number from 1 up.
   * @default 5
   */
  readonly leaf?: number
}

/** Trees on rows drawn at random, whose answers are averaged. */
export interface ForestParams {
  /**
   * Whole number from 1 to 2000.
   * @default 100
   */
  readonly trees?: number
  /**
   * As in `TreeParams`.
   * @default 16
   */
  readonly depth?: number
  /**
   * As in `TreeParams`.
   * @default 5
   */
  readonly leaf?: number
  /**
   * How many features are drawn for each split: a whole number from 1 up.
   * @default a third of them for a regression, the square root of their number for classes
   */
  readonly tried?: number
  /** Whole number: what is drawn at random. */
  readonly seed: number
}

/** Small trees, each of which learns what those before it left. */
export interface BoostingParams {
  /**
   * How many times a tree is added: a whole number from 1 to 5000.
   * @default 100
   */
  readonly rounds?: number
  /**
   * How much of each tree is added, above 0 and at most 1.
   * @default 0.1
   */
  readonly rate?: number
  /**
   * As in `TreeParams`.
   * @default 3
   */
  readonly depth?: number
  /**
   * As in `TreeParams`.
   * @default 5
   */
  readonly leaf?: number
  /**
   * Share of the rows that each tree sees, drawn anew; below 1 it needs a `seed`.
   * @default 1
   */
  readonly share?: number
  /** Whole number: what is drawn at random. */
  readonly seed?: number
}

/** The most alike training rows; the model holds all of them. */
export interface NeighboursParams {
  /**
   * How many: a whole number from 1 up.
   * @default 5
   */
  readonly neighbours?: number
}

/** Every param of a learner, by kind without `Classifier`. */
export const LEARNER_PARAMS: Readonly<
  Record<'tree' | 'forest' | 'boosting' | 'neighbours', readonly string[]>
> = {
  tree: ['depth', 'leaf'],
  forest: ['trees', 'depth', 'leaf', 'tried', 'seed'],
  boosting: ['rounds', 'rate', 'depth', 'leaf', 'share', 'seed'],
  neighbours: ['neighbours'],
}

const MAX_DEPTH = 64

export function treeOptions(params: ParamReader): { depth: number; leaf: number } {
  return { depth: depthOf(params, 6), leaf: leafOf(params) }
}

/** @param tried the default */
export function forestOptions(params: ParamReader, features: number, tried: number): ForestOptions {
  return {
    trees: params.number('trees', { min: 1, max: 2000, integer: true }, 100),
    depth: depthOf(params, 16),
    leaf: leafOf(params),
    tried: params.number('tried', { min: 1, max: features, integer: true }, tried),
    seed: params.number('seed', { integer: true }),
  }
}

export function boostingOptions(params: ParamReader): BoostingOptions {
  const share = params.number('share', { above: 0, max: 1 }, 1)
  return {
    rounds: params.number('rounds', { min: 1, max: 5000, integer: true }, 100),
    rate: params.number('rate', { above: 0, max: 1 }, 0.1),
    depth: depthOf(params, 3),
    leaf: leafOf(params),
    share,
    // With all of the rows nothing is drawn, so the seed means nothing.
    seed:
      share === 1
        ? params.number('seed', { integer: true }, 0)
        : params.number('seed', { integer: true }),
  }
}

export function neighboursOf(params: ParamReader, rows: number): number {
  return params.number('neighbours', { min: 1, max: rows, integer: true }, Math.min(5, rows))
}

/** Refuses params that belong to other kinds. */
export function refuseOthers(
  params: ParamReader,
  kind: string,
  all: readonly string[],
  own: readonly string[],
): void {
  for (const name of all) {
    if (params.has(name) && !own.includes(name)) params.refuse(name, `absent for the kind ${kind}`)
  }
}

function depthOf(params: ParamReader, fallback: number): number {
  return params.number('depth', { min: 1, max: MAX_DEPTH, integer: true }, fallback)
}

function leafOf(params: ParamReader): number {
  return params.number('leaf', { min: 1, integer: true }, 5)
}
