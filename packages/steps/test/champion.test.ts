import type { FileInput, StepFunction } from '@stepwell/engine/author'
import { moveAlias, versionFolder } from '@stepwell/registry'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  findChampion,
  promoteModel,
  trainRegression,
  type Champion,
  type FindChampionInputs,
  type FindChampionParams,
  type Model,
} from '../src/index.ts'
import { contextOf, errorOf, projectDir, realFile } from './support.ts'

const ROWS = [1, 2, 3, 4].map((x) => ({ x, y: 2 * x + (x % 2) }))
const MODEL: Model = trainRegression(
  { rows: ROWS },
  contextOf({ kind: 'simple', features: ['x'], target: 'y' } as const),
)
const NONE = { version: null, model: null, metrics: null }

const promote = async (dir: string, alias = 'champion') => {
  const metrics = { rmse: 0.5, r2: Number.NaN }
  return await promoteModel({ model: MODEL, metrics }, contextOf({ name: 'line', alias }, dir))
}
const filesIn = (dir: string, alias = 'champion'): FileInput[] => {
  const folder = `models/line/aliases/${alias}`
  return readdirSync(join(dir, folder)).map((name) =>
    realFile(join(dir, folder, name), `${folder}/${name}`),
  )
}
const find = (
  dir: string,
  moves: readonly FileInput[],
  params: Partial<FindChampionParams> = {},
): Champion => findChampion({ moves }, contextOf({ name: 'line', ...params }, dir))
const stale = (dir: string, output: Champion): string | undefined =>
  findChampion.stale(output, { params: { name: 'line' }, dir })

test('is a step function of the engine', () => {
  const step: StepFunction<FindChampionInputs, FindChampionParams, Champion> = findChampion
  expect(step.stale).toBeTypeOf('function')
})

test('finds what the last of its moves says, with the model and its metrics', async () => {
  const dir = projectDir()
  expect(find(dir, [])).toEqual(NONE)
  const { version } = await promote(dir)
  const first = filesIn(dir)
  writeFileSync(join(dir, 'models/line/aliases/champion/note.json'), '{}')
  const found = { version, model: MODEL, metrics: { rmse: 0.5, r2: Number.NaN } }
  expect(find(dir, filesIn(dir))).toEqual(found)
  expect(stale(dir, found)).toBeUndefined()
  moveAlias(join(dir, 'models'), {
    model: 'line',
    alias: 'champion',
    version: null,
    action: 'remove',
    by: 'test',
  })
  expect(find(dir, filesIn(dir).toReversed())).toEqual(NONE)
  // Its input decides, whatever happened since.
  expect(find(dir, first)).toEqual(found)
  expect(stale(dir, found)).toBe(`line@champion points to nothing, not ${version}`)
  expect(stale(dir, find(dir, filesIn(dir)))).toBeUndefined()
})

test('moves of another alias or model, and none of an alias that has moved, are refused', async () => {
  const dir = projectDir()
  const none = find(dir, [])
  await promote(dir)
  await promote(dir, 'challenger')
  expect(stale(dir, none)).toContain('not nothing')
  for (const [moves, params] of [
    [[], {}],
    [filesIn(dir, 'challenger'), {}],
    [filesIn(dir), { alias: 'challenger' }],
    [filesIn(dir), { name: 'curve' }],
    [filesIn(dir), { dir: 'other' }],
    [[...filesIn(dir), ...filesIn(dir, 'challenger')], {}],
  ] as const) {
    const { code, hint } = errorOf(() => find(dir, moves, params))
    expect([code, hint]).toEqual([
      'STEPWELL_MOVES_OTHER',
      expect.stringContaining('{ optional: true }'),
    ])
  }
  expect(find(dir, filesIn(dir, 'challenger'), { alias: 'challenger' }).version).toMatch(/^\w{16}$/)
})

test('damage is told, and never taken for no champion', async () => {
  const dir = projectDir()
  const { version } = await promote(dir)
  const models = join(dir, 'models')
  const code = () => errorOf(() => find(dir, filesIn(dir))).code
  writeFileSync(join(versionFolder(models, 'line', version), 'model.json'), '{}')
  expect(code()).toBe('STEPWELL_REGISTRY_DAMAGED')
  rmSync(versionFolder(models, 'line', version), { recursive: true })
  expect(code()).toBe('STEPWELL_MODEL_UNKNOWN')
  writeFileSync(join(models, 'line/aliases/champion/00000001.json'), '{')
  expect(code()).toBe('STEPWELL_REGISTRY_DAMAGED')
  mkdirSync(join(dir, 'other'))
  expect(errorOf(() => find(dir, [], { dir: '../other' })).code).toBe('STEPWELL_PATH_OUTSIDE')
})
