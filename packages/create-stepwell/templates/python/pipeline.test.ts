import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEngine } from '@stepwell/engine'
import { expect, test } from 'vitest'
import houses from './pipeline.ts'

const installed = spawnSync('python3', ['-c', 'import sklearn']).status === 0

test.skipIf(!installed)(
  'the pipeline deploys a model, and does nothing the second time',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'houses-'))
    for (const name of ['data', 'scripts']) cpSync(name, join(dir, name), { recursive: true })
    const engine = await openEngine({ dir })
    try {
      const first = await engine.run(houses).result
      expect(first.status).toBe('succeeded')
      expect(existsSync(join(dir, 'deployed/model.pickle'))).toBe(true)
      const second = await engine.run(houses).result
      const statuses = Object.values(second.steps).map(({ status }) => status)
      expect(new Set(statuses)).toEqual(new Set(['cached']))
    } finally {
      await engine.close()
      rmSync(dir, { recursive: true })
    }
  },
  60_000,
)
