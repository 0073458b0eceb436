import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { digestText } from '../src/digest.ts'
import type { RunEvent, StepKey } from '../src/index.ts'
import { DiskClaims } from '../src/store/disk-claims.ts'
import { fan } from './fixtures/fan.ts'
import { engineOn, eventsOf, statusesOf } from './support/engine.ts'
import { resetHooks, takeCalls } from './support/hooks.ts'
import { temporaryDir } from './support/temporary.ts'

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
