import { expect, test } from 'vitest'
import { pipeline, step } from '../src/index.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { MemoryArtifacts } from '../src/testing/memory-artifacts.ts'
import { temporaryDir } from './support/temporary.ts'

test('with an artifact store that no worker can share, steps are executed inline, and one warning says so', async () => {
  const a = step({ executor: 'thread', run: () => process.pid })
  const b = step({ executor: 'process', inputs: { a }, run: ({ a: pid }) => pid === process.pid })
  const engine = await engineOn(temporaryDir(), { artifacts: new MemoryArtifacts() })
  const run = engine.run(pipeline('lonely', { a, b }))
  const record = await run.result
  expect(statusesOf(record)).toEqual({ a: 'succeeded', b: 'succeeded' })
  expect(await run.value(b)).toBe(true)
  expect(record.warnings.filter((warning) => warning.includes('inline'))).toHaveLength(1)
})
