import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { digestText } from '@stepwell/base/digest'
import type { RunEvent, StepKey } from '../src/index.ts'
import { DiskClaims } from '../src/store/claims/disk-claims.ts'
import { chain } from './fixtures/chain.ts'
import { fan } from './fixtures/fan.ts'
import { engineOn, eventsOf, statusesOf } from './support/engine.ts'
import { resetHooks, takeCalls } from './support/hooks.ts'
import { MemoryStepCache } from '../src/testing/memory-step-cache.ts'
import { temporaryDir } from './support/temporary.ts'
import { walked } from './support/walked-cache.ts'

afterEach(resetHooks)

const WHOLE = digestText('stepwell project') as StepKey
const waiting = { signal: new AbortController().signal, waiting: () => undefined }

test('a run begins on record, and looks nothing up while somebody tidies the project', async () => {
  const dir = temporaryDir()
  const engine = await engineOn(dir)
  await engine.run(fan).result
  takeCalls()
  const claim = await new DiskClaims(join(dir, '.stepwell/claims')).take(WHOLE, waiting)
  const run = engine.run(fan, { force: 'all' })
  const events = run[Symbol.asyncIterator]()
  const next = async (): Promise<RunEvent | undefined> => {
    const { value } = await events.next()
    return value ?? undefined
  }
  expect((await next())?.type).toBe('run-started')
  const [id = ''] = await engine.runIds()
  expect((await engine.runRecord(id)).status).toBe('running')
  // It says for whom it waits, and has called nothing.
  expect(await next()).toMatchObject({
    type: 'warning',
    message: expect.stringContaining('tidies the project'),
  })
  expect(takeCalls()).toEqual([])
  claim.release()
  expect(new Set(Object.values(statusesOf(await run.result)))).toEqual(new Set(['succeeded']))
})

test('a run that is cancelled while it waits ends as cancelled', async () => {
  const dir = temporaryDir()
  const engine = await engineOn(dir)
  const claim = await new DiskClaims(join(dir, '.stepwell/claims')).take(WHOLE, waiting)
  const cancel = new AbortController()
  const run = engine.run(fan, { signal: cancel.signal })
  const events = eventsOf(run)
  cancel.abort()
  expect((await run.result).status).toBe('cancelled')
  expect((await events).at(-1)?.type).toBe('run-finished')
  claim.release()
})

test('a run that is cancelled while garbage is collected leaves the state as it is', async () => {
  const dir = temporaryDir()
  const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const slow = walked(new MemoryStepCache(), async () => {
    reached.resolve()
    await goOn.promise
  })
  const engine = await engineOn(dir, { cache: slow })
  await engine.run(await chain('1', '1')).result
  const path = join(dir, '.stepwell/state/chain.json')
  const collecting = engine.gc()
  await reached.promise
  const { ino } = statSync(path)
  const cancel = new AbortController()
  const run = engine.run(await chain('1', '1'), { signal: cancel.signal })
  for await (const event of run) if (event.type === 'run-started') cancel.abort()
  expect((await run.result).status).toBe('cancelled')
  expect(statSync(path).ino).toBe(ino)
  goOn.resolve()
  await collecting
})

test('the state that a run leaves is there before its record has an end', async () => {
  const dir = temporaryDir()
  const engine = await engineOn(dir)
  const run = engine.run(await chain('1', '1'))
  const path = join(dir, '.stepwell/state/chain.json')
  let isThere: boolean | undefined
  // The record ends at once when the run has ended: it is looked at in every turn.
  const look = (): void => {
    const id = readdirSync(join(dir, '.stepwell/runs')).find((name) => /^\d/.test(name))
    const events = id && readFileSync(join(dir, '.stepwell/runs', id, 'events.ndjson'), 'utf8')
    if (!events?.includes('"run-finished"')) return void setImmediate(look)
    isThere = existsSync(path)
  }
  for await (const event of run) if (event.type === 'run-started') look()
  await run.result
  await new Promise((resolve) => setImmediate(resolve))
  expect(isThere).toBe(true)
})
