import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Engine, RunRecord } from '../src/index.ts'
import { chain, writer } from './fixtures/chain.ts'
import { effect, hasPlace, never } from './fixtures/lone.ts'
import { narrow } from './fixtures/words.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { replace, resetHooks, takeCalls } from './support/hooks.ts'
import { MemoryStepCache } from '../src/testing/memory-step-cache.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

afterEach(() => {
  resetHooks()
  effect.stale = () => undefined
  delete process.env['STEPWELL_TEST_PLACE']
})

const because = 'only renamed a variable'
const CACHED = { first: 'cached', second: 'cached', third: 'cached' }

async function start(): Promise<{ dir: string; engine: Engine; made: RunRecord }> {
  const dir = temporaryDir()
  const engine = await engineOn(dir)
  const made = await engine.run(await chain('1', '1')).result
  expect(made.warnings).toEqual([])
  takeCalls()
  return { dir, engine, made }
}

describe('what was accepted', () => {
  test('is taken from the cache, and everything says so for as long as it is used', async () => {
    const { dir, engine, made } = await start()
    const changed = await chain('1', '2')
    const [accepted] = await engine.accept(changed, ['second'], { because })
    expect(accepted).toMatchObject({
      step: 'second',
      run: made.id,
      from: made.steps['second']?.key,
      because,
      by: expect.stringMatching(/^.+@.+$/),
    })
    const reasons = [
      { kind: 'accepted', because, run: made.id, by: accepted?.by, at: accepted?.at },
    ]
    for (const other of [engine, await engineOn(dir)]) {
      const plan = await other.plan(changed)
      expect(plan.steps[1]).toMatchObject({ decision: 'cached', reasons, key: accepted?.key })
      const record = await other.run(changed).result
      expect(statusesOf(record)).toEqual(CACHED)
      expect(record.steps['second']).toMatchObject({ reasons, key: accepted?.key })
      expect(record.steps['third']?.reasons[0]?.kind).toBe('unchanged')
    }
    expect(takeCalls()).toEqual([])
    expect(await engine.accepted(changed)).toEqual([accepted])
    // Also when nothing but the database knows it.
    writeFileSync(join(dir, '.stepwell/state/chain.json'), '')
    const record = await engine.run(changed).result
    expect(record.steps['second']).toMatchObject({ status: 'cached', reasons })
    expect(await engine.accepted(changed)).toEqual([accepted])
  })

  test('once more keeps the chain', async () => {
    const { engine, made } = await start()
    const [one] = await engine.accept(await chain('1', '2'), ['second'], { because: 'one' })
    const [two] = await engine.accept(await chain('1', '3'), ['second'], { because: 'two' })
    expect(two).toMatchObject({ from: one?.key, earlier: { because: 'one', from: one?.from } })
    const record = await engine.run(await chain('1', '3')).result
    expect(record.steps['second']?.reasons).toMatchObject([
      { kind: 'accepted', because: 'two', run: made.id },
      { kind: 'accepted', because: 'one', run: made.id },
    ])
    await engine.revoke(await chain('1', '3'), ['second'])
    for (const version of ['2', '3']) {
      const { steps } = await engine.plan(await chain('1', version))
      expect(steps[1]?.decision).toBe('run')
    }
  })

  test('several steps in their order', async () => {
    const { engine } = await start()
    await engine.accept(await chain('2', '2'), ['second', 'first'], { because })
    expect(statusesOf(await engine.run(await chain('2', '2')).result)).toEqual(CACHED)
    expect(takeCalls()).toEqual([])
  })

  test('is no longer used once it was made anew', async () => {
    const { engine } = await start()
    await engine.accept(await chain('1', '2'), ['second'], { because })
    await engine.run(await chain('1', '2'), { force: ['second'] }).result
    const { steps } = await engine.plan(await chain('1', '2'))
    expect(steps[1]?.reasons).toMatchObject([{ kind: 'unchanged' }])
    expect(await engine.accepted(await chain('1', '2'))).toEqual([])
  })
})

describe('what was revoked', () => {
  test('runs again, also where a copy of it comes back', async () => {
    const { dir, engine } = await start()
    const changed = await chain('1', '2')
    await engine.accept(changed, ['second'], { because })
    const state = readFileSync(join(dir, '.stepwell/state/chain.json'))
    await engine.revoke(changed, ['second'])
    expect(await engine.accepted(changed)).toEqual([])
    // As a run does at its end, that began before.
    writeFileSync(join(dir, '.stepwell/state/chain.json'), state)
    const { steps } = await engine.plan(changed)
    expect(steps[1]).toMatchObject({
      decision: 'run',
      reasons: [{ kind: 'version', before: '1', after: '2' }],
    })
    expect(statusesOf(await engine.run(changed).result)).toMatchObject({ second: 'succeeded' })
    expect(takeCalls()).toEqual(['second'])
  })

  test('during a run is not used by the steps that come later', async () => {
    const { engine } = await start()
    const changed = await chain('2', '2')
    await engine.accept(changed, ['first', 'second'], { because })
    replace('first', async () => {
      await engine.revoke(changed, ['second'])
      return 1
    })
    const { steps } = await engine.run(changed, { force: ['first'] }).result
    expect(steps['second']?.status).toBe('succeeded')
  })

  test('is gone from the cache, and what was made since is not', async () => {
    const cache = new MemoryStepCache()
    const engine = await engineOn(temporaryDir(), { cache })
    await engine.run(await chain('1', '1')).result
    const [two] = await engine.accept(await chain('1', '2'), ['second'], { because })
    const [three] = await engine.accept(await chain('1', '3'), ['second'], { because })
    if (two === undefined || three === undefined) throw new Error('nothing was accepted')
    await engine.run(await chain('1', '3'), { force: ['second'] }).result
    await engine.revoke(await chain('1', '3'), ['second'])
    expect(await cache.get(two.key)).toBeUndefined()
    expect((await cache.get(three.key))?.accepted).toBeUndefined()
    await expect(engine.revoke(await chain('1', '3'), ['second'])).rejects.toMatchObject({
      code: 'STEPWELL_ACCEPT',
    })
  })

  test('so is all, where the audit trail is lost; a torn line costs none but itself', async () => {
    const { dir, engine } = await start()
    const trail = join(dir, '.stepwell/accepted.ndjson')
    appendFileSync(trail, '{"type":"acc')
    await engine.accept(await chain('1', '2'), ['second'], { because })
    expect((await engine.plan(await chain('1', '2'))).steps[1]?.decision).toBe('cached')
    writeFileSync(trail, '')
    expect((await engine.plan(await chain('1', '2'))).steps[1]?.decision).toBe('run')
    expect(statusesOf(await engine.run(await chain('1', '2')).result).second).toBe('succeeded')
  })
})

