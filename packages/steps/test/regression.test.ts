import { digestValue } from '@stepwell/engine/author'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  evaluateRegression,
  metricGate,
  loadModel,
  trainRegression,
  type MetricGateParams,
  type LinearModel,
  type Metrics,
  type Model,
  type RegressionModel,
  type Row,
  type TrainRegressionParams,
} from '../src/index.ts'
import { createRandom } from '../src/random.ts'
import { contextOf, errorOf, rejectionOf, expectClose } from './support.ts'

const train = (rows: readonly Row[], params: TrainRegressionParams): RegressionModel =>
  trainRegression({ rows }, contextOf(params))

function trainLinear(rows: readonly Row[], params: TrainRegressionParams): LinearModel {
  const model = train(rows, params)
  if (!('intercept' in model)) throw new Error('not the kind asked for')
  return model
}

/** Rows of y = f(x), for x spread evenly. */
const curve = (f: (x: number) => number, from: number, to: number, count = 40): Row[] =>
  Array.from({ length: count }, (_, index) => {
    const x = from + ((to - from) * index) / (count - 1)
    return { x, y: f(x) }
  })
const one = { features: ['x'], target: 'y' }
const coefficient = fc
  .double({ min: -100, max: 100, noNaN: true })
  .filter((c) => Math.abs(c) > 0.01)

describe('each kind recovers what the rows were made of', () => {
  test('linear, also far from the origin and on unequal scales', () => {
    const cases = fc.record({
      coefficients: fc.array(coefficient, { minLength: 1, maxLength: 6 }),
      intercept: coefficient,
      offset: fc.constantFrom(0, 1000, 1e6),
      seed: fc.nat(),
    })
    fc.assert(
      fc.property(cases, ({ coefficients, intercept, offset, seed }) => {
        const random = createRandom(seed)
        const features = coefficients.map((_, index) => `x${index}`)
        const rows = Array.from({ length: 60 }, () => {
          const xs = features.map((_, index) => offset + 10 ** index * (random.below(2e6) / 1e6))
          const y = xs.reduce((sum, x, index) => sum + x * (coefficients[index] ?? 0), intercept)
          return Object.fromEntries([...xs.map((x, index) => [`x${index}`, x]), ['y', y]]) as Row
        })
        const model = trainLinear(rows, { kind: 'linear', features, target: 'y' })
        for (const [index, expected] of coefficients.entries()) {
          const found = model.coefficients[index] ?? Number.NaN
          expect(Math.abs(found - expected)).toBeLessThan(1e-5)
        }
        expect(1 - (model.residuals?.r2 ?? 0)).toBeLessThan(1e-9)
      }),
    )
  })

  test.each(['simple', 'theilSen'] as const)('%s: a line', (kind) => {
    const property = fc.property(
      coefficient,
      coefficient,
      fc.constantFrom(0, 1e6),
      (a, b, from) => {
        const rows = curve((x) => a + b * x, from, from + 30)
        const model = trainLinear(rows, { kind, ...one })
        expectClose(model.coefficients[0] ?? Number.NaN, b, 1e-6)
        for (const [index, y] of loadModel(model).predict(rows).entries()) {
          expect(Math.abs(y - Number(rows[index]?.['y']))).toBeLessThan(
            1e-6 * (1 + Math.abs(a + b * from)),
          )
        }
      },
    )
    fc.assert(property)
  })

  test('theilSen does not follow an outlier, least squares does', () => {
    const rows = curve((x) => 3 + 2 * x, 0, 10, 41).map((row) =>
      row['x'] === 10 ? { ...row, y: 1e6 } : row,
    )
    expectClose(trainLinear(rows, { kind: 'theilSen', ...one }).coefficients[0] ?? 0, 2, 1e-9)
    expect(trainLinear(rows, { kind: 'simple', ...one }).coefficients[0]).toBeGreaterThan(100)
  })

  test('exponential: a e^(b x), also where e^(b x) alone would underflow', () => {
    const slope = fc.double({ min: -2, max: 2, noNaN: true }).filter((b) => Math.abs(b) > 0.01)
    fc.assert(
      fc.property(slope, fc.constantFrom(0, -5, 1000), (b, from) => {
        const rows = curve((x) => 7 * Math.exp(b * (x - from)), from, from + 10)
        const model = trainLinear(rows, { kind: 'exponential', ...one })
        expectClose(model.coefficients[0] ?? Number.NaN, b, 1e-9)
        expectClose(loadModel(model).predict([{ x: from }])[0] ?? Number.NaN, 7, 1e-8)
      }),
    )
  })

  test('power: a x^b', () => {
    const factor = fc.double({ min: 0.01, max: 1e6, noNaN: true })
    const exponent = fc.double({ min: -3, max: 3, noNaN: true }).filter((b) => Math.abs(b) > 0.01)
    fc.assert(
      fc.property(factor, exponent, (a, b) => {
        const model = trainLinear(
          curve((x) => a * x ** b, 0.5, 40),
          { kind: 'power', ...one },
        )
        expectClose(Math.exp(model.intercept), a, 1e-8)
        expectClose(model.coefficients[0] ?? Number.NaN, b, 1e-9)
        expectClose(loadModel(model).predict([{ x: 100 }])[0] ?? Number.NaN, a * 100 ** b, 1e-8)
      }),
    )
  })

  test('polynomial of any degree, also far from the origin', () => {
    const coefficients = fc.array(coefficient, { minLength: 2, maxLength: 11 })
    fc.assert(
      fc.property(coefficients, fc.constantFrom(0, 2000), (expected, from) => {
        const value = (x: number): number => {
          const z = (x - from - 5) / 5
          return expected.reduceRight((sum, c) => sum * z + c, 0)
        }
        const rows = curve(value, from, from + 10)
        const model = train(rows, { kind: 'polynomial', ...one, degree: expected.length - 1 })
        if (model.kind !== 'polynomial') throw new Error('not the kind asked for')
        expect([model.center, model.scale]).toEqual([from + 5, 5])
        for (const [index, c] of expected.entries()) {
          expect(Math.abs((model.coefficients[index] ?? Number.NaN) - c)).toBeLessThan(1e-5)
        }
        const [predicted = Number.NaN] = loadModel(model).predict([{ x: from + 3.21 }])
        expect(Math.abs(predicted - value(from + 3.21))).toBeLessThan(1e-6)
      }),
    )
  })

  test('polynomial: the degree is 2 unless given', () => {
    const model = train(
      curve((x) => x * x, 0, 5),
      { kind: 'polynomial', ...one },
    )
    expect(model).toMatchObject({ degree: 2 })
    expectClose(loadModel(model).predict([{ x: 7 }])[0] ?? 0, 49, 1e-10)
  })
})

