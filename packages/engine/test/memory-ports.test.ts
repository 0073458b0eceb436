import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { second, shared } from './fixtures/shared.ts'
import { artifactStoreContract } from '../src/testing/artifact-store-contract.ts'
import { keeps } from './support/keeps.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { resetHooks, takeCalls } from './support/hooks.ts'
import { MemoryArtifacts } from '../src/testing/memory-artifacts.ts'
import { MemoryStepCache } from '../src/testing/memory-step-cache.ts'
import { stepCacheContract } from '../src/testing/step-cache-contract.ts'
import { temporaryDir } from './support/temporary.ts'

afterEach(resetHooks)

keeps(
  'MemoryArtifacts is an artifact store',
  artifactStoreContract,
  () => () => new MemoryArtifacts(),
)
keeps('MemoryStepCache is a step cache', stepCacheContract, () => () => new MemoryStepCache())

test('an engine works on stores of its user, and needs no database of its own', async () => {
  const dir = temporaryDir()
  const ports = { artifacts: new MemoryArtifacts(), cache: new MemoryStepCache() }
  const engine = await engineOn(dir, ports)
  const run = engine.run(shared)
  expect(await run.value(second)).toEqual([3, 1, 2, 1, 2])
  const cached = { rows: 'cached', first: 'cached', second: 'cached' }
  expect(statusesOf(await engine.run(shared).result)).toEqual(cached)
  expect(existsSync(join(dir, '.stepwell/index'))).toBe(false)
  expect(existsSync(join(dir, '.stepwell/objects'))).toBe(false)
  takeCalls()
  const elsewhere = await engineOn(temporaryDir(), ports)
  expect(statusesOf(await elsewhere.run(shared).result)).toEqual(cached)
  expect(takeCalls()).toEqual([])
})

test('a store that fails ends the run, and the record says so', async () => {
  const thrown = new Error('disk full')
  const artifacts = new MemoryArtifacts()
  artifacts.put = async () => await Promise.reject(thrown)
  const engine = await engineOn(temporaryDir(), { artifacts })
  await expect(engine.run(shared).result).rejects.toBe(thrown)
  const [id = ''] = await engine.runIds()
  const record = await engine.runRecord(id)
  expect(record.status).toBe('failed')
  expect(record.warnings.join()).toMatch(/disk full/)
})
