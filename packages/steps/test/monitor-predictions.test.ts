import type { StepFunction } from '@stepwell/engine/author'
import { readReference, type PredictionLine } from '@stepwell/registry'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { driftOf } from '../src/drift.ts'
import {
  evaluateModel,
  loadModel,
  monitorPredictions,
  readCsv,
  trainClassifier,
  trainRegression,
  type Model,
  type MonitorPredictionsInputs,
  type MonitorPredictionsParams,
  type PredictionReport,
  type Row,
} from '../src/index.ts'
import { numbersOf } from '../src/table.ts'
import { DAY, ServedProject, START, type ServedLine } from './served.ts'
import { contextOf, dataFile, rejectionOf, expectClose } from './support.ts'

// Rows on which x is 0 to 99, in each of two seasons, and y is 2x and a bit.
const TRAINING: readonly Row[] = Array.from({ length: 200 }, (_, row) => ({
  x: row % 100,
  season: row < 100 ? 1 : 2,
  y: 2 * (row % 100) + (row % 2),
}))
const train = (rows: readonly Row[], features: readonly string[] = ['x', 'season']): Model =>
  trainRegression({ rows }, contextOf({ kind: 'linear', features, target: 'y' } as const))
const MODEL = train(TRAINING.map((row, place) => ({ ...row, season: place % 3 })))
const RELEASE = { model: MODEL, training: TRAINING, metrics: { rmse: 2 } }
const OPEN = { psiWarn: 99, ksWarn: 99, beyondWarn: 99, refusedWarn: 99, errorWarn: 999 }

/** Rows of one day, answered with `off` too much; the truth is 2x. */
function day(
  project: ServedProject,
  version: string,
  number: number,
  { rows = 100, off = 0, season = 1, shift = 0 } = {},
): PredictionLine[] {
  return Array.from({ length: rows }, (_, row) => {
    const x = (row % 100) + shift
    return project.line(version, {
      at: START + number * DAY + row,
      request: `${number}-${row}`,
      features: { x, season },
      prediction: 2 * x + off,
    })
  })
}
const labelsOf = (lines: readonly PredictionLine[]): Row[] =>
  lines.map(({ request, row, features }) => ({ request, row, y: 2 * Number(features['x']) }))

test('is a step function of the engine', () => {
  const step: StepFunction<
    MonitorPredictionsInputs,
    MonitorPredictionsParams,
    PredictionReport,
    'report' | 'summary' | 'log'
  > = monitorPredictions
  expect(step).toBeTypeOf('function')
})

