import { digestValue } from '@stepwell/engine/author'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { scoreClassification } from '../src/classification-metrics.ts'
import { probabilitiesOf } from '../src/classifier.ts'
import {
  evaluateModel,
  metricGate,
  importanceOf,
  loadModel,
  trainClassifier,
  trainRegression,
  type MetricGateParams,
  type Model,
  type Row,
  type TrainClassifierParams,
  type TrainRegressionParams,
} from '../src/index.ts'
import { contextOf, errorOf, rejectionOf } from './support.ts'

interface Scores {
  readonly [name: string]: number | number[][]
  readonly confusion: number[][]
  readonly perClass: number[][]
}

interface Fixtures {
  readonly rows: readonly Row[]
  readonly regression: Readonly<
    Record<string, Record<string, number> & { predictions: number[]; importance: number[] | null }>
  >
  readonly classification: Readonly<
    Record<string, Record<'two' | 'three', { probabilities: number[][]; scores: Scores }>>
  >
  readonly given: { actual: number[]; probabilities: number[][]; scores: Scores }
  readonly givenTwo: { actual: number[]; second: number[]; scores: Scores }
}

const { rows, regression, classification, given, givenTwo } = JSON.parse(
  readFileSync(new URL('data/sklearn/fixtures.json', import.meta.url), 'utf8'),
) as Fixtures
const train = rows.filter((_, row) => row % 4 !== 3)
const rest = rows.filter((_, row) => row % 4 === 3)
const features = ['a', 'b', 'c']

const REGRESSIONS: Readonly<Record<string, TrainRegressionParams>> = {
  tree: { kind: 'tree', features, target: 'y', depth: 4 },
  boosting: { kind: 'boosting', features, target: 'y', rounds: 40, depth: 2 },
  neighbours: { kind: 'neighbours', features, target: 'y' },
  kernelRidge: { kind: 'kernelRidge', features, target: 'y', penalty: 0.2, width: 1.5 },
}
const FOREST = { kind: 'forest', features, target: 'y', trees: 30, seed: 7 } as const
const classifierParams = (kind: string, target: string): TrainClassifierParams => {
  const base = { features, target }
  switch (kind) {
    case 'logistic':
      return { kind, ...base }
    case 'naiveBayes':
      return { kind, ...base }
    case 'treeClassifier':
      return { kind, ...base, depth: 3 }
    case 'boostingClassifier':
      return { kind, ...base, rounds: 30, depth: 2 }
    case 'forestClassifier':
      return { kind, ...base, trees: 30, seed: 7 }
    default:
      return { kind: 'neighboursClassifier', ...base }
  }
}

function expectNear(found: ArrayLike<number>, expected: readonly number[], most = 1e-7): void {
  expect(found).toHaveLength(expected.length)
  for (const [place, value] of expected.entries()) {
    const off = Math.abs((found[place] ?? Number.NaN) - value)
    expect(off, `${place}: ${found[place]} for ${value}`).toBeLessThan(most)
  }
}

function expectScores(
  found: Readonly<Record<string, number>>,
  { perClass, ...expected }: Scores,
): void {
  const scores = Object.entries(expected).filter(([name]) => name !== 'confusion')
  expect(perClass).toHaveLength(4)
  expect(scores.every(([name]) => name in found)).toBe(true)
  for (const [name, value] of scores) {
    expect(Math.abs((found[name] ?? Number.NaN) - Number(value)), name).toBeLessThan(1e-7)
  }
}

describe('the numbers of scikit-learn', () => {
  test.each(Object.keys(regression))('%s', async (kind) => {
    const params = REGRESSIONS[kind]
    if (params === undefined) throw new Error(`no params of ${kind}`)
    const model = trainRegression({ rows: train }, contextOf(params))
    const expected = regression[kind]
    expectNear(loadModel(model).predict(rest), expected?.predictions ?? [])
    const { metrics } = await evaluateModel({ model, rows: rest }, contextOf({}))
    for (const name of ['r2', 'rmse', 'mae', 'mape']) {
      expectNear([metrics[name] ?? Number.NaN], [expected?.[name] ?? 0])
    }
    const importance = expected?.importance
    if (importance) expectNear(importanceOf(model) ?? [], importance)
  })

  const cases = Object.keys(classification).flatMap((kind) =>
    (['two', 'three'] as const).map((target) => [kind, target] as const),
  )
  test.each(cases)('%s of %s classes', async (kind, target) => {
    const model = trainClassifier({ rows: train }, contextOf(classifierParams(kind, target)))
    const expected = classification[kind]?.[target]
    const found = probabilitiesOf(model, rest)
    for (const row of rest.keys()) {
      expectNear(
        found.map((column) => column[row] ?? Number.NaN),
        expected?.probabilities[row] ?? [],
      )
    }
    const { metrics, confusion, classes } = await evaluateModel(
      { model, rows: rest },
      contextOf({}),
    )
    if (expected === undefined) throw new Error('no fixture')
    expectScores(metrics, expected.scores)
    expect(confusion).toEqual(expected.scores.confusion)
    expectNear(classes?.map(({ f1 }) => f1) ?? [], expected.scores.perClass[2] ?? [])
  })

  test('scores of given probabilities, with ties and a class that is hardly predicted', () => {
    const columns = [0, 1, 2, 3].map((place) =>
      Float64Array.from(given.probabilities, (row) => row[place] ?? 0),
    )
    const many = scoreClassification(Uint32Array.from(given.actual), columns)
    expectScores(many.metrics, given.scores)
    const second = Float64Array.from(givenTwo.second)
    const pair = [second.map((p) => 1 - p), second]
    const two = scoreClassification(Uint32Array.from(givenTwo.actual), pair)
    expectScores(two.metrics, givenTwo.scores)
    expect(two.confusion).toEqual(givenTwo.scores.confusion)
  })
})