describe('a feature that says nothing new gets the coefficient 0 and a line in the log', () => {
  const rows = curve((x) => 1 + 2 * x, 0, 9).map((row, index) => ({
    ...row,
    same: 2011,
    twice: 2 * Number(row['x']) - 7,
    other: Math.sin(index),
  }))

  test('a constant one, and one that the others determine', () => {
    const features = ['same', 'other', 'x', 'twice']
    const context = contextOf({ kind: 'linear', features, target: 'y' } as const)
    const model = trainRegression({ rows }, context)
    expect(context.logged.slice(0, 2)).toEqual([
      'feature "same" is constant in the training rows: its coefficient is 0',
      'feature "twice" is determined by the features before it: its coefficient is 0',
    ])
    const [same, other, x, twice] = 'coefficients' in model ? model.coefficients : []
    expect([same, twice]).toEqual([0, 0])
    expect(Math.abs(other ?? 1)).toBeLessThan(1e-12)
    expectClose(x ?? 0, 2, 1e-12)
  })

  test.each(['simple', 'theilSen', 'exponential', 'power'] as const)('alone, in %s', (kind) => {
    const flat = [5, 5, 5].map((y) => ({ x: 3, y }))
    const context = contextOf({ kind, ...one })
    const model = trainRegression({ rows: flat }, context)
    expect(model).toMatchObject({ coefficients: [0] })
    expect(context.logged[0]).toContain('"x" is constant')
    expectClose(loadModel(model).predict(flat)[0] ?? 0, 5, 1e-12)
  })

  test('a constant target is predicted as it is', () => {
    const flat = rows.map((row) => ({ ...row, y: 4 }))
    const model = trainLinear(flat, { kind: 'linear', features: ['x', 'other'], target: 'y' })
    expect(model.intercept).toBe(4)
    expect(model.coefficients).toEqual([0, 0])
    expect(model.residuals?.r2).toBeNaN()
  })
})