describe('labels', () => {
  test('come late: the newest windows that have them decide, and the others have no error', async () => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const days = [0, 1, 2].map((number) => day(project, version, number, { off: number * 3 + 1 }))
    const labels = labelsOf(days.slice(0, 2).flat())
    const { report, metrics, page } = await project.monitor(days, {}, { labels })
    expect(report.windows.map(({ window, labelled, error }) => [window, labelled, error])).toEqual([
      ['2024-01-01', 100, expect.objectContaining({ rmse: 1, mae: 1, ratio: 0.5 })],
      ['2024-01-02', 100, expect.objectContaining({ rmse: 4, mae: 4, ratio: 2 })],
      ['2024-01-03', 0, undefined],
    ])
    expect(report.status).toBe('alert')
    expect(report.reasons).toContain(
      'rmse of 2024-01-02 is 2 times that at its evaluation (alert from 1.5)',
    )
    expect(metrics).toMatchObject({ rows: 300, labelled: 200, rmse: 4, ratio: 2 })
    expect(page).toContain('2024-01-03: no labels yet'.replace(':', `, ${version}:`))
    // Two windows as one: the mean of the squares 1 and 16.
    const both = await project.monitor(days, { newest: 2 }, { labels })
    expectClose(both.metrics['rmse'] ?? 0, Math.sqrt(8.5), 1e-12)
    expect(both.report.reasons.join()).toContain('rmse of 2024-01-01 to 2024-01-02 is 1.46 times')
  })

  test('of rows that come twice join once, a label that comes again corrects, others are counted', async () => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const first = project.line(version, {
      request: 'a',
      features: { x: 1, season: 1 },
      prediction: 5,
    })
    const again = { ...first, at: START + 1, prediction: 6 }
    const other = { ...first, request: 'b', row: 3, prediction: 10 }
    const labels = [
      { request: 'a', row: 0, y: 1000 },
      { request: 'a', row: 0, y: 2 },
      { request: 'b', row: 3, y: 7 },
      { request: 'c', row: 0, y: 1 },
      { request: 'b', row: 0, y: null },
    ]
    const { report } = await project.monitor([[again, other], [first]], {}, { labels })
    expect(report.labels).toEqual({ joined: 2, unmatched: 2 })
    // 6 - 2 and 10 - 7.
    expect(report.windows[0]).toMatchObject({ rows: 3, labelled: 2, error: { mae: 3.5 } })
    const unknown = labels.map((label) => ({ ...label, y: null }))
    expect(
      (await project.monitor([[first]], {}, { labels: unknown })).report.windows[0],
    ).toMatchObject({
      rows: 1,
      labelled: 0,
    })
  })

  test('are joined by what was kept, features, or members of the line, as numbers or as text', async () => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const lines = ['10', '20'].map((order, place) =>
      project.line(version, {
        request: `q${place}`,
        features: { x: place, season: 1 },
        prediction: 1,
        kept: { order },
      }),
    )
    const joined = async (columns: string[], labels: Row[]): Promise<number> =>
      (await project.monitor([lines], { join: columns, target: 'truth' }, { labels })).report.labels
        .joined
    expect(await joined(['order'], [{ order: 10, truth: 1 }])).toBe(1)
    expect(await joined(['order', 'x'], [{ order: '20', x: '1', truth: 1 }])).toBe(1)
    expect(await joined(['order', 'x'], [{ order: 2, x: '01', truth: 1 }])).toBe(0)
    expect(await joined(['request'], [{ request: 'q1', truth: 1 }])).toBe(1)
  })

  test('that are no numbers, or lack a column, are refused', async () => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const lines = [project.line(version, {})]
    const refused = async (labels: readonly Row[]): Promise<string> =>
      (await rejectionOf(project.monitor([lines], {}, { labels }))).message
    expect(
      await refused([
        { request: 'q', row: 0, y: null },
        { request: 'r', row: 0, y: 'much' },
      ]),
    ).toContain('row 2 of 2 holds "much"')
    expect(await refused([{ request: 'q', y: 1 }])).toContain('no column "row"')
    expect(await refused([{ request: 'q', row: 0, z: 1 }])).toContain('no column "y"')
  })

  test('a baseline is scored on the same rows', async () => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const lines = day(project, version, 0)
    const baseline = train(
      TRAINING.map((row) => ({ ...row, y: Number(row['y']) + 10 })),
      ['x'],
    )
    const labels = labelsOf(lines)
    const { report, page } = await project.monitor([lines], {}, { labels, baseline })
    const truths = labels.map(({ y }, row) => ({ x: lines[row]?.features['x'] ?? 0, y: y ?? 0 }))
    const expected = (await evaluateModel({ model: baseline, rows: truths }, contextOf({})))
      .metrics['rmse']
    expect(report.windows[0]?.error?.baseline).toBe(expected)
    expect(page).toContain('baseline, dashed')
    const elsewhere = train(
      TRAINING.map((row) => ({ ...row, z: row['x'] ?? 0 })),
      ['z'],
    )
    const without = await project.monitor([lines], {}, { labels, baseline: elsewhere })
    expect(without.report.windows[0]?.error).not.toHaveProperty('baseline')
    expect(without.logged.join()).toContain('lack what the baseline reads')
  })
})

