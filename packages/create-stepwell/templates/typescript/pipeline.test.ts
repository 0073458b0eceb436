import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEngine } from '@stepwell/engine'
import { expect, test } from 'vitest'
import { fit, predict } from './lib/model.ts'
import houses from './pipeline.ts'

test('a line is fitted', () => {
  const line = fit([
    { area: 50, price: 150 },
    { area: 100, price: 250 },
  ])
  expect(predict(line, 75)).toBeCloseTo(200)
})

test('the pipeline deploys a model, and does nothing the second time', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'houses-'))
  cpSync('data', join(dir, 'data'), { recursive: true })
  const engine = await openEngine({ dir })
  try {
    const first = await engine.run(houses).result
    expect(first.status).toBe('succeeded')
    expect(JSON.parse(readFileSync(join(dir, 'deployed/model.json'), 'utf8'))).toHaveProperty(
      'slope',
    )
    const second = await engine.run(houses).result
    const statuses = Object.values(second.steps).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set(['cached']))
  } finally {
    await engine.close()
    rmSync(dir, { recursive: true })
  }
})