test('the model keeps what it is and how the training rows fit', async () => {
  const rows = [1, 2, 3, 4].map((x) => ({ x, y: x + (x % 2) }))
  const model = train(rows, { kind: 'simple', ...one })
  expect(model).toMatchObject({ kind: 'simple', features: ['x'], target: 'y', rows: 4 })
  const { rows: _, ...metrics } = {
    ...(await evaluateRegression({ model, rows }, contextOf({}))),
    rows: 4,
  }
  expect({ ...model.residuals, n: 4 }).toMatchObject(metrics)
  const { min = 0, q1 = 0, median = 0, q3 = 0, max = 0 } = model.residuals ?? {}
  expect([min, q1, median, q3, max]).toEqual([min, q1, median, q3, max].toSorted((a, b) => a - b))
  expect(min).toBeLessThan(0)
})

describe('a model', () => {
  const rows = curve((x) => 3 * x ** 1.5 + Math.sin(x), 1, 9)
  const kinds: readonly TrainRegressionParams[] = [
    { kind: 'linear', ...one },
    { kind: 'simple', ...one },
    { kind: 'theilSen', ...one },
    { kind: 'exponential', ...one },
    { kind: 'power', ...one },
    { kind: 'polynomial', ...one, degree: 4 },
  ]

  test.each(kinds)('$kind: survives JSON, and training is repeatable to the bit', (params) => {
    const model = train(rows, params)
    const back = JSON.parse(JSON.stringify(model)) as Model
    expect(back).toEqual(model)
    expect(loadModel(back).predict(rows)).toEqual(loadModel(model).predict(rows))
    expect(digestValue(train(rows, params))).toBe(digestValue(model))
    // The order of the keys within rows means nothing.
    const turned = rows.map(({ x = null, y = null }) => ({ y, x }))
    expect(digestValue(train(turned, params))).toBe(digestValue(model))
  })

  test('predicts for rows without a target, and for none', () => {
    const predictor = loadModel(train(rows, { kind: 'linear', ...one }))
    expect(predictor.predict([{ x: 1 }])).toHaveLength(1)
    expect(predictor.predict([])).toHaveLength(0)
    expect(errorOf(() => predictor.predict([{ z: 1 }])).code).toBe('STEPWELL_COLUMN_UNKNOWN')
  })

  test.each<[string, unknown]>([
    ['it is null', null],
    ['its kind is "jungle"', { kind: 'jungle' }],
    ['its features', { kind: 'linear', features: 'x' }],
    ['its target', { kind: 'linear', features: ['x'] }],
    ['it has 2 features', { kind: 'simple', features: ['x', 'z'], target: 'y' }],
    ['1 coefficients', { kind: 'linear', features: ['x'], target: 'y', coefficients: [] }],
    [
      'not all finite',
      { kind: 'linear', features: ['x'], target: 'y', coefficients: [1], intercept: null },
    ],
    [
      'its scale is 0',
      {
        kind: 'polynomial',
        features: ['x'],
        target: 'y',
        degree: 0,
        coefficients: [1],
        center: 0,
        scale: 0,
      },
    ],
  ])('is refused when %s', (message, value) => {
    const error = errorOf(() => loadModel(value as Model))
    expect(error.code).toBe('STEPWELL_MODEL_INVALID')
    expect(error.message).toContain(message)
  })
})