const ALL: readonly (readonly [string, () => Model])[] = [
  ...Object.entries({ ...REGRESSIONS, forest: FOREST }).map(
    ([kind, params]) =>
      [
        kind,
        () => trainRegression({ rows: train }, contextOf<TrainRegressionParams>(params)),
      ] as const,
  ),
  ...[...Object.keys(classification), 'forestClassifier'].map(
    (kind) =>
      [
        kind,
        () => trainClassifier({ rows: train }, contextOf(classifierParams(kind, 'three'))),
      ] as const,
  ),
]

describe.each(ALL)('%s', (_, make) => {
  test('the same rows give the same model, which survives JSON', () => {
    const model = make()
    expect(digestValue(make())).toBe(digestValue(model))
    const read = JSON.parse(JSON.stringify(model)) as Model
    expect(read).toEqual(model)
    expect(loadModel(read).predict(rest)).toEqual(loadModel(model).predict(rest))
  })

  test('a damaged model is refused, not walked', () => {
    const model = make()
    for (const [name, value] of Object.entries(model)) {
      if (['rows', 'residuals', 'importance', 'neighbours'].includes(name)) continue
      for (const broken of [undefined, null, [], {}, [null], 'x', [{ feature: [0] }]]) {
        if (name === 'target' && broken === 'x') continue
        const damaged = { ...model, [name]: broken } as unknown as Model
        expect(errorOf(() => loadModel(damaged)).code, name).toBe('STEPWELL_MODEL_INVALID')
      }
      if (!Array.isArray(value) || name === 'features') continue
      const short = { ...model, [name]: value.slice(1) } as unknown as Model
      if (name === 'trees' && value.length > 1) continue
      expect(errorOf(() => loadModel(short)).code, name).toBe('STEPWELL_MODEL_INVALID')
    }
  })
})

test('a tree whose nodes lead back is refused', () => {
  const model = trainRegression({ rows: train }, contextOf(REGRESSIONS['tree'] ?? FOREST))
  if (model.kind !== 'tree') throw new Error('not the kind asked for')
  const [tree] = model.trees
  if (tree === undefined) throw new Error('no tree')
  const round = { ...model, trees: [{ ...tree, right: tree.right.map(() => 0) }] }
  expect(errorOf(() => loadModel(round)).code).toBe('STEPWELL_MODEL_INVALID')
})

test('another process trains the same models, bit for bit', () => {
  const child = new URL('models-child.ts', import.meta.url)
  const params = [
    FOREST,
    { ...FOREST, seed: 8 },
    { kind: 'boosting', features, target: 'y', share: 0.5, seed: 3 },
    { kind: 'forestClassifier', features, target: 'three', trees: 20, seed: 7 },
    { kind: 'logistic', features, target: 'three' },
  ] as (TrainRegressionParams | TrainClassifierParams)[]
  const out = execFileSync(
    process.execPath,
    ['--conditions=@stepwell/source', child.pathname, JSON.stringify(params)],
    { input: JSON.stringify(train), encoding: 'utf8' },
  )
  const here = params.map((own) =>
    digestValue(
      'y' === own.target
        ? trainRegression({ rows: train }, contextOf(own as TrainRegressionParams))
        : trainClassifier({ rows: train }, contextOf(own as TrainClassifierParams)),
    ),
  )
  expect(JSON.parse(out)).toEqual(here)
  expect(new Set(here).size).toBe(params.length)
})

