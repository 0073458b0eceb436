import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { adviceOf } from '@stepwell/base/errors'
import { describe, expect, test } from 'vitest'
import {
  deployModel,
  evaluateModel,
  evaluateRegression,
  importOnnx,
  isClassifier,
  loadModel,
  monitorModel,
  openModel,
  promoteModel,
  readModel,
  reportModel,
  trainRegression,
  type ImportOnnxParams,
  type Model,
  type OnnxModel,
  type Row,
} from '../src/index.ts'
import { ServedProject } from './served.ts'
import { contextOf, errorOf, fileOf, projectDir, rejectionOf } from './support.ts'

const bytesOf = (name: string): Uint8Array =>
  readFileSync(new URL(`data/onnx/${name}`, import.meta.url))
const fixtures = JSON.parse(new TextDecoder().decode(bytesOf('fixtures.json'))) as {
  readonly rows: Row[]
  readonly y: number[]
  readonly three: string[]
  readonly two: number[]
} & Record<'forest' | 'columns' | 'sigmoid', number[]> &
  Record<'logistic' | 'numbers', number[][]>

const rows = fixtures.rows.map((row, place): Row => ({
  ...row,
  y: fixtures.y[place] ?? 0,
  three: fixtures.three[place] ?? '',
  two: fixtures.two[place] ?? 0,
}))
const features = ['a', 'b', 'c']
const REGRESSION = { features, target: 'y' }
const THREE = { features, target: 'three', classes: ['amber', 'blue', 'cyan'] }
const TWO = { features, target: 'two', classes: [4, 6] }

const imported = async (name: string, params: ImportOnnxParams): Promise<OnnxModel> =>
  await importOnnx({ onnx: fileOf(bytesOf(`${name}.onnx`), `${name}.onnx`) }, contextOf(params))
const refusal = async (name: string, params: object): Promise<string> => {
  const error = await rejectionOf(imported(name, params as ImportOnnxParams))
  return `${error.code} ${adviceOf(error)}`
}

function expectNear(found: Iterable<number>, expected: readonly number[]): void {
  const off = [...found].map((value, place) => Math.abs(value - (expected[place] ?? Number.NaN)))
  expect(off).toHaveLength(expected.length)
  expect(Math.max(...off)).toBeLessThan(1e-5)
}

async function predicted(model: Model, table: readonly Row[] = rows): Promise<number[]> {
  const opened = await openModel(model)
  try {
    return [...(await opened.predict(table))]
  } finally {
    await opened.close()
  }
}

async function shares(model: Model): Promise<Float64Array[]> {
  const opened = await openModel(model)
  try {
    return (await opened.probabilities?.(rows)) ?? []
  } finally {
    await opened.close()
  }
}

describe('the numbers of scikit-learn', () => {
  test.each(['forest', 'columns'] as const)('%s', async (name) => {
    const model = await imported(name, REGRESSION)
    expect(isClassifier(model)).toBe(false)
    expectNear(await predicted(model), fixtures[name])
  })

  test.each([
    ['logistic', THREE],
    ['numbers', TWO],
  ] as const)('%s', async (name, params) => {
    const model = await imported(name, params)
    expect(isClassifier(model)).toBe(true)
    const found = await shares(model)
    for (const [place, column] of found.entries()) {
      expectNear(
        column,
        fixtures[name].map((row) => row[place] ?? Number.NaN),
      )
    }
    const places = fixtures[name].map((row) => row.indexOf(Math.max(...row)))
    const classes: readonly (string | number)[] = params.classes
    const wanted = places.map((place) => (name === 'numbers' ? Number(classes[place]) : place))
    expect(await predicted(model)).toEqual(wanted)
  })

  test('the probability of the second class alone will do', async () => {
    const model = await imported('sigmoid', { ...TWO, output: 'p' })
    const [first = [], second = []] = await shares(model)
    expectNear(second, fixtures.sigmoid)
    expectNear(
      first,
      fixtures.sigmoid.map((share) => 1 - share),
    )
  })
})

test('survives JSON, and one row at a time gives what all of them give', async () => {
  const model = JSON.parse(JSON.stringify(await imported('forest', REGRESSION))) as Model
  const all = await predicted(model)
  const opened = await openModel(model)
  const single = await Promise.all(rows.map(async (row) => (await opened.predict([row]))[0]))
  await opened.close()
  expect(single).toEqual(all)
  expect(await predicted(model, [])).toEqual([])
})

test('closing waits for the predictions under way, and then there are no more', async () => {
  const opened = await openModel(await imported('forest', REGRESSION))
  const running = Array.from({ length: 20 }, async () => await opened.predict(rows))
  const closing = Promise.all([opened.close(), opened.close()])
  await expect(opened.predict(rows)).rejects.toThrow(TypeError)
  for (const found of await Promise.all(running)) expectNear(found, fixtures.forest)
  await closing
})