describe('training refuses', () => {
  const rows = curve((x) => x, 1, 5, 5)

  test.each<[string, readonly Row[], object]>([
    [
      'PARAM_INVALID|a list of one column',
      rows,
      { kind: 'simple', features: ['x', 'z'], target: 'y' },
    ],
    [
      'PARAM_INVALID|without the target',
      rows,
      { kind: 'linear', features: ['x', 'y'], target: 'y' },
    ],
    ['PARAM_INVALID|"degree" must be absent', rows, { kind: 'linear', ...one, degree: 2 }],
    ['PARAM_INVALID|at most 10; got 11', rows, { kind: 'polynomial', ...one, degree: 11 }],
    ['PARAM_INVALID|"kind" must be one of', rows, { kind: 'robustPolynomial', ...one }],
    [
      'COLUMN_UNKNOWN|no column "temp2"; columns are "x", "y"',
      rows,
      { kind: 'linear', features: ['temp2'], target: 'y' },
    ],
    [
      'CELL_NOT_NUMBER|row 6 of 6 holds "?"',
      [...rows, { x: '?', y: 1 }],
      { kind: 'linear', ...one },
    ],
    [
      'CELL_NOT_NUMBER|row 6 of 6 holds NaN',
      [...rows, { x: Number.NaN, y: 1 }],
      { kind: 'linear', ...one },
    ],
    [
      'CELL_MISSING|the first is in row 1 of 6',
      [{ x: null, y: 1 }, ...rows],
      { kind: 'linear', ...one },
    ],
    ['ROWS_NONE|the table to train on is empty', [], { kind: 'linear', ...one }],
    ['ROWS_TOO_FEW|at least 2, there are 1', rows.slice(1, 2), { kind: 'linear', ...one }],
    [
      'ROWS_TOO_FEW|distinct values of "x"',
      [...rows.slice(0, 2), ...rows.slice(0, 2)],
      { kind: 'polynomial', ...one },
    ],
    ['ROWS_TOO_MANY|at most 3000', curve((x) => x, 0, 1, 3001), { kind: 'theilSen', ...one }],
    [
      'CELL_NOT_POSITIVE|row 1 of 2 holds 0',
      [
        { x: 0, y: 1 },
        { x: 1, y: 1 },
      ],
      { kind: 'power', ...one },
    ],
    [
      'CELL_NOT_POSITIVE|column "y"',
      [
        { x: 0, y: -1 },
        { x: 1, y: 1 },
      ],
      { kind: 'exponential', ...one },
    ],
    [
      'FIT_FAILED|column "x" are too large',
      [
        { x: 1e200, y: 1 },
        { x: -1e200, y: 2 },
        { x: 0, y: 1 },
      ],
      { kind: 'linear', ...one },
    ],
    [
      'FIT_FAILED|too small',
      [
        { x: 1e-200, y: 1 },
        { x: 2e-200, y: 2 },
      ],
      { kind: 'simple', ...one },
    ],
    [
      'FIT_FAILED|do not determine a polynomial of degree 2',
      [0, 1e-12, 1].map((x) => ({ x, y: x })),
      { kind: 'polynomial', ...one },
    ],
    [
      'FIT_FAILED|no finite solution',
      [3, 3.0000000000000004].map((x) => ({ x, y: x })),
      { kind: 'power', ...one },
    ],
  ])('%s', (expected, given, params) => {
    const error = errorOf(() => train(given, params as TrainRegressionParams))
    const [code, message = ''] = expected.split('|')
    expect(error.code).toBe(`STEPWELL_${code}`)
    expect(error.message).toContain(message)
  })

  test('when the run is cancelled', () => {
    const context = {
      ...contextOf({ kind: 'linear', ...one } as const),
      signal: AbortSignal.abort(),
    }
    expect(() => trainRegression({ rows }, context)).toThrow('aborted')
  })
})