test('a forest and boosting are better than one tree, and say what matters', async () => {
  const r2 = async (params: TrainRegressionParams): Promise<number> => {
    const model = trainRegression({ rows: train }, contextOf(params))
    return (await evaluateModel({ model, rows: rest }, contextOf({}))).metrics['r2'] ?? Number.NaN
  }
  const tree = await r2({ kind: 'tree', features, target: 'y', depth: 4 })
  expect(await r2({ ...FOREST, tried: 3 })).toBeGreaterThan(tree)
  expect(await r2({ kind: 'boosting', features, target: 'y' })).toBeGreaterThan(tree)
  const noise = train.map((row, place) => ({ ...row, z: (place * 7919) % 13 }))
  const model = trainRegression(
    { rows: noise },
    contextOf({ ...FOREST, features: [...features, 'z'] }),
  )
  const importance = importanceOf(model) ?? []
  expect(importance.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1)
  expect(Math.min(...importance)).toBe(importance[3])
})

test('offsets of the target do not cost a tree its splits', () => {
  const far = train.map((row) => ({ ...row, y: Number(row['y']) + 1e9 }))
  const near = trainRegression({ rows: train }, contextOf({ kind: 'tree', features, target: 'y' }))
  const model = trainRegression({ rows: far }, contextOf({ kind: 'tree', features, target: 'y' }))
  expectNear(
    loadModel(model)
      .predict(rest)
      .map((value) => value - 1e9),
    [...loadModel(near).predict(rest)],
    1e-5,
  )
})

describe('classes', () => {
  const params = { kind: 'naiveBayes', features: ['a'], target: 'k' } as const
  const of = (classes: readonly (string | number | null)[]): Row[] =>
    classes.map((k, place) => ({ a: place, k }))

  test('are numbers, then texts; a number is predicted as itself', () => {
    const mixed = of(['b', 10, 2, 'a', 'b', 10, 2, 'a'])
    expect(trainClassifier({ rows: mixed }, contextOf(params)).classes).toEqual([2, 10, 'a', 'b'])
    const model = trainClassifier({ rows: of([5, 5, 9, 9]) }, contextOf(params))
    expect([...loadModel(model).predict([{ a: 0 }, { a: 3 }])]).toEqual([5, 9])
    expect(loadModel(model).classes).toEqual([5, 9])
  })

  test('must be 2 to 100, and there', () => {
    const fails = (table: Row[]) =>
      errorOf(() => trainClassifier({ rows: table }, contextOf(params))).code
    expect(fails(of(['a', 'a']))).toBe('STEPWELL_CLASSES')
    expect(fails(of(Array.from({ length: 101 }, (_, place) => place)))).toBe('STEPWELL_CLASSES')
    expect(fails(of(['a', null]))).toBe('STEPWELL_CELL_MISSING')
  })

  test('that a model never saw count as wrong', async () => {
    const model = trainClassifier({ rows: of(['a', 'a', 'b', 'b']) }, contextOf(params))
    const { metrics } = await evaluateModel({ model, rows: of(['a', 'c']) }, contextOf({}))
    expect(metrics['accuracy']).toBe(0.5)
    expect(metrics['logLoss']).toBeGreaterThan(10)
  })

  test('far from everything, and parted perfectly, still have probabilities', () => {
    const table = of(['a', 'a', 'a', 'b', 'b', 'b'])
    for (const kind of ['naiveBayes', 'logistic'] as const) {
      const model = trainClassifier({ rows: table }, contextOf({ ...params, kind }))
      const [a, b] = probabilitiesOf(model, [{ a: 1e6, k: 'b' }])
      expect([a?.[0], b?.[0]]).toEqual([expect.closeTo(0), expect.closeTo(1)])
    }
  })
})

test('kernelRidge takes 2,000 rows at most', () => {
  const many = Array.from({ length: 2001 }, (_, place) => ({ a: place, y: place % 7 }))
  const params = { kind: 'kernelRidge', features: ['a'], target: 'y' } as const
  const training = () => trainRegression({ rows: many }, contextOf(params))
  expect(errorOf(training).code).toBe('STEPWELL_ROWS_TOO_MANY')
})

describe('params', () => {
  test.each([
    [{ kind: 'forest', features, target: 'y' }, 'seed'],
    [{ kind: 'boosting', features, target: 'y', share: 0.5 }, 'seed'],
    [{ kind: 'tree', features, target: 'y', seed: 1 }, 'absent for the kind tree'],
    [{ kind: 'linear', features, target: 'y', depth: 1 }, 'absent for the kind linear'],
    [{ kind: 'forest', features, target: 'y', seed: 1, tried: 4 }, 'at most 3'],
    [{ kind: 'neighbours', features, target: 'y', neighbours: 121 }, 'at most 120'],
    [{ kind: 'kernelRidge', features, target: 'y', penalty: 0 }, 'from'],
  ] as const)('%o', (params, what) => {
    const error = errorOf(() =>
      trainRegression({ rows: train }, contextOf(params as TrainRegressionParams)),
    )
    expect(error.code).toBe('STEPWELL_PARAM_INVALID')
    expect(error.message).toContain(what)
  })
})

