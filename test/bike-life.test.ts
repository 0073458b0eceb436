import { join } from 'node:path'
import { readPredictions } from '../packages/registry/src/index.ts'
import { expect, test } from 'vitest'
import { Project, ROOT } from './rig.ts'

interface Summary {
  readonly windows: readonly {
    readonly window: string
    readonly rows: number
    readonly labelled: number
    readonly error: { readonly rmse: number; readonly baseline: number }
    readonly versions: Readonly<Record<string, number>>
  }[]
}

interface Shown {
  readonly history: readonly {
    readonly alias: string
    readonly version: string
    readonly why: string
  }[]
}

test('the story of examples/bike-life: trained, served, watched, and updated by itself', async () => {
  const project = Project.example('bike-life')
  const hours = join(ROOT, 'examples', 'bike-sharing', 'data', 'hour.csv')
  const { code, stdout, stderr } = await project.program(
    'story.ts',
    '--hours',
    hours,
    '--weeks',
    '8',
  )
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(stdout).toContain('1196 requests, all answered; 3 updates')

  const { windows } = JSON.parse(project.read('work/monitor.json')) as Summary
  expect(windows.map(({ window }) => window)).toEqual([
    '2011-12-26',
    '2012-01-02',
    '2012-01-09',
    '2012-01-16',
    '2012-01-23',
    '2012-01-30',
    '2012-02-06',
    '2012-02-13',
  ])
  // Each request is in the log, and what came out has found it.
  expect([...readPredictions(project.path('predictions/bikes'))]).toHaveLength(1196)
  for (const { rows, labelled } of windows) expect(labelled).toBe(rows)
  const [first, ...others] = windows
  const last = others.at(-1)
  expect(first?.error.rmse).toBe(first?.error.baseline)
  const sum = (of: 'rmse' | 'baseline'): number =>
    others.reduce((all, { error }) => all + error[of], 0)
  expect(sum('rmse')).toBeLessThan(0.9 * sum('baseline'))
  expect(Object.keys(last?.versions ?? {})).not.toEqual(Object.keys(first?.versions ?? {}))
  expect(project.read('work/monitor.html')).toContain('Bike rentals through 2012')

  // Who became the champion, and why: as the registry, the loop and the records of the runs have it.
  const shown = JSON.parse(
    (await project.stepwell('model', 'show', 'bikes', '--json')).stdout,
  ) as Shown
  const moves = shown.history.filter(({ alias }) => alias === 'champion')
  expect(moves).toHaveLength(4)
  expect(moves.at(-1)?.version).toBe(Object.keys(last?.versions ?? {})[0])
  expect(moves.at(-1)?.why).toMatch(/^rmse [\d.]+ passed the gate$/)
  const list = await project.stepwell('schedule', '--list')
  expect(list.stdout.match(/drifted +run +succeeded +monitor says (alert|warn)/g)).toHaveLength(3)
  const runs = await project.stepwell('runs', '--limit', '40')
  // Two challengers did not pass.
  expect(runs.stdout.match(/drifted: monitor says (alert|warn)/g)).toHaveLength(5)
}, 120_000)
