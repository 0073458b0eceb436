import type { StepFunction } from '@stepwell/engine/author'
import {
  aliasesOf,
  describeVersion,
  historyOf,
  latestMove,
  moveAlias,
  readReference,
  registerVersion,
  versionIds,
} from '@stepwell/registry'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  metricGate,
  loadModel,
  promoteModel,
  trainClassifier,
  trainRegression,
  type Model,
  type PromoteModelInputs,
  type PromoteModelParams,
  type Promotion,
} from '../src/index.ts'
import { contextOf, projectDir, treeOf } from './support.ts'

const rowsOf = (b: number) => [1, 2, 3, 4].map((x) => ({ x, y: b * x + (x % 2) }))
const slope = (b: number): Model =>
  trainRegression(
    { rows: rowsOf(b) },
    contextOf({ kind: 'simple', features: ['x'], target: 'y' } as const),
  )
const A: PromoteModelInputs = { model: slope(1), training: rowsOf(1) }
const B: PromoteModelInputs = {
  model: slope(2),
  training: rowsOf(2),
  metrics: { r2: Number.NaN, rmse: 0.4 },
  gate: metricGate({ metrics: { rmse: 0.4 } }, contextOf({ metric: 'rmse', max: 1 })),
}

const promote = async (
  dir: string,
  inputs: PromoteModelInputs,
  params: Partial<PromoteModelParams> = {},
  signal?: AbortSignal,
): Promise<Promotion> => {
  const context = contextOf({ name: 'line', ...params }, dir)
  return await promoteModel(inputs, signal === undefined ? context : { ...context, signal })
}
const stale = (dir: string, output: Promotion): string | undefined =>
  promoteModel.stale(output, { params: { name: 'line' }, dir })
const champion = (dir: string): string | undefined =>
  latestMove(join(dir, 'models'), 'line', 'champion')?.version ?? undefined

/** A server that answers everything alike, or never. */
async function answering(answer: object | undefined): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    request.resume()
    if (answer !== undefined) response.end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

test('is a step function of the engine', () => {
  const step: StepFunction<PromoteModelInputs, PromoteModelParams, Promotion> = promoteModel
  expect(step.stale).toBeTypeOf('function')
})

test('registers a version that is a function of what it is given, and points at it', async () => {
  const dir = projectDir()
  const output = await promote(dir, B)
  expect(output).toEqual({ model: 'line', version: champion(dir), alias: 'champion' })
  expect(await promote(projectDir(), B)).toEqual(output)
  const tree = treeOf(dir)
  expect(await promote(dir, B)).toEqual(output)
  expect(treeOf(dir)).toEqual(tree)
  const manifest: unknown = JSON.parse(
    tree[`models/line/versions/${output.version}/manifest.json`] ?? '',
  )
  expect(manifest).toMatchObject({
    metrics: { r2: null, rmse: 0.4 },
    gate: { metric: 'rmse', max: 1 },
    schema: { inputs: [{ name: 'x', type: 'number', seen: { min: 1, max: 4 } }] },
  })
  expect(historyOf(join(dir, 'models'), 'line')[0]?.why).toBe('rmse 0.4 passed the gate')
  expect((await promote(dir, A)).version).not.toBe(output.version)
})

test('keeps the version of a model that the alias has, whatever it was compared with', async () => {
  const dir = projectDir()
  const first = await promote(dir, B)
  const tree = treeOf(dir)
  const gated = (rmse: number): PromoteModelInputs => ({
    ...B,
    metrics: { rmse },
    gate: metricGate(
      { metrics: { rmse }, champion: { rmse } },
      contextOf({ metric: 'rmse', max: 1 }),
    ),
  })
  expect(await promote(dir, gated(0.2))).toEqual(first)
  expect(treeOf(dir)).toEqual(tree)
  const { url } = await answering({ model: 'line', version: first.version, prediction: 7 })
  await expect(promote(dir, gated(0.2), { url })).rejects.toMatchObject({
    code: 'STEPWELL_SMOKE_FAILED',
  })

  const again = await promote(dir, B)
  const bounds = { x: { min: 0 } }
  expect((await promote(dir, B, { bounds })).version).not.toBe(again.version)
  const challenger = await promote(dir, gated(0.2), { alias: 'challenger' })
  expect(challenger.version).not.toBe(again.version)
  expect(await promote(dir, gated(0.2))).toEqual({ ...challenger, alias: 'champion' })
})