describe('windows', () => {
  const at = (iso: string): Partial<PredictionLine> => ({ at: Date.parse(iso) })
  test.each([
    ['1 week', ['2023-12-25', '2024-01-01', '2024-01-08']],
    ['1 day', ['2023-12-31', '2024-01-01', '2024-01-07', '2024-01-08']],
    [
      '6 hours',
      ['2023-12-31T18:00Z', '2024-01-01T00:00Z', '2024-01-07T18:00Z', '2024-01-08T00:00Z'],
    ],
    [
      '30 minutes',
      ['2023-12-31T23:30Z', '2024-01-01T00:00Z', '2024-01-07T23:30Z', '2024-01-08T00:00Z'],
    ],
  ])('%s: weeks begin on Monday, all in UTC', async (window, expected) => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const times = [
      '2024-01-08',
      '2023-12-31T23:59:59Z',
      '2024-01-01T00:00:00Z',
      '2024-01-07T23:59Z',
    ]
    const lines = times.map((iso) => project.line(version, at(iso)))
    const { report } = await project.monitor([lines], { window })
    expect(report.windows.map((one) => one.window)).toEqual(expected)
  })

  test.each(['1 month', 'week', '0 days', '1.5 days', '1 day '])(
    'no window of %j',
    async (window) => {
      const project = new ServedProject()
      expect((await rejectionOf(project.monitor([], { window }))).code).toBe(
        'STEPWELL_PARAM_INVALID',
      )
    },
  )

  test('the time is what was kept, or a feature; refused rows have theirs', async () => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const times = [
      '2024-01-05',
      '2024-01-05T10:00',
      '2024-01-05 23:30:00',
      '2024-01-06T01:00+02:00',
    ]
    const lines: ServedLine[] = [...times, Date.UTC(2024, 0, 5)].map((when) =>
      project.line(version, { kept: { when } }),
    )
    lines.push(
      project.refusal(version, { refused: { x: 'missing' }, kept: { when: '2024-01-05' } }),
    )
    const bad = [{}, { when: 'soon' }, { when: '2024-13-01' }, { when: null }].map((kept) =>
      project.line(version, { kept }),
    )
    const { report, page } = await project.monitor([lines, bad], { time: 'when' })
    expect(report.windows).toMatchObject([
      { window: '2024-01-05', rows: 5, refused: { count: 1, share: 1 / 6, byField: { x: 1 } } },
    ])
    expect(report.untimed).toBe(4)
    expect(page).toContain('4 lines have no time')
    const error = await rejectionOf(project.monitor([bad], { time: 'when' }))
    expect(error.code).toBe('STEPWELL_TIME_UNREADABLE')
    const feature = day(project, version, 0, { rows: 3, shift: START })
    expect((await project.monitor([feature], { time: 'x' })).report.windows).toMatchObject([
      { window: '2024-01-01', rows: 3 },
    ])
  })

  test('torn lines and those of other models are left out, and large files are read whole', async () => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const lines = Array.from({ length: 20_000 }, (_, row) =>
      project.line(version, {
        at: START + row,
        request: `ä${row}`,
        features: { x: row % 100, season: 1 },
        kept: { note: 'n'.repeat(120 + (row % 7)) },
      }),
    )
    const others = lines.slice(0, 10).map((line) => ({ ...line, model: 'other' }))
    const torn = JSON.stringify(lines[0]).slice(0, 50)
    const { report } = await project.monitor(
      [[...lines, torn], [...others, 'no JSON\n', '\n'], [torn]],
      {},
      {
        labels: [{ request: 'ä19999', row: 0, y: 1 }],
      },
    )
    expect(report.windows).toMatchObject([{ rows: 20_000, labelled: 1 }])
  })

  test('an empty log is all right, and says so', async () => {
    const project = new ServedProject()
    const { report, page, log } = await project.monitor(
      [],
      {},
      { labels: [{ request: 'a', row: 0, y: 1 }] },
    )
    expect(report).toEqual({
      status: 'ok',
      reasons: [],
      windows: [],
      untimed: 0,
      labels: { joined: 0, unmatched: 1 },
    })
    expect(page).toContain('has no rows of <strong>line</strong> yet')
    expect(log).toBe('')
  })
})