test('opened and closed again and again, it holds on to nothing', async () => {
  const model = await imported('forest', REGRESSION)
  const open = async (times: number): Promise<number> => {
    for (let turn = 0; turn < times; turn++) await predicted(model, rows.slice(0, 1))
    return process.memoryUsage.rss()
  }
  const before = await open(300)
  // A session that stayed would hold some 90 kB.
  expect((await open(1500)) - before).toBeLessThan(70_000_000)
})

describe('the steps', () => {
  test('score it as they score a model of ours', async () => {
    const model = await imported('forest', REGRESSION)
    const champion = trainRegression(
      { rows },
      contextOf({ kind: 'linear', ...REGRESSION } as const),
    )
    const found = await evaluateModel(
      { model, rows, champion },
      contextOf({ slices: ['three'] as const }),
    )
    const { n, rmse } = await evaluateRegression({ model, rows }, contextOf({}))
    expect(found.metrics).toMatchObject({ n, rmse })
    expect(found.slices).toHaveLength(3)
    const beside = await evaluateModel({ model: champion, rows, champion: model }, contextOf({}))
    expect([beside.metrics, beside.champion]).toEqual([found.champion, found.metrics])
    const classifier = await imported('logistic', THREE)
    const { metrics, confusion } = await evaluateModel({ model: classifier, rows }, contextOf({}))
    const right = fixtures.logistic.filter(
      (row, place) => THREE.classes[row.indexOf(Math.max(...row))] === fixtures.three[place],
    )
    expect(metrics['accuracy']).toBe(right.length / rows.length)
    expect(confusion).toHaveLength(3)
  })

  test('report on it, deploy, promote and monitor it', async () => {
    const dir = projectDir()
    for (const [name, params] of [
      ['forest', REGRESSION],
      ['logistic', THREE],
    ] as const) {
      const model = await imported(name, params)
      const evaluation = await evaluateModel({ model, rows }, contextOf({}))
      const path = join(dir, `${name}.html`)
      const context = { ...contextOf({}), outs: { report: path } }
      await reportModel({ model, rows, evaluation, training: rows }, context)
      const page = readFileSync(path, 'utf8')
      expect(page).toContain('Importance by shuffling')
      expect(page).not.toMatch(/undefined|NaN/)
      deployModel({ model }, contextOf({}, dir))
      const promoted = await promoteModel({ model, training: rows }, contextOf({ name }, dir))
      const again = await promoteModel({ model, training: rows }, contextOf({ name }, dir))
      expect(again).toEqual(promoted)
    }
    const model = await imported('forest', REGRESSION)
    const report = await monitorModel({ model, training: rows, period: rows }, contextOf({}, dir))
    expect(report.status).toBe('ok')
  })
})

test('monitorPredictions scores it as a baseline', async () => {
  const model = await imported('forest', REGRESSION)
  const project = new ServedProject('wave')
  const version = await project.register({ model, training: rows, metrics: { rmse: 1 } })
  const predictions = await predicted(model)
  const lines = fixtures.rows.map(({ a, b, c }, place) =>
    project.line(version, {
      request: `r${place}`,
      features: { a: Number(a), b: Number(b), c: Number(c) },
      prediction: predictions[place] ?? 0,
    }),
  )
  const labels = rows.map(({ y = 0 }, place): Row => ({ request: `r${place}`, row: 0, y }))
  const { report } = await project.monitor([lines], { minRows: 5 }, { labels, baseline: model })
  const error = report.windows[0]?.error ?? { ratio: null, wrong: 0 }
  if (!('rmse' in error)) throw new Error('expected the error of a regression')
  expect(error.baseline).toBe(error.rmse)
})

