import { appendFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { all, Project } from './rig.ts'

const STEPS = [
  'collect',
  'clean',
  'years',
  'split',
  'train',
  'evaluate',
  'gate',
  'deploy',
  'monitor',
]
const TRAIN_ON = ['train', 'evaluate', 'gate', 'deploy', 'monitor']
const BEFORE_TRAIN = STEPS.filter((name) => !TRAIN_ON.includes(name))

describe('the bike-sharing example', () => {
  test('runs from the raw CSV to a monitored deployment, and then has nothing to do', async () => {
    const project = Project.example('bike-sharing')
    const first = await project.run()
    expect(first.stderr).toBe('')
    expect(first.code).toBe(0)
    expect(first.statuses).toEqual(all('succeeded', STEPS))

    const again = await project.run()
    expect(again.code).toBe(0)
    expect(again.statuses).toEqual(all('cached', STEPS))
    expect(again.outputs).toEqual(first.outputs)
  })

  test('agrees with the reference results, and sees the drift of 2012', async () => {
    const project = Project.example('bike-sharing')
    const { record } = await project.run()
    // Means of `cnt` in the reference: 143.8 in 2011 and 234.7 in 2012.
    expect(record.steps['collect']?.output?.about).toBe('17,379 rows of 17 columns')
    const log = project.read('monitor/performance.ndjson').trim().split('\n')
    expect(log).toHaveLength(12)
    const months = log.map((line) => JSON.parse(line) as { n: number; meanActual: number })
    const rows = months.reduce((sum, { n }) => sum + n, 0)
    const mean = months.reduce((sum, { n, meanActual }) => sum + n * meanActual, 0) / rows
    expect(rows).toBe(8734)
    expect(mean).toBeCloseTo(234.7, 1)
  })

  test('a blank line at the end of the CSV reruns the reading alone', async () => {
    const project = Project.example('bike-sharing')
    await project.run()
    appendFileSync(project.path('data/hour.csv'), '\n')
    const { code, statuses } = await project.run()
    expect(code).toBe(0)
    const rest = STEPS.filter((name) => name !== 'collect')
    expect(statuses).toEqual({ collect: 'succeeded', ...all('cached', rest) })
  })

  test('a changed param reruns its step and what depends on it, and explain names it', async () => {
    const project = Project.example('bike-sharing')
    await project.run()
    project.edit('pipeline.ts', "'workingday',", '')

    const before = await project.stepwell('explain', 'train')
    expect(before.stdout).toMatch(/^train .*will run\n {2}because params\.features -"workingday"\n/)
    const { statuses } = await project.run()
    expect(statuses).toEqual({ ...all('cached', BEFORE_TRAIN), ...all('succeeded', TRAIN_ON) })
    const after = await project.stepwell('explain', 'train')
    expect(after.stdout).toMatch(/^train .*cached\n/)
    expect(after.stdout).toMatch(
      /^ {2}outputs made by run .*\n {4}because params\.features -"workingday"$/m,
    )

    // Back again: nothing is computed, but the deployment is not what it was.
    project.edit('pipeline.ts', "'weekday',", "'weekday', 'workingday',")
    const back = await project.run()
    const rest = STEPS.filter((name) => name !== 'deploy')
    expect(back.statuses).toEqual({ ...all('cached', rest), deploy: 'succeeded' })
    expect(back.record.steps['deploy']?.reasons[0]).toMatchObject({ kind: 'effect' })
  })

  test('a step that throws, or a score below the gate, leaves the deployed model alone', async () => {
    const project = Project.example('bike-sharing')
    await project.run()
    const deployed = project.tree('deployed')
    const monitored = project.tree('monitor')

    const source = project.read('pipeline.ts')
    project.edit('pipeline.ts', "'workingday',", '')
    project.edit(
      'pipeline.ts',
      'run: evaluateRegression',
      "run: () => { throw new Error('no scores today') }",
    )
    const thrown = await project.run()
    expect(thrown.code).toBe(1)
    expect(thrown.stderr).toContain('step evaluate failed: no scores today')
    expect(thrown.statuses).toMatchObject({
      evaluate: 'failed',
      ...all('skipped', ['gate', 'deploy', 'monitor']),
    })
    expect(thrown.record.steps['deploy']?.reasons).toEqual([{ kind: 'blocked', by: ['evaluate'] }])
    expect(project.tree('deployed')).toEqual(deployed)

    project.write('pipeline.ts', source)
    project.edit('pipeline.ts', 'min: 0.3', 'min: 0.9')
    const stopped = await project.run()
    expect(stopped.code).toBe(1)
    expect(stopped.stderr).toContain('STEPWELL_GATE_CLOSED')
    expect(stopped.statuses).toMatchObject({
      gate: 'failed',
      ...all('skipped', ['deploy', 'monitor']),
    })
    expect(project.tree('deployed')).toEqual(deployed)
    expect(project.tree('monitor')).toEqual(monitored)
  })
})