test('the order of lines and files makes no difference to a byte of any out', async () => {
  const project = new ServedProject()
  const versions = [
    await project.register(RELEASE),
    await project.register({ ...RELEASE, metrics: { rmse: 3 }, training: TRAINING.slice(0, 150) }),
  ]
  const lines: ServedLine[] = versions.flatMap((version, place) =>
    [0, 1, 2].flatMap((number) =>
      day(project, version, number, { rows: 20, off: 0.1 + place / 3, shift: number * 1.7 }),
    ),
  )
  // The same row at the same time from two versions: one must be chosen.
  const labels = labelsOf(lines as PredictionLine[])
  lines.push(project.refusal(versions[0] ?? '', { refused: { x: 'range' } }))
  const params = { minRows: 5, like: ['season'], newest: 2 }
  const inputs = { labels, baseline: MODEL }
  const {
    report: _,
    metrics: __,
    logged: ___,
    ...expected
  } = await project.monitor([lines], params, inputs)
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(lines, { minLength: lines.length }),
      fc.nat(lines.length),
      async (shuffled, cut) => {
        const files = [shuffled.slice(0, cut), shuffled.slice(cut)]
        const { page, summary, log } = await project.monitor(files, params, inputs)
        expect({ page, summary, log }).toEqual(expected)
      },
    ),
    { numRuns: 25 },
  )
})

describe('versions', () => {
  test('a window is compared with the version that answered most; errors with each its own', async () => {
    const project = new ServedProject()
    const old = await project.register(RELEASE)
    const young = await project.register({
      ...RELEASE,
      metrics: { rmse: 4 },
      training: TRAINING.map((row) => ({ ...row, x: Number(row['x']) + 50 })),
    })
    const lines = [
      ...day(project, old, 0, { rows: 60, off: 2 }),
      ...day(project, young, 0, { rows: 100, off: 4, shift: 50 }).map((line) => ({
        ...line,
        request: `n${line.request}`,
      })),
    ]
    const { report, page } = await project.monitor([lines], {}, { labels: labelsOf(lines) })
    const [window] = report.windows
    expect(window?.versions).toEqual({ [old]: 60, [young]: 100 })
    expect(window?.reference).toEqual({ version: young, rows: 200, alike: false })
    expect(window?.error?.ratio).toBe(1)
    const after = Float64Array.from(lines, ({ features }) => Number(features['x']))
    const before = Float64Array.from(TRAINING, (row) => Number(row['x']) + 50)
    expect(window?.drift['x']).toMatchObject(driftOf(before, after, 10))
    expect([page.includes(old), page.includes(young)]).toEqual([true, true])
  })

  test('without training rows there is no drift, without an evaluation no ratio, and both are said', async () => {
    const project = new ServedProject()
    const version = await project.register({ model: MODEL })
    const lines = day(project, version, 0, { off: 50 })
    const { report, logged, page } = await project.monitor([lines], {}, { labels: labelsOf(lines) })
    expect(report.windows).toMatchObject([{ reference: null, drift: {}, error: { ratio: null } }])
    expect(report.status).toBe('ok')
    expect(logged).toContain(`version ${version} has no training rows: no drift`)
    expect(logged).toContain(`version ${version} has no evaluation: its error is not judged`)
    expect(page).toContain('have no training rows to compare with')
  })

  test('a version that the registry does not have is an error', async () => {
    const project = new ServedProject()
    const line = project.line('0123456789abcdef', {})
    expect((await rejectionOf(project.monitor([[line]]))).code).toBe('STEPWELL_MODEL_UNKNOWN')
  })

  test('of a classifier the share of wrong predictions counts', async () => {
    const project = new ServedProject()
    const rows = TRAINING.map((row) => ({ ...row, kind: Number(row['x']) < 50 ? 'low' : 'high' }))
    const model = trainClassifier(
      { rows },
      contextOf({ kind: 'treeClassifier', features: ['x'], target: 'kind' } as const),
    )
    const { classes = [] } = loadModel(model)
    const version = await project.register({ model, training: rows, metrics: { accuracy: 0.9 } })
    const lines = day(project, version, 0).map((line) => ({
      ...line,
      prediction: classes.indexOf(Number(line.features['x']) < 50 ? 'low' : 'high'),
    }))
    const labels = lines.map(({ request, row, features }) => ({
      request,
      row,
      kind: Number(features['x']) < 70 ? 'low' : Number(features['x']) < 80 ? 'new' : 'high',
    }))
    const { report, page, metrics } = await project.monitor(
      [lines],
      {},
      { labels, baseline: model },
    )
    const error = report.windows[0]?.error
    expect(error).toEqual({ wrong: 0.3, baseline: 0.3, ratio: expect.closeTo(3, 12) as number })
    expect(metrics['wrong']).toBe(0.3)
    expect(report.reasons).toContain(
      'wrong predictions of 2024-01-01 are 3 times as many as at its evaluation (alert from 1.5)',
    )
    expect(page).toContain('Wrong predictions over time')
  })
})

