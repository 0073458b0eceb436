import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { chain } from './fixtures/chain.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { block, replace, resetHooks } from './support/hooks.ts'
import { MemoryStepCache } from '../src/testing/memory-step-cache.ts'
import { temporaryDir } from './support/temporary.ts'
import { walked } from './support/walked-cache.ts'

afterEach(resetHooks)

const CACHED = { first: 'cached', second: 'cached', third: 'cached' }

test('beside a run that goes on, what it commits is neither lost nor damaged', async () => {
  const dir = temporaryDir()
  let before = async (): Promise<void> => {}
  const engine = await engineOn(dir, { cache: walked(new MemoryStepCache(), () => before()) })
  const blocked = block('second')
  const run = engine.run(await chain('1', '1'))
  await blocked.called
  before = async () => {
    before = async () => {}
    replace('third', () => 'third')
    blocked.release()
    await run.result
  }
  const report = await engine.verify()
  expect(report).toMatchObject({ damaged: [], lost: [] })
  rmSync(join(dir, '.stepwell/state'), { recursive: true })
  expect(statusesOf(await engine.run(await chain('1', '1')).result)).toEqual(CACHED)
})

test('a run need not wait while all is read', async () => {
  const dir = temporaryDir()
  const [reading, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const cache = walked(new MemoryStepCache(), async () => {
    reading.resolve()
    await goOn.promise
  })
  const engine = await engineOn(dir, { cache })
  await engine.run(await chain('1', '1')).result
  const verifying = engine.verify()
  await reading.promise
  expect((await engine.run(await chain('2', '2')).result).status).toBe('succeeded')
  goOn.resolve()
  expect(await verifying).toMatchObject({ damaged: [], lost: [] })
})