test('a model that a person has taken back stays so, whatever it is compared with now', async () => {
  const dir = projectDir()
  const models = join(dir, 'models')
  const move = (version: string, action: 'promote' | 'rollback') =>
    moveAlias(models, { model: 'line', alias: 'champion', version, action, by: 'test' })
  const a = await promote(dir, A)
  const b = await promote(dir, B)
  move(a.version, 'rollback')
  const other = { ...B, metrics: { rmse: 0.3 } }
  await expect(promote(dir, other)).rejects.toMatchObject({
    code: 'STEPWELL_ROLLED_BACK',
    message: expect.stringContaining(b.version) as string,
  })
  expect(champion(dir)).toBe(a.version)
  // Promoted by hand, as either version, it is no longer taken back as the other one.
  const twin = versionIds(models, 'line').find((id) => id !== a.version && id !== b.version) ?? ''
  move(twin, 'promote')
  move(a.version, 'promote')
  expect(await promote(dir, B)).toEqual(b)
})

test('keeps rows that the model was trained on, of many an even sample in their order', async () => {
  const dir = projectDir()
  const models = join(dir, 'models')
  const small = await promote(dir, B)
  expect(readReference(models, 'line', small.version)).toEqual({
    rows: 4,
    columns: { x: [1, 2, 3, 4], y: rowsOf(2).map(({ y }) => y) },
  })
  const training = Array.from({ length: 25_000 }, (_, x) => ({ y: 2 * x, x, note: 'left out' }))
  const large = await promote(dir, { ...B, training })
  const found = readReference(models, 'line', large.version)
  const xs = found?.columns['x'] ?? []
  expect(found).toEqual({ rows: 25_000, columns: { x: xs, y: xs.map((x) => 2 * x) } })
  expect(Object.keys(found?.columns ?? {})).toEqual(['x', 'y'])
  expect(xs).toEqual([...new Set(xs)].toSorted((a, b) => a - b))
  expect(xs).toHaveLength(10_000)
  // Of each tenth of the rows its share, by five standard deviations.
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = xs.filter((x) => Math.floor(x / 2500) === tenth).length
    expect(Math.abs(share - 1000)).toBeLessThan(5 * Math.sqrt(1000 * 0.9 * 0.6))
  }
  expect((await promote(projectDir(), { ...B, training })).version).toBe(large.version)
  await expect(promote(dir, { ...B, training: [{ x: 1 }] })).rejects.toMatchObject({
    code: 'STEPWELL_COLUMN_UNKNOWN',
  })
  expect(readReference(models, 'line', (await promote(dir, { model: B.model })).version)).toBe(
    undefined,
  )
})

test('classes are kept as the model predicts them', async () => {
  const dir = projectDir()
  const kept = async (classes: readonly [number | string, number | string]) => {
    const training = Array.from({ length: 20 }, (_, x) => ({ x, y: classes[x < 9 ? 1 : 0] }))
    const params = { kind: 'naiveBayes', features: ['x'], target: 'y' } as const
    const model = trainClassifier({ rows: training }, contextOf(params))
    const { version } = await promote(dir, { model, training })
    const { x = [], y } = readReference(join(dir, 'models'), 'line', version)?.columns ?? {}
    expect(y).toEqual([...loadModel(model).predict(x.map((cell) => ({ x: cell })))])
    return new Set(y)
  }
  expect(await kept([3, 7])).toEqual(new Set([3, 7]))
  expect(await kept(['no', 'yes'])).toEqual(new Set([0, 1]))
})

test('a version that was registered before there were references is followed by one that has it', async () => {
  const dir = projectDir()
  const models = join(dir, 'models')
  const { version } = await promote(dir, B)
  const { schema } = describeVersion(models, 'line', version).manifest
  const old = registerVersion(models, { name: 'line', model: B.model, schema }, 'test')
  moveAlias(models, {
    model: 'line',
    alias: 'champion',
    version: old,
    action: 'promote',
    by: 'test',
  })
  expect(readReference(models, 'line', old)).toBeUndefined()
  expect((await promote(dir, B)).version).toBe(version)
})