describe('seasons', () => {
  test('a window is compared with the training rows that are like it, if there are enough', async () => {
    const project = new ServedProject()
    // In the second season, x is larger by 1000.
    const training = TRAINING.map((row) => ({
      ...row,
      x: Number(row['x']) + (row['season'] === 2 ? 1000 : 0),
    }))
    const version = await project.register({ ...RELEASE, training })
    const lines = day(project, version, 0, { season: 2, shift: 1000 })
    const drift = async (params: Partial<MonitorPredictionsParams>) => {
      const { report } = await project.monitor([lines], params)
      const [window] = report.windows
      return [
        report.status,
        window?.reference?.rows,
        window?.reference?.alike,
        window?.drift['x']?.psi,
      ]
    }
    expect(await drift({})).toEqual(['alert', 200, false, expect.any(Number)])
    expect(await drift({ like: ['season'] })).toEqual(['ok', 100, true, 0])
    expect(await drift({ like: ['season'], minRows: 100 })).toEqual(['ok', 100, true, 0])
    const few = await project.monitor([day(project, version, 0, { rows: 120, season: 2 })], {
      like: ['season'],
      minRows: 101,
    })
    expect(few.report.windows[0]?.reference).toEqual({ version, rows: 200, alike: false })
  })

  test('what rows are chosen by does not count, unless it is asked for', async () => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    // Nine in ten of one season, while the training rows have as many of both.
    const lines = day(project, version, 0).map((line, row) => ({
      ...line,
      features: { ...line.features, season: row % 10 === 0 ? 2 : 1 },
    }))
    const status = async (params: Partial<MonitorPredictionsParams>): Promise<string> =>
      (await project.monitor([lines], { like: ['season'], ...params })).report.status
    expect(await status({})).toBe('ok')
    expect(await status({ columns: ['season'] })).toBe('alert')
    expect(await status({ columns: ['x'] })).toBe('ok')
    const unknown = await rejectionOf(project.monitor([lines], { like: ['month'] }))
    expect(unknown.code).toBe('STEPWELL_COLUMN_UNKNOWN')
  })
})

