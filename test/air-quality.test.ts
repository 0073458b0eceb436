import { describe, expect, test } from 'vitest'
import { all, Project } from './rig.ts'

const STEPS = ['days', 'summaries', 'complete', 'months', 'report']

describe('the air-quality example', () => {
  test('maps over a file a day, and agrees with what was computed by other means', async () => {
    const project = Project.example('air-quality')
    const first = await project.run()
    expect(first.stderr).toBe('')
    expect(first.statuses).toEqual(all('succeeded', STEPS))
    expect(first.record.steps['summaries']?.items).toEqual({
      total: 391,
      cached: 0,
      executed: 391,
      failed: 0,
    })
    const table = project.read('work/months.csv').trim().split('\n')
    // Means of daily means, by Python's csv module: -200 left out.
    expect(table[1]).toBe('2004-03,22,9.88')
    expect(table[8]).toBe('2004-10,31,13.53')
    expect(table[14]).toBe('2005-04,4,4.67')
    expect((await project.run()).statuses).toEqual(all('cached', STEPS))
  })

  test('another reading makes one day run again, and what comes of it', async () => {
    const project = Project.example('air-quality')
    await project.run()
    project.edit('data/hourly.csv', '3/10/2004,18:00:00,2.6', '3/10/2004,18:00:00,2.7')
    const { record } = await project.run()
    expect(record.steps['summaries']?.items).toMatchObject({ cached: 390, executed: 1 })
    // Of that day, only what is not in the months has changed.
    expect(record.steps['months']?.status).toBe('succeeded')
    expect(record.steps['report']?.status).toBe('cached')
  })

  test('a closed gate stops what follows, and leaves the last table', async () => {
    const project = Project.example('air-quality')
    await project.run()
    const before = project.read('work/months.csv')
    project.edit('pipeline.ts', 'most: 20', 'most: 0')
    const { code, statuses, record } = await project.run()
    expect(code).toBe(1)
    expect(statuses).toEqual({
      days: 'cached',
      summaries: 'cached',
      complete: 'failed',
      months: 'skipped',
      report: 'skipped',
    })
    expect(record.steps['complete']?.error?.code).toBe('STEPWELL_GATE_CLOSED')
    expect(project.read('work/months.csv')).toBe(before)
  })
})
