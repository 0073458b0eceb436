import type { StepFunction } from '@stepwell/engine/author'
import { aliasesOf, historyOf, latestMove, moveAlias, versionIds } from '@stepwell/registry'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  gate,
  promoteModel,
  trainRegression,
  type Model,
  type PromoteModelInputs,
  type PromoteModelParams,
  type Promotion,
} from '../src/index.ts'
import { contextOf, projectDir, treeOf } from './support.ts'

const ROWS = [1, 2, 3, 4].map((x) => ({ x }))
const slope = (b: number): Model =>
  trainRegression(
    { rows: ROWS.map(({ x }) => ({ x, y: b * x + (x % 2) })) },
    contextOf({ kind: 'simple', features: ['x'], target: 'y' } as const),
  )
const A: PromoteModelInputs = { model: slope(1), training: ROWS }
const B: PromoteModelInputs = {
  model: slope(2),
  training: ROWS,
  metrics: { r2: Number.NaN, rmse: 0.4 },
  gate: gate({ metrics: { rmse: 0.4 } }, contextOf({ metric: 'rmse', max: 1 })),
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