describe('the status', () => {
  test('a share that is 0 throughout is drawn on an axis that does not go below 0', async () => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const { page, report } = await project.monitor([day(project, version, 0)])
    expect(report.windows).toMatchObject([{ beyondAny: 0 }])
    const chart = page.split('aria-label="Beyond the range of the training rows"').at(-1) ?? ''
    expect(chart).not.toBe(page)
    const ticks = [...chart.matchAll(/class="tick left"[^>]*>([^<]*)</g)].map(([, tick]) => tick)
    expect([ticks[0], ticks.at(-1)]).toEqual(['0', '1'])
  })

  test('names what is wrong, the worst first, and each measure has thresholds', async () => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const lines: ServedLine[] = day(project, version, 0, { off: 2.5 }).map((line, row) => ({
      ...line,
      ms: row,
      ...(row < 10 && { beyond: ['x'] }),
    }))
    const labels = labelsOf(lines as PredictionLine[])
    for (let row = 0; row < 25; row++) {
      lines.push(
        project.refusal(version, { refused: { x: 'type', ...(row < 5 && { season: 'missing' }) } }),
      )
    }
    const columns = ['x']
    const { report } = await project.monitor([lines], { latencyWarn: 50, columns }, { labels })
    expect(report.reasons).toEqual([
      '20 % of the rows were refused (alert from 10 %)',
      'rmse of 2024-01-01 is 1.25 times that at its evaluation (warn from 1.2)',
      '10 % of the rows have an input beyond the range of the training rows (warn from 5 %)',
      'the latency has a 99th percentile of 98 ms (warn from 50 ms)',
    ])
    expect(report.windows).toMatchObject([
      {
        status: 'alert',
        beyond: { x: 0.1 },
        beyondAny: 0.1,
        refused: { count: 25, share: 0.2, byField: { season: 5, x: 25 } },
        latency: { p50: 49.5, p99: expect.closeTo(98.01, 9) as number },
      },
    ])
    const status = async (params: Partial<MonitorPredictionsParams>): Promise<string> =>
      (await project.monitor([lines], { ...OPEN, columns, ...params }, { labels })).report.status
    expect(await status({})).toBe('ok')
    expect(await status({ errorWarn: 1.25, errorAlert: 2 })).toBe('warn')
    expect(await status({ errorWarn: 1.2, errorAlert: 1.25 })).toBe('alert')
    expect(await status({ beyondWarn: 0.1, beyondAlert: 0.2 })).toBe('warn')
    expect(await status({ refusedWarn: 0.2, refusedAlert: 0.3 })).toBe('warn')
    expect(await status({ latencyAlert: 98 })).toBe('alert')
    expect(await status({ latencyAlert: 99 })).toBe('ok')
    expect((await rejectionOf(status({ latencyWarn: 9, latencyAlert: 8 }))).code).toBe(
      'STEPWELL_PARAM_INVALID',
    )
  })

  test('one of few rows that is refused is no alert', async () => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const refusals = Array.from({ length: 3 }, () =>
      project.refusal(version, { refused: { x: 'type' } }),
    )
    const of = async (minRows: number): Promise<string> =>
      (await project.monitor([refusals], { minRows })).report.status
    expect(await of(4)).toBe('ok')
    expect(await of(3)).toBe('alert')
  })

  test('with few rows neither drift nor error is judged, and windows are added until there are enough', async () => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const few = day(project, version, 0, { rows: 20, off: 50, shift: 500 })
    const alone = (await project.monitor([few], {}, { labels: labelsOf(few) })).report
    expect(alone).toMatchObject({ status: 'ok', windows: [{ status: 'ok', drift: {} }] })
    const more = day(project, version, 1, { rows: 40, off: 50, shift: 500 })
    const both = (await project.monitor([few, more], {}, { labels: labelsOf([...few, ...more]) }))
      .report
    expect(both.status).toBe('alert')
    expect(both.windows.map(({ status }) => status)).toEqual(['ok', 'ok'])
    expect(both.reasons.join()).toMatch(/x has psi .*rmse of 2024-01-01 to 2024-01-02/)
  })
})

test('bike sharing: a model of 2011 in the weeks of 2012', async () => {
  const all = readCsv({ csv: dataFile('bike-sharing-hour.csv') }, contextOf({}))
  const training = all.filter((row) => row['yr'] === 0)
  const later = all.filter((row) => row['yr'] === 1)
  const features = ['mnth', 'hr', 'workingday', 'temp', 'hum', 'windspeed']
  const model = trainRegression(
    { rows: training },
    contextOf({ kind: 'tree', features, target: 'cnt' } as const),
  )
  const project = new ServedProject('bikes')
  const metrics = { rmse: model.residuals.rmse }
  const version = await project.register({ model, training, metrics })
  const predicted = loadModel(model).predict(later)
  const dayOf = (row: Row): number => {
    const [month = 0, date = 0, year = 0] = String(row['dteday']).split('/').map(Number)
    return Date.UTC(year, month - 1, date)
  }
  const lines = later.map((row, place) =>
    project.line(version, {
      request: `r${place}`,
      features: Object.fromEntries(features.map((name) => [name, row[name] ?? ''])),
      prediction: predicted[place] ?? 0,
      kept: { instant: Number(row['instant']), day: dayOf(row) },
    }),
  )
  const params = { time: 'day', window: '1 week', join: ['instant'], like: ['mnth'] }
  const { report, page, log } = await project.monitor([lines], params, {
    labels: later,
    baseline: model,
  })
  expect(report.windows).toHaveLength(54)
  expect(log.trim().split('\n')).toHaveLength(54)
  const monday = Date.UTC(2012, 2, 5)
  const week = later.filter((row) => dayOf(row) >= monday && dayOf(row) < monday + 7 * DAY)
  const found = report.windows.find(({ window }) => window === '2012-03-05')
  const expected = (await evaluateModel({ model, rows: week }, contextOf({}))).metrics
  expect(found).toMatchObject({ rows: week.length, labelled: week.length })
  const error = found?.error ?? { ratio: null, wrong: 0 }
  if (!('rmse' in error)) throw new Error('expected the error of a regression')
  expectClose(error.rmse, expected['rmse'] ?? 0, 1e-12)
  expectClose(error.r2 ?? 0, expected['r2'] ?? 0, 1e-12)
  expect(error.baseline).toBe(error.rmse)
  expectClose(error.ratio ?? 0, error.rmse / metrics.rmse, 1e-12)
  const { columns = {} } = readReference(join(project.dir, 'models'), 'bikes', version) ?? {}
  const march = [...(columns['mnth'] ?? []).keys()].filter((row) => columns['mnth']?.[row] === 3)
  expect(march.length).toBeGreaterThan(100)
  for (const name of ['temp', 'hum', 'hr']) {
    const { status: _, ...drift } = found?.drift[name] ?? { status: 'ok' }
    const before = Float64Array.from(march, (row) => columns[name]?.[row] ?? Number.NaN)
    expect(drift).toEqual(driftOf(before, numbersOf(week, name), 10))
  }
  expect(found?.reference).toEqual({ version, rows: march.length, alike: true })
  expect(report.status).toBe('alert')
  expect(page).not.toMatch(/NaN|Infinity|undefined/)
})