describe('evaluation', () => {
  const model = trainRegression({ rows: train }, contextOf(REGRESSIONS['boosting'] ?? FOREST))

  test('by slices, whose rows add up', async () => {
    const { slices, metrics } = await evaluateModel(
      { model, rows: rest },
      contextOf({ slices: ['three'] }),
    )
    expect(slices.map(({ value }) => value)).toEqual(['amber', 'blue', 'cyan'])
    const squares = slices.reduce(
      (sum, slice) => sum + (slice.metrics['n'] ?? 0) * (slice.metrics['rmse'] ?? 0) ** 2,
      0,
    )
    expect(Math.sqrt(squares / rest.length)).toBeCloseTo(metrics['rmse'] ?? 0, 10)
  })

  test('against a champion on the same rows; one of another kind of target is refused', async () => {
    const champion = trainRegression(
      { rows: train },
      contextOf({ kind: 'linear', features: ['a'], target: 'y' }),
    )
    const context = contextOf({})
    const evaluation = await evaluateModel({ model, rows: rest, champion }, context)
    const alone = await evaluateModel({ model: champion, rows: rest }, contextOf({}))
    expect(evaluation.champion).toEqual(alone.metrics)
    expect(context.metrics.get('champion.rmse')).toBe(alone.metrics['rmse'])
    expect(alone.champion).toBe(null)
    const other = trainClassifier({ rows: train }, contextOf(classifierParams('logistic', 'two')))
    const different = async () =>
      await evaluateModel({ model, rows: rest, champion: other }, contextOf({}))
    expect((await rejectionOf(different())).code).toBe('STEPWELL_MODELS_DIFFER')
  })

  test('of the class that is looked for', async () => {
    const two = trainClassifier({ rows: train }, contextOf(classifierParams('logistic', 'two')))
    const scores = async (params: object) =>
      await evaluateModel({ model: two, rows: rest }, contextOf(params))
    const { classes = [] } = await scores({})
    expect((await scores({ positive: 0 })).metrics['recall']).toBe(classes[0]?.recall)
    expect((await scores({})).metrics['recall']).toBe(classes[1]?.recall)
    expect((await rejectionOf(scores({ positive: 2 }))).code).toBe('STEPWELL_PARAM_INVALID')
  })

  test('a column of measured numbers is not sliced', async () => {
    const many = Array.from({ length: 201 }, (_, place) => ({ a: 1, b: 1, c: 1, y: 2, id: place }))
    const sliced = async () =>
      await evaluateModel({ model, rows: many }, contextOf({ slices: ['id'] }))
    expect((await rejectionOf(sliced())).code).toBe('STEPWELL_SLICES')
  })
})

describe('a gate against the champion', () => {
  const pass = (
    value: number,
    champion: Readonly<Record<string, number>> | null,
    params: Omit<MetricGateParams, 'metric'>,
  ) => metricGate({ metrics: { m: value }, champion }, contextOf({ metric: 'm', ...params }))

  test.each([
    [0.8, 0.7, 'higher', 0, true],
    [0.7, 0.7, 'higher', 0, true],
    [0.7, 0.7, 'higher', 0.01, false],
    [0.6, 0.7, 'higher', 0, false],
    [0.6, 0.7, 'lower', 0.05, true],
    [0.8, 0.7, 'lower', 0, false],
    [Number.NaN, 0.7, 'lower', 0, false],
    [0.7, Number.NaN, 'higher', 0, false],
  ] as const)('%d after %d, better is %s by %d: %s', (value, m, better, margin, passes) => {
    const run = () => pass(value, { m }, { better, margin })
    if (passes) expect(run()).toMatchObject({ passed: true, champion: m })
    else expect(errorOf(run).code).toBe('STEPWELL_GATE_CLOSED')
  })

  test('passes without a champion, but not below an absolute bound', () => {
    expect(pass(0.5, null, { better: 'higher' })).toEqual({ passed: true, metric: 'm', value: 0.5 })
    const low = () => pass(0.5, null, { better: 'higher', min: 0.6 })
    expect(errorOf(low).code).toBe('STEPWELL_GATE_CLOSED')
    const unknown = () => pass(0.5, { other: 1 }, { better: 'higher' })
    expect(errorOf(unknown).code).toBe('STEPWELL_METRIC_UNKNOWN')
    expect(errorOf(() => pass(0.5, null, { margin: 1, min: 0 })).code).toBe(
      'STEPWELL_PARAM_INVALID',
    )
  })
})
