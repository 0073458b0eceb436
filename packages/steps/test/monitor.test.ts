import type { StepFunction } from '@stepwell/engine/author'
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  deployModel,
  evaluateRegression,
  monitorModel,
  readCsv,
  splitRows,
  trainRegression,
  type MonitorModelInputs,
  type MonitorModelParams,
  type MonitorReport,
  type Row,
} from '../src/index.ts'
import { runAndKill } from './kill.ts'
import { contextOf, dataFile, rejectionOf, expectClose, projectDir, treeOf } from './support.ts'

const LOG = 'monitor/performance.ndjson'
const train = (rows: readonly Row[]): MonitorModelInputs['model'] =>
  trainRegression({ rows }, contextOf({ kind: 'linear', features: ['x'], target: 'y' } as const))
const monitor = async (
  dir: string,
  inputs: MonitorModelInputs,
  params: MonitorModelParams = {},
): Promise<MonitorReport> => await monitorModel(inputs, contextOf(params, dir))
const lines = (dir: string, path: string = LOG): Record<string, unknown>[] =>
  readFileSync(join(dir, path), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

/** y = 2x with an error of +1 or -1, and from a month on a constant one on top. */
const rowsOf = (from: number, count: number, off = 0): Row[] =>
  Array.from({ length: count }, (_, index) => {
    const x = from + ((index * 7) % 50)
    return {
      x,
      y: 2 * x + (index % 2 === 0 ? 1 : -1) + off,
      month: 1 + Math.floor((12 * index) / count),
      kind: index % 3 === 0 ? 'b' : 'a',
    }
  })
const training = rowsOf(0, 600)
const model = train(training)
const calm: MonitorModelInputs = { model, training, period: rowsOf(0, 600) }

test('is a step function of the engine', () => {
  const step: StepFunction<MonitorModelInputs, MonitorModelParams, MonitorReport> = monitorModel
  expect(step.stale).toBeTypeOf('function')
})

describe('the report', () => {
  test('is calm about rows like those of the training', async () => {
    const context = contextOf({}, projectDir())
    const report = await monitorModel(calm, context)
    expect(report.status).toBe('ok')
    expect(report.period).toEqual({ ...report.training, rmseRatio: 1, status: 'ok' })
    expect(report.windows).toEqual([{ window: 'all', ...report.period }])
    expect(report.drift.map(({ column, role, psi, ks }) => [column, role, psi, ks])).toEqual([
      ['x', 'feature', 0, 0],
      ['y', 'target', 0, 0],
    ])
    expect(Object.fromEntries(context.metrics)).toEqual({
      r2: report.period.r2,
      rmse: report.period.rmse,
      mae: report.period.mae,
      rmseRatio: 1,
      psi: 0,
      ks: 0,
      alerts: 0,
    })
  })

  test('tells an error that grew from columns that drifted', async () => {
    const report = await monitor(projectDir(), { ...calm, period: rowsOf(0, 600, 3) })
    expect(report.period.status).toBe('alert')
    expect(report.drift[0]?.status).toBe('ok')
    expectClose(report.period.meanActual - report.training.meanActual, 3, 1e-9)
    expectClose(report.period.meanPredicted, report.training.meanPredicted, 1e-9)
    const drifted = await monitor(projectDir(), { ...calm, period: rowsOf(25, 600) })
    expect(drifted.period.status).toBe('ok')
    expect(drifted.drift[0]).toMatchObject({ column: 'x', status: 'alert', ks: 0.5 })
    expect(drifted.status).toBe('alert')
  })

  test('a window holds exactly its rows, windows come in the order of their values', async () => {
    const report = await monitor(projectDir(), calm, { windows: ['month', 'kind'] })
    expect(report.windows.map(({ window }) => window).slice(0, 4)).toEqual([
      'month 1, kind "a"',
      'month 1, kind "b"',
      'month 2, kind "a"',
      'month 2, kind "b"',
    ])
    expect(report.windows).toHaveLength(24)
    const rows = calm.period.filter((row) => row['month'] === 12 && row['kind'] === 'b')
    expect(report.windows[23]).toMatchObject(
      await evaluateRegression({ model, rows }, contextOf({})),
    )
    expect(report.windows.reduce((sum, { n }) => sum + n, 0)).toBe(600)
  })

  test('numbers come before text, what is missing comes last', async () => {
    const values = [null, 'b', 10, 'a', 9, '9']
    const period = values.map((w, index) => ({ x: index, y: index, w }))
    const report = await monitor(projectDir(), { ...calm, period }, { windows: ['w'] })
    const order = ['w 9', 'w 10', 'w "9"', 'w "a"', 'w "b"', 'w null']
    expect(report.windows.map(({ window }) => window)).toEqual(order)
  })

  test('thresholds decide the status', async () => {
    const inputs = { ...calm, period: rowsOf(0, 600, 1) }
    const { period, drift } = await monitor(projectDir(), inputs)
    expectClose(period.rmseRatio, Math.SQRT2, 0.01)
    const status = async (params: MonitorModelParams): Promise<string> =>
      (await monitor(projectDir(), inputs, params)).status
    const quiet = { psiWarn: 99, ksWarn: 99 }
    expect(period.status).toBe('warn')
    expect(await status(quiet)).toBe('warn')
    expect(await status({ ...quiet, errorAlert: 1.3 })).toBe('alert')
    expect(await status({ ...quiet, errorWarn: 1.45 })).toBe('ok')
    const ks = drift[1]?.ks ?? Number.NaN
    expect(await status({ psiWarn: 99, errorWarn: 9, ksWarn: ks, ksAlert: 99 })).toBe('warn')
    expect(await status({ psiWarn: 99, errorWarn: 9, ksWarn: ks / 2, ksAlert: ks })).toBe('alert')
    expect(await status({ ksWarn: 99, errorWarn: 9, psiWarn: 1e-9, psiAlert: 99 })).toBe('warn')
  })

  test('a perfect training and an imperfect period: alert, and a log line JSON can hold', async () => {
    const perfect = [1, 2, 3].map((x) => ({ x, y: 4 }))
    const context = contextOf({}, projectDir())
    const inputs = { model: train(perfect), training: perfect, period: [{ x: 1, y: 5 }] }
    const report = await monitorModel(inputs, context)
    expect(report.period).toMatchObject({ rmseRatio: Infinity, status: 'alert', r2: Number.NaN })
    expect(context.metrics.has('rmseRatio')).toBe(false)
    expect(context.metrics.has('r2')).toBe(false)
    expect(lines(context.dir)[0]).toMatchObject({ r2: null, rmseRatio: null })
    expect(monitorModel.stale(report, context)).toBeUndefined()
  })

  test('bike sharing: trained on 2011, the year and the demand of 2012 have drifted', async () => {
    const rows = readCsv({ csv: dataFile('bike-sharing-hour.csv') }, contextOf({}))
    const byYear = contextOf({ by: 'column', column: 'yr', train: [0], test: [1] } as const)
    const parts = splitRows({ rows }, byYear)
    expect([parts.train.length, parts.test.length]).toEqual([8645, 8734])
    const features = ['season', 'yr', 'mnth', 'hr', 'temp', 'hum', 'windspeed']
    const params = contextOf({ kind: 'linear', features, target: 'cnt' } as const)
    const trained = trainRegression({ rows: parts.train }, params)
    expect(params.logged[0]).toContain('"yr" is constant')
    const dir = projectDir()
    const inputs = { model: trained, training: parts.train, period: parts.test }
    const report = await monitor(dir, inputs, { windows: ['mnth'] })
    expect(report.windows).toHaveLength(12)
    expect(lines(dir)).toHaveLength(12)
    const drift = new Map(report.drift.map((column) => [column.column, column]))
    expect(drift.get('yr')).toMatchObject({ ks: 1, meanBefore: 0, meanAfter: 1, status: 'alert' })
    expect(drift.get('hr')?.status).toBe('ok')
    expectClose(drift.get('cnt')?.meanBefore ?? 0, 143.8, 1e-3)
    expectClose(drift.get('cnt')?.meanAfter ?? 0, 234.7, 1e-3)
    expect(report.status).toBe('alert')
  })
})

describe('the performance log', () => {
  test('has a line per version and window, and running again changes nothing', async () => {
    const dir = projectDir()
    const deployment = deployModel({ model }, contextOf({}, dir))
    const inputs = { ...calm, deployment }
    const report = await monitor(dir, inputs, { windows: ['month'] })
    expect(report.version).toBe(deployment.version)
    const expected = report.windows.map((window) => ({ version: deployment.version, ...window }))
    expect(lines(dir)).toEqual(expected)
    const { ino } = statSync(join(dir, LOG))
    const tree = treeOf(dir)
    expect(await monitor(dir, inputs, { windows: ['month'] })).toEqual(report)
    expect(treeOf(dir)).toEqual(tree)
    expect(statSync(join(dir, LOG)).ino).toBe(ino)
  })

  test('a line takes the place of its earlier version; lines of others stay as they are', async () => {
    const dir = projectDir()
    const first = await monitor(dir, calm, { windows: ['month'] })
    await monitor(dir, { ...calm, model: train(rowsOf(0, 600, 5)) }, { windows: ['month'] })
    appendFileSync(join(dir, LOG), 'not ours\n{"version":1}\n')
    const before = readFileSync(join(dir, LOG), 'utf8').split('\n')
    const period = calm.period.map((row) => (row['month'] === 3 ? { ...row, y: 0 } : row))
    const second = await monitor(dir, { ...calm, period }, { windows: ['month'] })
    expect(second.version).toBe(first.version)
    const after = readFileSync(join(dir, LOG), 'utf8').split('\n')
    expect(after).toHaveLength(before.length)
    expect(after.filter((line, index) => line !== before[index])).toHaveLength(1)
    expect(after[2]).toContain('"window":"month 3"')
  })

  test('is stale when a line is missing or differs, and running again brings it back', async () => {
    const dir = projectDir()
    const report = await monitor(dir, calm, { windows: ['month'] })
    const stale = (): string | undefined => monitorModel.stale(report, { params: {}, dir })
    const path = join(dir, LOG)
    const text = readFileSync(path, 'utf8')
    const damages: [() => void, string][] = [
      [
        () => rmSync(path),
        `${LOG}: the line of version ${report.version}, window month 1 is missing`,
      ],
      [
        () => writeFileSync(path, text.replace(/^.*"month 7".*\n/m, '')),
        'window month 7 is missing',
      ],
      [() => writeFileSync(path, text.replace('"n":50', '"n":51')), 'window month 1 differs'],
      [() => writeFileSync(path, text + text), 'window month 1 differs'],
    ]
    expect(stale()).toBeUndefined()
    for (const [damage, reason] of damages) {
      damage()
      expect(stale()).toContain(reason)
      await monitor(dir, calm, { windows: ['month'] })
      expect(stale()).toBeUndefined()
      expect(lines(dir)).toHaveLength(12)
    }
  })

  test('is where the params say, inside the project', async () => {
    const dir = projectDir()
    const report = await monitor(dir, calm, { log: 'logs/a.ndjson' })
    expect(lines(dir, 'logs/a.ndjson')).toHaveLength(1)
    expect(monitorModel.stale(report, { params: { log: 'logs/b.ndjson' }, dir })).toContain(
      'missing',
    )
    const error = await rejectionOf(monitor(dir, calm, { log: '../a.ndjson' }))
    expect(error.code).toBe('STEPWELL_PATH_OUTSIDE')
    mkdirSync(join(dir, 'folder'))
    const refused = await rejectionOf(monitor(dir, calm, { log: 'folder' }))
    expect(refused.code).toBe('STEPWELL_WRITE_FAILED')
  })

  test('killed at any moment, it is the old log or the new one, and the next run the same', async () => {
    const small = { model, training: training.slice(0, 40), period: rowsOf(0, 24) }
    const changed = { ...small, period: rowsOf(0, 24, 1) }
    const params = { windows: ['month'] }
    const start = async (): Promise<string> => {
      const dir = projectDir()
      await monitor(dir, small, params)
      return dir
    }
    const old = treeOf(await start())[LOG]
    const rehearsal = await start()
    const { moments } = await runAndKill('monitorModel', {
      dir: rehearsal,
      inputs: changed,
      params,
    })
    const expected = treeOf(rehearsal)
    expect(expected[LOG]).not.toBe(old)
    expect(moments).toBeGreaterThan(8)
    const dirs = await Promise.all(Array.from({ length: moments }, start))
    await Promise.all(
      dirs.map(async (dir, index) => {
        const { signal } = await runAndKill(
          'monitorModel',
          { dir, inputs: changed, params },
          index + 1,
        )
        expect(signal).toBe('SIGKILL')
      }),
    )
    for (const dir of dirs) {
      expect([old, expected[LOG]]).toContain(treeOf(dir)[LOG])
      await monitor(dir, changed, params)
      expect(treeOf(dir)).toEqual(expected)
    }
  })
})

describe('monitorModel refuses', () => {
  test.each<[string, Partial<MonitorModelInputs>, object]>([
    ['ROWS_NONE|the table of training rows', { training: [] }, {}],
    ['ROWS_NONE|the table of the period', { period: [] }, {}],
    ['COLUMN_UNKNOWN|no column "day"', {}, { windows: ['day'] }],
    ['CELL_MISSING|column "y"', { period: [{ x: 1, y: null }] }, {}],
    ['PARAM_INVALID|"bins" must be a whole number', {}, { bins: 1 }],
    ['PARAM_INVALID|"psiAlert" must be at least "psiWarn"', {}, { psiWarn: 0.3, psiAlert: 0.2 }],
    ['PARAM_INVALID|no param "window"', {}, { window: ['month'] }],
  ])('%s', async (expected, inputs, params) => {
    const dir = projectDir()
    const error = await rejectionOf(monitor(dir, { ...calm, ...inputs }, params))
    const [code, message = ''] = expected.split('|')
    expect(error.code).toBe(`STEPWELL_${code}`)
    expect(error.message).toContain(message)
    expect(treeOf(dir)).toEqual({})
  })
})