describe('is refused', () => {
  async function refusal(work: Promise<unknown>): Promise<string> {
    const error = (await work.catch((thrown: unknown) => thrown)) as {
      code: string
      message: string
      hint?: string
    }
    expect(error.code).toBe('STEPWELL_ACCEPT')
    return `${error.message}; ${error.hint ?? ''}`
  }

  test('a step that is fresh, or never ran', async () => {
    const { engine } = await start()
    const work = engine.accept(await chain('1', '1'), ['second'], { because })
    expect(await refusal(work)).toMatch(/`second` cannot be accepted; it is fresh already/)
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one' })
    const fresh = await engineOn(dir)
    expect(await refusal(fresh.accept(narrow, ['read'], { because }))).toMatch(/never succeeded/)
  })

  test('a step below one that will run, which is named, and all with it', async () => {
    const { engine } = await start()
    const changed = await chain('2', '2')
    expect(await refusal(engine.accept(changed, ['second'], { because }))).toMatch(
      /step `first` will run; run it first \(stepwell run first\)/,
    )
    expect(await refusal(engine.accept(changed, ['first', 'third'], { because }))).toMatch(
      /`third` cannot be accepted; .*`second` will run/,
    )
    expect(await engine.accepted(changed)).toEqual([])
    expect((await engine.plan(changed)).steps[0]?.decision).toBe('run')
  })

  test('a step that may not be cached', async () => {
    const engine = await engineOn(temporaryDir())
    await engine.run(never).result
    expect(await refusal(engine.accept(never, ['uncached'], { because }))).toMatch(/cache: false/)
  })

  test('a change of params, inputs or environment, unless any change is meant', async () => {
    const engine = await engineOn(temporaryDir())
    await engine.run(hasPlace).result
    process.env['STEPWELL_TEST_PLACE'] = 'away'
    expect(await refusal(engine.accept(hasPlace, ['place'], { because }))).toMatch(
      /more than its code changed: env STEPWELL_TEST_PLACE "home" -> "away"; .*--any-change/,
    )
    await engine.accept(hasPlace, ['place'], { because, anyChange: true })
    expect(statusesOf(await engine.run(hasPlace).result)).toEqual({ place: 'cached' })
  })

  test('another place of a file that it leaves, by any change either', async () => {
    const { dir, engine } = await start()
    await engine.run(await writer('a.txt', '1')).result
    const work = engine.accept(await writer('b.txt', '1'), ['write'], { because, anyChange: true })
    expect(await refusal(work)).toMatch(
      /`write` cannot be accepted; it leaves other files than it did/,
    )
    const changed = await writer('a.txt', '2')
    await engine.accept(changed, ['write'], { because })
    writeFiles(dir, { 'a.txt': undefined })
    expect(statusesOf(await engine.run(changed).result)).toEqual({ write: 'cached' })
    expect(readFileSync(join(dir, 'a.txt'), 'utf8')).toBe('a report')
  })

  test('outputs that are not there any more', async () => {
    const { dir, engine, made } = await start()
    const hex = made.steps['second']?.output?.digest.split(':')[1] ?? ''
    writeFiles(dir, { [`.stepwell/objects/${hex.slice(0, 2)}/${hex.slice(2)}`]: undefined })
    expect(await refusal(engine.accept(await chain('1', '2'), ['second'], { because }))).toMatch(
      /its stored output is missing/,
    )
  })

  test('a step whose own outputs only the database knows', async () => {
    const { dir, engine } = await start()
    const state = readFileSync(join(dir, '.stepwell/state/chain.json'))
    const { id } = await engine.run(await chain('1', '2')).result
    writeFileSync(join(dir, '.stepwell/state/chain.json'), state)
    rmSync(join(dir, '.stepwell/runs', id), { recursive: true })
    expect(await refusal(engine.accept(await chain('1', '2'), ['second'], { because }))).toMatch(
      /its own outputs are in the cache/,
    )
  })

  test('without a reason: that is misuse', async () => {
    const { engine } = await start()
    const work = engine.accept(await chain('1', '2'), ['second'], { because: ' ' })
    await expect(work).rejects.toThrow(TypeError)
  })
})