test('no name is taken for HTML, and nothing is loaded', async () => {
  const evil = `"'></title></style><script>alert(1)</script><img src=x onerror=alert(1)>&\u0000\u202e\ud800`
  const project = new ServedProject()
  const rows = TRAINING.map((row) => ({ [evil]: row['x'] ?? 0, y: row['y'] ?? 0 }))
  const version = await project.register({
    model: train(rows, [evil]),
    training: rows,
    metrics: { rmse: 1 },
  })
  const lines = [0, 1].flatMap((number) =>
    day(project, version, number, { off: number }).map((line) => ({
      ...line,
      features: { [evil]: line.features['x'] ?? 0 },
      beyond: [evil],
    })),
  )
  const labels = lines.map(({ request, row }) => ({ request, row, y: 1 }))
  const { page } = await project.monitor([lines], { title: evil, like: [] }, { labels })
  const tags = new Set([...page.matchAll(/<\/?([a-z0-9!]*)/gi)].map(([, tag]) => tag))
  const known =
    '!doctype html head meta title style body header h1 h2 h3 p strong main dl div dt dd figure figcaption svg g path circle rect text table thead tbody tr th td ul li span code'
  expect([...tags].filter((tag) => !known.split(' ').includes(tag ?? ''))).toEqual([])
  expect(page.match(/<style>/g)).toHaveLength(1)
  expect(page).not.toMatch(/\bhttps?:|url\(|@import|\bsrc="|\bhref="/)
  for (const [tag] of page.matchAll(/<[a-z][^>]*>/g)) {
    expect(tag).toMatch(/^<[a-z0-9]+(?:\s+[a-zA-Z-]+(?:="[^"<>]*")?)*\s*\/?>$/)
    expect(tag.replaceAll(/"[^"]*"/g, '')).not.toMatch(/\son[a-z]+=/)
  }
})

test.each([1, 5, 53, 400])(
  'the page of %d windows has all of them, and its dates have room',
  async (count) => {
    const project = new ServedProject()
    const version = await project.register(RELEASE)
    const days = Array.from({ length: count }, (_, number) =>
      day(project, version, number, { rows: 4, off: number % 5 }),
    )
    const labels = labelsOf(days.flat().filter((_, row) => row % 3 > 0))
    const { page } = await project.monitor(days, { minRows: 2 }, { labels, baseline: MODEL })
    expect(page).not.toMatch(/NaN|Infinity|undefined/)
    expect([...page.matchAll(/<td\s+class="tone-/g)]).toHaveLength(count)
    for (const chart of page.split('<svg').slice(1)) {
      const dates = [
        ...chart.matchAll(/class="tick"\s+x="([\d.]+)"\s+y="\d+"\s*>\s*(\d{4}-\d\d-\d\d)</g),
      ]
      for (const [place, [, x]] of dates.entries()) {
        const [, before = -1e9] = dates[place - 1] ?? []
        expect(Number(x) - Number(before)).toBeGreaterThanOrEqual(74)
      }
    }
  },
)