describe('evaluateRegression', () => {
  const model = train(
    curve((x) => 2 * x, 0, 9),
    { kind: 'linear', ...one },
  )

  test('scores by the definitions', async () => {
    const rows = [
      { x: 1, y: 3 },
      { x: 2, y: 4 },
      { x: 3, y: 4 },
    ]
    // Errors 1, 0, -2; mean of y 11/3, SST 2/3.
    const { n, r2, rmse, mae } = await evaluateRegression({ model, rows }, contextOf({}))
    expect(n).toBe(3)
    expectClose(r2, 1 - 5 / (2 / 3), 1e-9)
    expectClose(rmse, Math.sqrt(5 / 3), 1e-9)
    expectClose(mae, 1, 1e-9)
  })

  test('a constant target has no R2, and no metric of that name', async () => {
    const context = contextOf({})
    const rows = [
      { x: 1, y: 0.1 },
      { x: 2, y: 0.1 },
      { x: 3, y: 0.1 },
    ]
    expect((await evaluateRegression({ model, rows }, context)).r2).toBeNaN()
    expect([...context.metrics.keys()]).toEqual(['n', 'rmse', 'mae'])
    expect(context.logged[0]).toContain('R2 is not defined')
  })

  test('needs rows', async () => {
    expect((await rejectionOf(evaluateRegression({ model, rows: [] }, contextOf({})))).code).toBe(
      'STEPWELL_ROWS_NONE',
    )
  })
})

describe('gate', () => {
  const open = (metrics: Metrics, params: MetricGateParams): unknown =>
    metricGate({ metrics }, contextOf(params))

  test('passes what is within bounds, the bounds themselves too', () => {
    expect(open({ rmse: 99 }, { metric: 'rmse', max: 100 })).toEqual({
      passed: true,
      metric: 'rmse',
      value: 99,
      max: 100,
    })
    expect(open({ r2: 0.5 }, { metric: 'r2', min: 0.5, max: 0.5 })).toMatchObject({ passed: true })
  })

  test('stays closed otherwise, and says by how much', () => {
    const error = errorOf(() => open({ rmse: 142.3 }, { metric: 'rmse', max: 100 }))
    expect(error.code).toBe('STEPWELL_GATE_CLOSED')
    expect(error.message).toMatch(
      /^rmse 142\.3 is above the allowed 100; nothing after the gate runs$/,
    )
    expect(errorOf(() => open({ r2: 0.4 }, { metric: 'r2', min: 0.5 })).message).toContain(
      'r2 0.4 is below the required 0.5',
    )
  })

  test('NaN never passes, infinities only where there is no bound', () => {
    for (const bounds of [{ min: 0 }, { max: 0 }, { min: -1e300, max: 1e300 }]) {
      const error = errorOf(() => open({ r2: Number.NaN }, { metric: 'r2', ...bounds }))
      expect(error.code).toBe('STEPWELL_GATE_CLOSED')
      expect(error.message).toContain('r2 is not a number, which never passes')
    }
    expect(errorOf(() => open({ rmse: Infinity }, { metric: 'rmse', max: 1 })).code).toBe(
      'STEPWELL_GATE_CLOSED',
    )
  })

  test('an unknown metric never passes, nor one that every object inherits', () => {
    for (const metric of ['rsme', 'constructor']) {
      const error = errorOf(() => open({ rmse: 1, mae: 1 }, { metric, min: -1e300 }))
      expect(error.code).toBe('STEPWELL_METRIC_UNKNOWN')
      expect(error.message).toContain('metrics are mae, rmse')
    }
  })

  test('law: it passes exactly when the value is within the bounds', () => {
    const values = fc.oneof(fc.double(), fc.integer({ min: -20, max: 20 }))
    fc.assert(
      fc.property(values, fc.integer({ min: -9, max: 9 }), fc.nat(9), (value, min, width) => {
        const max = min + width
        const act = (): unknown => open({ m: value }, { metric: 'm', min, max })
        const within = value >= min && value <= max
        const passed = { passed: true, metric: 'm', value, min, max }
        expect(within ? act() : errorOf(act).code).toEqual(within ? passed : 'STEPWELL_GATE_CLOSED')
      }),
    )
  })

  test('needs a bound that makes sense', () => {
    for (const params of [{}, { min: 2, max: 1 }, { max: Number.NaN }]) {
      const error = errorOf(() => open({ m: 1 }, { metric: 'm', ...params }))
      expect(error.code).toBe('STEPWELL_PARAM_INVALID')
    }
  })
})
