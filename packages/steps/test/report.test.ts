import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  evaluateModel,
  pickBest,
  planTrials,
  reportModel,
  scoreTrial,
  trainClassifier,
  trainRegression,
  type Best,
  type Model,
  type ReportModelInputs,
  type ReportModelParams,
  type Row,
} from '../src/index.ts'
import { contextOf, rejectionOf, projectDir } from './support.ts'

const { rows } = JSON.parse(
  readFileSync(new URL('data/sklearn/fixtures.json', import.meta.url), 'utf8'),
) as { rows: Row[] }
const training = rows.filter((_, row) => row % 4 !== 3)
const rest = rows.filter((_, row) => row % 4 === 3)
const features = ['a', 'b', 'c']

async function report(inputs: ReportModelInputs, params: ReportModelParams = {}): Promise<string> {
  const path = join(projectDir(), 'report.html')
  const context = { ...contextOf(params), outs: { report: path } }
  const { bytes } = await reportModel(inputs, context)
  const text = readFileSync(path, 'utf8')
  expect(Buffer.byteLength(text)).toBe(bytes)
  return text
}

async function inputsOf(model: Model, table: readonly Row[] = rest, slices: string[] = []) {
  return {
    model,
    rows: table,
    evaluation: await evaluateModel({ model, rows: table }, contextOf({ slices })),
  }
}

const linear = trainRegression(
  { rows: training },
  contextOf({ kind: 'linear', features, target: 'y' }),
)
const forest = trainRegression(
  { rows: training },
  contextOf({ kind: 'forest', features, target: 'y', trees: 10, seed: 1 }),
)
const classifier = (target: string): Model =>
  trainClassifier({ rows: training }, contextOf({ kind: 'naiveBayes', features, target }))

async function search(): Promise<Best> {
  const trials = planTrials(
    {},
    contextOf({
      features,
      target: 'y',
      folds: 3,
      seed: 1,
      candidates: [{ kind: 'linear' }, { kind: 'tree', depth: [1, 2, 4] }],
    } as const),
  )
  const scores = await Promise.all(
    trials.map(async (item) => await scoreTrial({ item, rows: training }, contextOf({}))),
  )
  return pickBest({ scores }, contextOf({ metric: 'rmse', better: 'lower' }))
}

describe('a report', () => {
  test('has the same bytes for the same inputs, and others for another seed', async () => {
    const inputs = { ...(await inputsOf(forest)), training, best: await search() }
    expect(await report(inputs)).toBe(await report(inputs))
    expect(await report(inputs, { seed: 1 })).not.toBe(await report(inputs))
  })

  test('of a regression shows its charts, the search and the data', async () => {
    const text = await report({
      ...(await inputsOf(forest, rest, ['three'])),
      training,
      best: await search(),
    })
    for (const part of [
      'Predicted against actual',
      'Residuals against predictions',
      'Importance by shuffling',
      'Importance in the trees',
      'RMSE of the candidates',
      'tree over depth',
      'three = amber',
      'Rows trained on: 120',
      'Rows scored: 40',
    ]) {
      expect(text).toContain(part)
    }
    expect(text.match(/<circle/g)?.length).toBe(40 + 40 + 4 + 3)
  })

  test('of two classes has a ROC curve, of three has none, both have a matrix', async () => {
    const two = await report(await inputsOf(classifier('two')))
    const three = await report(await inputsOf(classifier('three')))
    expect([two.includes('ROC curve of 1'), three.includes('ROC curve')]).toEqual([true, false])
    expect([...three.matchAll(/class="heat"/g)]).toHaveLength(9)
    expect([...two.matchAll(/class="heat"/g)]).toHaveLength(4)
  })

  test('says how the champion does', async () => {
    const { evaluation: _, ...inputs } = await inputsOf(forest)
    const evaluation = await evaluateModel({ ...inputs, champion: linear }, contextOf({}))
    expect(await report({ ...inputs, evaluation })).toMatch(
      /(better|worse) than [\d.]+ of the champion/,
    )
  })

  test('of a thousand rows and more draws some of them', async () => {
    const many = Array.from({ length: 50 }, () => rest).flat()
    expect(await report(await inputsOf(linear, many))).toContain('1500 of 2000 rows are drawn')
  })
})