describe('importOnnx refuses', () => {
  test.each([
    ['a feature too few', 'forest', { ...REGRESSION, features: ['a', 'b'] }, '[any, 3]'],
    [
      'names that are not the inputs',
      'columns',
      { ...REGRESSION, features: ['a', 'b', 'd'] },
      '"c"',
    ],
    ['one row at a time only', 'one-row', REGRESSION, 'takes exactly 1 row at a time'],
    ['inputs of whole numbers', 'whole', { ...REGRESSION, features: ['a'] }, 'int64 [any, 1]'],
    ['classes as a map', 'zipmap', THREE, "{'zipmap': False}"],
    ['an output that is not there', 'forest', { ...REGRESSION, output: 'p' }, 'does not exist'],
    ['a classifier as a regression', 'logistic', REGRESSION, 'or give the classes'],
    ['a regression as a classifier', 'forest', THREE, '3 probabilities'],
    ['two outputs that fit', 'sigmoid', TWO, "the param 'output'"],
    ['logits', 'sigmoid', { ...TWO, output: 'logit' }, 'no probabilities'],
    [
      'classes in another order',
      'logistic',
      { ...THREE, classes: ['cyan', 'amber', 'blue'] },
      'order',
    ],
    ['classes of other names', 'logistic', { ...THREE, classes: ['a', 'b', 'c'] }, 'calls'],
  ])('%s', async (_, name, params, part) => {
    const found = await refusal(name, params)
    expect(found).toContain('STEPWELL_ONNX_UNFIT ')
    expect(found).toContain(part)
  })

  test.each([
    ['no features', { ...REGRESSION, features: [] }, 'STEPWELL_PARAM_INVALID'],
    ['a class twice', { ...THREE, classes: ['a', 'a'] }, 'STEPWELL_PARAM_INVALID'],
    ['one class', { ...THREE, classes: ['a'] }, 'STEPWELL_CLASSES'],
    ['a misspelt param', { ...REGRESSION, feature: 'a' }, 'STEPWELL_PARAM_INVALID'],
  ])('%s', async (_, params, code) => {
    expect(await refusal('forest', params)).toContain(code)
  })

  test('what is no network, or half of one; and the next one opens', async () => {
    const whole = bytesOf('forest.onnx')
    for (const bytes of [new Uint8Array(), new Uint8Array(64).fill(7), whole.subarray(0, 6000)]) {
      const { code } = await rejectionOf(
        importOnnx({ onnx: fileOf(bytes, 'half.onnx') }, contextOf(REGRESSION)),
      )
      expect(code).toBe('STEPWELL_ONNX_INVALID')
    }
    expectNear(await predicted(await imported('forest', REGRESSION)), fixtures.forest)
  })
})

test('loadModel names openModel; a damaged model is refused before it is opened', async () => {
  const model = await imported('forest', REGRESSION)
  const { code, hint } = errorOf(() => loadModel(model))
  expect([code, hint?.includes('openModel')]).toEqual(['STEPWELL_MODEL_ASYNC', true])
  for (const damage of [{ onnx: 'no base64' }, { output: 3 }, { features: [] }, { classes: [1] }]) {
    const damaged = { ...model, ...damage } as Model
    const { code: refused } = await rejectionOf(openModel(damaged))
    expect(refused).toBe('STEPWELL_MODEL_INVALID')
  }
  const { code: unfit } = await rejectionOf(openModel({ ...model, features: ['a'] }))
  expect(unfit).toBe('STEPWELL_ONNX_UNFIT')
})

test('without the package, the error says how to get it', () => {
  const script = `
    import { registerHooks } from 'node:module'
    registerHooks({
      resolve(name, context, next) {
        if (name !== 'onnxruntime-web') return next(name, context)
        throw Object.assign(new Error("Cannot find package 'onnxruntime-web'"), { code: 'ERR_MODULE_NOT_FOUND' })
      },
    })
    const { openModel } = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)})
    const base = { features: ['a'], target: 'y' }
    const ours = await openModel({ ...base, kind: 'linear', rows: 2, intercept: 1, coefficients: [2] })
    const [first] = await ours.predict([{ a: 3 }])
    const failed = await openModel({ ...base, kind: 'onnx', onnx: 'AAAA', output: 'y' }).catch((error) => error)
    console.log(JSON.stringify([first, failed.code, failed.hint]))
  `
  const out = execFileSync(
    process.execPath,
    ['--conditions=@stepwell/source', '--input-type=module', '--eval', script],
    { encoding: 'utf8', cwd: fileURLToPath(new URL('..', import.meta.url)) },
  )
  const [first, code, hint] = JSON.parse(out) as [number, string, string]
  expect([first, code]).toEqual([7, 'STEPWELL_ONNX_MISSING'])
  expect(hint).toContain('npm install onnxruntime-web')
})

describe('readModel', () => {
  const linear = { kind: 'linear', features: ['a'], target: 'y', rows: 9 }
  const read = (text: string): Model =>
    readModel({ json: fileOf(text, 'out/m.json') }, contextOf({}))

  test('reads a model that something else has written', async () => {
    const model = read(JSON.stringify({ ...linear, intercept: 1, coefficients: [2] }))
    expect(await predicted(model, [{ a: 3 }])).toEqual([7])
    const onnx = await imported('forest', REGRESSION)
    expectNear(await predicted(read(JSON.stringify(onnx))), fixtures.forest)
  })

  test.each([
    ['no JSON', '{', 'out/m.json'],
    [
      'a number that would be read as another one',
      JSON.stringify({ ...linear, intercept: 1 }).replace('9', '9007199254740993'),
      '.rows is 9007199254740993',
    ],
    ['no model', '[1]', 'kind'],
    [
      'a coefficient too few',
      JSON.stringify({ ...linear, intercept: 1, coefficients: [] }),
      '1 coef',
    ],
    [
      'how many rows is not said',
      JSON.stringify({ ...linear, rows: undefined, intercept: 1, coefficients: [1] }),
      'rows',
    ],
  ])('%s', (_, text, part) => {
    const { code, message } = errorOf(() => read(text))
    expect(code).toBe('STEPWELL_MODEL_INVALID')
    expect(message).toContain(part)
  })
})
