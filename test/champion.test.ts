import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { latestMove, movesOf, versionIds } from '../packages/registry/src/index.ts'
import { all, Project } from './rig.ts'

// The rows of the test stay the same: a slope of 1 through the origin.
const PIPELINE = `
import { glob, pipeline, step } from '@stepwell/engine'
import { evaluateModel, findChampion, metricGate, promoteModel, trainRegression } from '@stepwell/steps'
const rows = step({
  params: { slope: 1.5 },
  run: (_, { params }) => [1, 2, 3, 4].map((x) => ({ x, y: params.slope * x })),
})
const test = step({ run: () => [5, 6, 7].map((x) => ({ x, y: x + (x % 2) / 10 })) })
const train = step({
  inputs: { rows },
  params: { kind: 'simple', features: ['x'], target: 'y' },
  run: trainRegression,
})
const champion = step({
  inputs: { moves: glob('models/line/aliases/champion/*.json', { optional: true }) },
  params: { name: 'line' },
  run: findChampion,
})
const evaluate = step({
  inputs: { model: train, rows: test, champion: champion.pick('model') },
  run: evaluateModel,
})
const check = step({
  inputs: { metrics: evaluate.pick('metrics'), champion: evaluate.pick('champion') },
  params: { metric: 'rmse', better: 'lower' },
  run: metricGate,
})
const promote = step({
  inputs: { model: train, metrics: evaluate.pick('metrics'), gate: check, training: rows },
  params: { name: 'line' },
  run: promoteModel,
})
export default pipeline('lines', { rows, test, train, champion, evaluate, check, promote })
`
const LOOP = ['champion', 'evaluate', 'check', 'promote']
const REST = ['rows', 'test', 'train']

test('each run compares with the champion that the runs before it have left', async () => {
  const project = new Project()
  project.write('pipeline.ts', PIPELINE)
  const models = project.path('models')
  const champion = () => latestMove(models, 'line', 'champion')?.version ?? undefined
  const slope = (from: number, to: number) =>
    project.edit('pipeline.ts', `slope: ${from} `, `slope: ${to} `)

  expect((await project.run()).statuses).toEqual(all('succeeded', [...REST, ...LOOP]))
  const first = champion()
  expect(first).toMatch(/^\w{16}$/)

  // Compared with itself: nothing is promoted, and then nothing is left to do.
  expect((await project.run()).statuses).toEqual({
    ...all('cached', REST),
    ...all('succeeded', LOOP),
  })
  expect(versionIds(models, 'line')).toEqual([first])
  expect(movesOf(models, 'line', 'champion')).toHaveLength(1)
  expect((await project.run()).statuses).toEqual(all('cached', [...REST, ...LOOP]))

  slope(1.5, 1.1)
  expect((await project.run()).statuses).toMatchObject({ train: 'succeeded', promote: 'succeeded' })
  const second = champion()
  expect(second).not.toBe(first)
  expect(versionIds(models, 'line')).toHaveLength(2)
  const { stdout } = await project.stepwell('model', 'show', 'line')
  expect(stdout).toMatch(/^gate +champion \d\.\d{1,4}, metric rmse, value 0\.\d{1,5}$/m)
  expect(stdout).toMatch(/ rmse 0\.\d{2,7} passed the gate$/m)

  slope(1.1, 1.2)
  const { code, stderr } = await project.stepwell('run', '--quiet')
  expect(code).toBe(1)
  expect(stderr).toMatch(/is not as good as the champion's .*STEPWELL_GATE_CLOSED/)
  expect(champion()).toBe(second)
  expect(versionIds(models, 'line')).toHaveLength(2)

  // Rolled back by hand, the champion to beat is the first one again.
  expect((await project.stepwell('model', 'rollback', 'line')).code).toBe(0)
  expect((await project.run()).statuses).toMatchObject(all('succeeded', LOOP))
  expect(movesOf(models, 'line', 'champion').map(({ action }) => action)).toEqual([
    'promote',
    'promote',
    'rollback',
    'promote',
  ])

  // Without a registry there is no champion again, as in the first run.
  rmSync(models, { recursive: true })
  expect((await project.run()).statuses).toMatchObject({ champion: 'cached', promote: 'succeeded' })
  expect(versionIds(models, 'line')).toHaveLength(1)
})

test('a glob that does not lead to the moves is told, also once its output is cached', async () => {
  const project = new Project()
  project.write('pipeline.ts', PIPELINE.replace('models/line/aliases', 'models/lines/aliases'))
  expect((await project.run()).statuses).toEqual(all('succeeded', [...REST, ...LOOP]))
  const { code, stderr } = await project.stepwell('run', '--quiet')
  expect(code).toBe(1)
  expect(stderr).toContain(
    "glob('models/line/aliases/champion/*.json', { optional: true }), or correct the params\n",
  )
})