test('is stale when the alias points elsewhere or a file differs, and mends both', async () => {
  const dir = projectDir()
  const first = await promote(dir, A)
  const second = await promote(dir, B)
  expect(stale(dir, second)).toBeUndefined()
  expect(stale(dir, first)).toBe(`line@champion points to ${second.version}, not ${first.version}`)
  await promote(dir, A)
  expect(stale(dir, first)).toBeUndefined()
  writeFileSync(join(dir, 'models/line/versions', first.version, 'model.json'), '{}')
  expect(stale(dir, first)).toContain('model.json is damaged')
  await promote(dir, A)
  expect(stale(dir, first)).toBeUndefined()
  rmSync(join(dir, 'models'), { recursive: true })
  expect(stale(dir, first)).toContain('points to nothing')
})

test('takes a version back that the server predicts otherwise, also the first one', async () => {
  const dir = projectDir()
  const { version } = await promote(projectDir(), A)
  const { url } = await answering({ model: 'line', version, prediction: 7 })
  const failed = {
    code: 'STEPWELL_SMOKE_FAILED',
    message: expect.stringContaining('predicts 7, not'),
  }
  await expect(promote(dir, A, { url })).rejects.toMatchObject(failed)
  expect(aliasesOf(join(dir, 'models'), 'line')).toEqual([])
  const other = await promote(dir, B)
  await expect(promote(dir, A, { url })).rejects.toMatchObject(failed)
  expect(champion(dir)).toBe(other.version)
  expect(historyOf(join(dir, 'models'), 'line').map(({ action }) => action)).toEqual([
    'promote',
    'revert',
    'promote',
    'promote',
    'revert',
  ])
})

test('a version that the server has answered with stays when the server is down later', async () => {
  const dir = projectDir()
  await promote(dir, A)
  const { version } = await promote(projectDir(), B)
  const { url, server } = await answering({ model: 'line', version, prediction: 2.8 })
  await promote(dir, B, { url })
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  await expect(promote(dir, B, { url, timeout: 0.1 })).rejects.toMatchObject({
    code: 'STEPWELL_SMOKE_FAILED',
    message: expect.stringContaining('the alias stays as it is'),
  })
  expect(champion(dir)).toBe(version)
})

test('takes a version back when the run is cancelled, or an earlier one was killed before it had asked', async () => {
  const dir = projectDir()
  const first = await promote(dir, A)
  const { url, server } = await answering(undefined)
  const cancel = new AbortController()
  const asked = once(server, 'request')
  const going = promote(dir, B, { url }, cancel.signal)
  await asked
  expect(champion(dir)).not.toBe(first.version)
  cancel.abort(new Error('cancelled'))
  await expect(going).rejects.toThrow('cancelled')
  expect(champion(dir)).toBe(first.version)

  const version = versionIds(join(dir, 'models'), 'line').find((id) => id !== first.version) ?? ''
  const place = { model: 'line', alias: 'champion', by: 'promoteModel' }
  moveAlias(join(dir, 'models'), { ...place, version, action: 'promote' })
  await expect(promote(dir, B, { url, timeout: 0.1 })).rejects.toMatchObject({
    code: 'STEPWELL_SMOKE_FAILED',
  })
  expect(champion(dir)).toBe(first.version)
})

test.each([
  [{ name: '../line' }, 'STEPWELL_MODEL_NAME'],
  [{ alias: 'a/b' }, 'STEPWELL_MODEL_NAME'],
  [{ dir: '../models' }, 'STEPWELL_PATH_OUTSIDE'],
  [{ timeout: 0 }, 'STEPWELL_PARAM_INVALID'],
  [{ bounds: { z: { min: 1 } } }, 'STEPWELL_PARAM_INVALID'],
  [{ bounds: { x: { mim: 1 } } }, 'STEPWELL_PARAM_INVALID'],
  [{ bounds: { x: { min: 2, max: 1 } } }, 'STEPWELL_PARAM_INVALID'],
  [{ bounds: { x: { values: [] } } }, 'STEPWELL_PARAM_INVALID'],
  [{ bounds: 'none' }, 'STEPWELL_PARAM_INVALID'],
  [{ url: 'elsewhere' }, 'STEPWELL_PARAM_INVALID'],
])('refuses %j and leaves nothing behind', async (params, code) => {
  const dir = projectDir()
  const wrong = params as Partial<PromoteModelParams>
  await expect(promote(dir, A, wrong)).rejects.toMatchObject({ code })
  expect(treeOf(dir)).toEqual({})
})
