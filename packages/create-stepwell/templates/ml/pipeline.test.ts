import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEngine } from '@stepwell/engine'
import { expect, test } from 'vitest'
import { featuresOf } from './lib/features.ts'
import churn from './pipeline.ts'

test('a customer becomes numbers, and gaps are filled', () => {
  const customer = { since: '2026-07-03', contract: 'year', payment: null, monthly: null, calls: 2 }
  const features = featuresOf(customer, { today: '2026-10-01', monthly: 60 })
  expect(features).toMatchObject({ tenure: 3, contract: 12, invoice: 0, monthly: 60, calls: 2 })
})

test('the pipeline trains a model that may be deployed, and does nothing the second time', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'churn-'))
  cpSync('data', join(dir, 'data'), { recursive: true })
  const engine = await openEngine({ dir })
  try {
    const first = await engine.run(churn).result
    expect(first.status).toBe('succeeded')
    expect(first.steps['evaluate']?.metrics['rocAuc']).toBeGreaterThan(0.7)
    const second = await engine.run(churn, { targets: ['deploy'] }).result
    const statuses = Object.values(second.steps).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set(['cached']))
  } finally {
    await engine.close()
    rmSync(dir, { recursive: true })
  }
})