describe('no name is taken for HTML, and nothing is loaded', () => {
  const evil = `"'></title></style><script>alert(1)</script><img src=x onerror=alert(1)>&\u0000\u202e\ud800`
  const hostile = rows.map((row): Row => ({
    [evil]: row['a'] ?? 0,
    [`y${evil}`]: row['y'] ?? 0,
    [`class${evil}`]: `${String(row['two'])}${evil}`,
    [`slice${evil}`]: evil,
  }))
  const base = { features: [evil] }
  const models = [
    trainRegression({ rows: hostile }, contextOf({ kind: 'tree', ...base, target: `y${evil}` })),
    trainClassifier(
      { rows: hostile },
      contextOf({ kind: 'logistic', ...base, target: `class${evil}` }),
    ),
  ]

  test.each(models)('$kind', async (model) => {
    const best = { ...(await search()), metric: evil }
    const inputs = {
      ...(await inputsOf(model, hostile, [`slice${evil}`])),
      training: hostile,
      best,
    }
    const text = await report(inputs, { title: evil })
    const tags = new Set([...text.matchAll(/<\/?([a-z0-9!]*)/gi)].map(([, tag]) => tag))
    const known =
      '!doctype html head meta title style body header h1 h2 h3 p strong main dl div dt dd figure figcaption svg g path circle rect text table thead tbody tr th td'
    expect([...tags].filter((tag) => !known.split(' ').includes(tag ?? ''))).toEqual([])
    expect(text.match(/<style>/g)).toHaveLength(1)
    expect(text).not.toMatch(/\bhttps?:|url\(|@import|\bsrc="|\bhref="/)
    expect([text.includes('\u0000'), text.includes('\u202e')]).toEqual([false, false])
    // Each tag is whole: names, and values in quotes.
    for (const [tag] of text.matchAll(/<[a-z][^>]*>/g)) {
      expect(tag).toMatch(/^<[a-z0-9]+(?:\s+[a-zA-Z-]+(?:="[^"<>]*")?)*\s*\/?>$/)
      expect(tag.replaceAll(/"[^"]*"/g, '')).not.toMatch(/\son[a-z]+=/)
    }
  })
})

test('what the ticks of an axis say has room', async () => {
  for (const unit of [1e-6, 1, 12_345, 1e8, 1e12]) {
    const large = rest.map((row) => ({ ...row, y: Number(row['y']) * unit }))
    const model = trainRegression(
      { rows: large },
      contextOf({ kind: 'tree', features, target: 'y' }),
    )
    const text = await report(await inputsOf(model, large))
    const axes = text.split('<svg').slice(1, 4)
    for (const axis of axes) {
      const ticks = [...axis.matchAll(/class="tick"\s+x="([\d.]+)"\s+y="\d+"\s*>([^<]+)</g)]
      expect(ticks.length).toBeGreaterThan(0)
      for (const [place, [, x, label = '']] of ticks.entries()) {
        const [, before = -1e9] = ticks[place - 1] ?? []
        expect(Number(x) - Number(before)).toBeGreaterThanOrEqual(label.length * 7)
      }
    }
  }
})

test.each([
  ['one row', rest.slice(0, 1)],
  ['one row again and again', Array.from({ length: 5 }, () => rest[0] ?? {})],
])('%s is reported without a broken number', async (_, table) => {
  for (const model of [forest, classifier('two'), classifier('three')]) {
    const text = await report(await inputsOf(model, table))
    expect(text).not.toMatch(/NaN|Infinity|undefined/)
  }
})

test('rows that lack the target are refused, and nothing is written', async () => {
  const path = join(projectDir(), 'report.html')
  const context = { ...contextOf({}), outs: { report: path } }
  const bad = async () =>
    await reportModel({ ...(await inputsOf(linear)), rows: [{ a: 1, b: 1, c: 1 }] }, context)
  expect((await rejectionOf(bad())).code).toBe('STEPWELL_COLUMN_UNKNOWN')
  expect(existsSync(path)).toBe(false)
})
