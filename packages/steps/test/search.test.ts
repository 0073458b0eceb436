import { openEngine, pipeline, step } from '@stepwell/engine'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { foldsOf } from '../src/folds.ts'
import {
  pickBest,
  planTrials,
  scoreTrial,
  trainCandidate,
  type PickBestParams,
  type PlanTrialsParams,
  type Row,
  type TrialScore,
} from '../src/index.ts'
import { contextOf, errorOf, projectDir } from './support.ts'

describe('folds', () => {
  test('have every row once, and sizes that differ by one at most', () => {
    const places = foldsOf(23, 5, 1)
    const sizes = [0, 1, 2, 3, 4].map((fold) => places.filter((place) => place === fold).length)
    expect(sizes.toSorted((a, b) => a - b)).toEqual([4, 4, 5, 5, 5])
    expect(foldsOf(23, 5, 1)).toEqual(places)
    expect(foldsOf(23, 5, 2)).not.toEqual(places)
  })

  test('with strata have their share of each', () => {
    const strata = Uint32Array.from({ length: 40 }, (_, row) => (row % 4 === 0 ? 1 : 0))
    const places = foldsOf(40, 5, 3, strata)
    for (const fold of [0, 1, 2, 3, 4]) {
      const own = strata.filter((_, row) => places[row] === fold)
      expect([own.length, own.filter((stratum) => stratum === 1).length]).toEqual([8, 2])
    }
  })

  test('are no more than rows', () => {
    expect(errorOf(() => foldsOf(4, 5, 1)).code).toBe('STEPWELL_ROWS_TOO_FEW')
  })
})

const base = { features: ['a', 'b', 'c'], target: 'y', seed: 1 }
const plan = (params: Partial<PlanTrialsParams>) =>
  planTrials({}, contextOf({ ...base, candidates: [], ...params }))

describe('planTrials', () => {
  test('combines lists, each candidate once', () => {
    const trials = plan({
      folds: 2,
      candidates: [
        { kind: 'linear' },
        { kind: 'tree', depth: [2, 3], leaf: [1, 5] },
        { leaf: 5, depth: 3, kind: 'tree' },
      ],
    })
    expect(trials).toHaveLength(10)
    expect(trials.filter(({ fold }) => fold === 0).map(({ candidate }) => candidate)).toEqual([
      { features: base.features, target: 'y', kind: 'linear' },
      ...[2, 3].flatMap((depth) =>
        [1, 5].map((leaf) => ({ features: base.features, target: 'y', kind: 'tree', depth, leaf })),
      ),
    ])
  })

  test('draws some, the same for the same seed', () => {
    const depths = Array.from({ length: 20 }, (_, place) => place + 1)
    const drawn = (seed: number) =>
      plan({ candidates: [{ kind: 'tree', depth: depths }], draw: 4, folds: 2, seed })
        .filter(({ fold }) => fold === 0)
        .map(({ candidate }) => ('depth' in candidate ? (candidate.depth ?? 0) : 0))
    expect(drawn(1)).toHaveLength(4)
    expect(drawn(1)).toEqual(drawn(1).toSorted((a, b) => a - b))
    expect(drawn(1)).toEqual(drawn(1))
    expect(drawn(1)).not.toEqual(drawn(2))
  })

  test.each([[{ candidates: [] }], [{ folds: 1 }], [{ draw: 3 }]])('refuses %o', (params) => {
    const planned = () => plan({ candidates: [{ kind: 'linear' }], ...params })
    expect(errorOf(planned).code).toBe('STEPWELL_PARAM_INVALID')
  })
})

describe('pickBest', () => {
  const score = (depth: number, fold: number, value: number): TrialScore => ({
    candidate: { kind: 'tree', features: ['a'], target: 'y', depth },
    fold,
    metrics: { rmse: value, other: 1 },
  })
  const pick = (scores: TrialScore[], params: Partial<PickBestParams> = {}) =>
    pickBest({ scores }, contextOf({ metric: 'rmse', better: 'lower', ...params }))

  test('by the mean; of equal ones the first declared', () => {
    const scores = [score(1, 0, 3), score(1, 1, 1), score(2, 0, 2), score(2, 1, 2), score(3, 0, 4)]
    expect(pick(scores).candidate).toMatchObject({ depth: 1 })
    expect(pick(scores.toReversed()).candidate).toMatchObject({ depth: 2 })
    expect(pick(scores, { better: 'higher' }).candidate).toMatchObject({ depth: 3 })
    expect(pick(scores).candidates[0]).toMatchObject({ mean: 2, deviation: 1, folds: [3, 1] })
  })

  test('never one without a number', () => {
    const scores = [score(1, 0, Number.NaN), score(2, 0, 9)]
    expect(pick(scores).candidate).toMatchObject({ depth: 2 })
    const none = () => pick(scores.slice(0, 1))
    expect(errorOf(none).code).toBe('STEPWELL_SEARCH_UNDECIDED')
    expect(errorOf(() => pick(scores, { metric: 'r2' })).code).toBe('STEPWELL_METRIC_UNKNOWN')
  })
})

test('in a run, one candidate more is one candidate run, and nothing else', async () => {
  // Read here: a step of a module that reads while it is loaded is never cached.
  const { rows } = JSON.parse(
    readFileSync(new URL('data/sklearn/fixtures.json', import.meta.url), 'utf8'),
  ) as { rows: Row[] }
  const collect = step({ params: { rows }, run: take })
  const search = (depths: readonly number[]) => {
    const plans = step({
      params: { ...base, folds: 3, candidates: [{ kind: 'tree', depth: depths }] } as const,
      run: planTrials,
    })
    const scores = step.map({ over: plans, inputs: { rows: collect }, run: scoreTrial })
    const best = step({
      inputs: { scores },
      params: { metric: 'rmse', better: 'lower' } as const,
      run: pickBest,
    })
    const train = step({
      inputs: { candidate: best.pick('candidate'), rows: collect },
      run: trainCandidate,
    })
    return pipeline('search', { collect, plans, scores, best, train })
  }
  await using engine = await openEngine({ dir: projectDir() })
  const executed = async (depths: readonly number[]) => {
    const { steps } = await engine.run(search(depths)).result
    const items = steps['scores']?.items
    return { items, train: steps['train']?.status }
  }
  const first = await executed([1, 4])
  expect(first.items).toMatchObject({ total: 6, executed: 6 })
  expect(first.train).toBe('succeeded')
  // A worse candidate: the search changes, what is trained does not.
  const second = await executed([1, 4, 2])
  expect(second.items).toMatchObject({ total: 9, executed: 3 })
  expect(second.train).toBe('cached')
  expect((await executed([4, 1])).items).toMatchObject({ total: 6, executed: 0 })
})

function take(_: object, { params }: { readonly params: { readonly rows: Row[] } }): Row[] {
  return params.rows
}
