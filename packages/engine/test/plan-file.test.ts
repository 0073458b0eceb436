import fc from 'fast-check'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { decodePlan, encodePlan, type Engine, type Pipeline, type Plan } from '../src/index.ts'
import { effect, hasPlace, place, releasing } from './fixtures/lone.ts'
import { narrow, words } from './fixtures/words.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { replace, resetHooks, takeCalls } from './support/hooks.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

afterEach(() => {
  resetHooks()
  effect.stale = () => undefined
})

async function start(files: Record<string, string>): Promise<{ dir: string; engine: Engine }> {
  const dir = temporaryDir()
  writeFiles(dir, files)
  return { dir, engine: await engineOn(dir) }
}

/** Runs a plan that must be refused, and gives why. */
async function refused(engine: Engine, pipeline: Pipeline, plan: Plan): Promise<string> {
  const runs = await engine.runIds()
  takeCalls()
  const { promise: failed, resolve } = Promise.withResolvers<unknown>()
  engine.run(pipeline, { plan }).result.catch(resolve)
  const error = (await failed) as { code: string; message: string }
  expect(error.code).toBe('STEPWELL_PLAN_MOVED')
  expect(takeCalls()).toEqual([])
  // It leaves no trace.
  expect(await engine.runIds()).toEqual(runs)
  return error.message.replace(/^.*?; /, '')
}

describe('a plan that still holds', () => {
  test('is run, with its targets and what it forces', async () => {
    const { engine } = await start({ 'words.txt': 'one two' })
    const all = await engine.plan(words)
    expect(all.targets).toEqual([])
    expect(statusesOf(await engine.run(words, { plan: all }).result)).toEqual({
      read: 'succeeded',
      count: 'succeeded',
      report: 'succeeded',
      longest: 'succeeded',
    })
    const some = await engine.plan(words, { targets: ['count'], force: ['read'] })
    const again = decodePlan(encodePlan(some))
    expect(statusesOf(await engine.run(words, { plan: again }).result)).toEqual({
      read: 'succeeded',
      count: 'cached',
    })
  })

  test('is not run beside other targets: that is misuse', async () => {
    const { engine } = await start({ 'words.txt': 'one two' })
    const plan = await engine.plan(words)
    for (const more of [{ targets: ['read'] }, { force: 'all' as const }]) {
      expect(() => engine.run(words, { plan, ...more })).toThrow(TypeError)
    }
  })
})

describe('a plan that no longer holds is refused before anything is executed', () => {
  test('an input changed: it is named, and what follows from it is not', async () => {
    const { dir, engine } = await start({ 'words.txt': 'one two' })
    await engine.run(words).result
    const plan = await engine.plan(words)
    writeFiles(dir, { 'words.txt': 'three' })
    expect(await refused(engine, words, plan)).toBe('read: input `text` (file words.txt) changed')
  })

  test('an input that was missing can be had, and the other way round', async () => {
    const { dir, engine } = await start({})
    const without = await engine.plan(words)
    writeFiles(dir, { 'words.txt': 'three' })
    const message = 'read: the input file `words.txt` does not exist; create it'
    expect(await refused(engine, words, without)).toContain(message)
    const plan = await engine.plan(words)
    writeFiles(dir, { 'words.txt': undefined })
    expect(await refused(engine, words, plan)).toContain(message)
  })

  test('somebody else ran it: its decisions are others', async () => {
    const { engine } = await start({ 'words.txt': 'one two' })
    const plan = await engine.plan(words)
    const { id } = await engine.run(words, { targets: ['read'] }).result
    expect(await refused(engine, words, plan)).toBe(
      `read: will run -> cached (unchanged since run ${id})`,
    )
  })

  test('what it takes from the cache is gone', async () => {
    const { dir, engine } = await start({ 'words.txt': 'one two' })
    await engine.run(words).result
    const plan = await engine.plan(words)
    writeFiles(dir, { '.stepwell/state/words.json': '' })
    rmSync(join(dir, '.stepwell/runs'), { recursive: true })
    expect(await refused(engine, words, plan)).toContain(
      'read: cached -> will run (never succeeded before)',
    )
  })

  test('steps came and went, or it is another pipeline', async () => {
    const { engine } = await start({ 'words.txt': 'one two', 'in.txt': '' })
    const [all, some] = [await engine.plan(words), await engine.plan(narrow)]
    expect(await refused(engine, narrow, all)).toMatch(
      /(longest|report): is gone, (longest|report): is gone$/,
    )
    expect(await refused(engine, words, some)).toMatch(
      /(longest|report): is new, (longest|report): is new$/,
    )
    const message = 'it is of pipeline `has-place`, and this is `words`'
    expect(await refused(engine, words, await engine.plan(hasPlace))).toBe(message)
  })

  test('an environment variable has another value', async () => {
    const { engine } = await start({})
    const plan = await engine.plan(hasPlace)
    process.env['STEPWELL_TEST_PLACE'] = 'away'
    try {
      expect(await refused(engine, hasPlace, plan)).toBe(
        'place: env STEPWELL_TEST_PLACE "home" -> "away"',
      )
    } finally {
      delete process.env['STEPWELL_TEST_PLACE']
    }
    const run = engine.run(hasPlace, { plan })
    expect(await run.value(place)).toBe('home')
  })
})

describe('a plan binds while it is run', () => {
  test('a file that changes before its step is reached fails that step', async () => {
    const { dir, engine } = await start({ 'notes.txt': 'planned' })
    const plan = await engine.plan(releasing)
    replace('deploy', () => {
      writeFileSync(join(dir, 'notes.txt'), 'other')
      return { id: 7 }
    })
    takeCalls()
    const record = await engine.run(releasing, { plan }).result
    expect(statusesOf(record)).toEqual({ deploy: 'succeeded', released: 'failed' })
    expect(record.steps['released']?.error).toMatchObject({
      code: 'STEPWELL_PLAN_MOVED',
      message: expect.stringContaining('released: input `notes` (file notes.txt) changed'),
    })
    expect(takeCalls()).toEqual(['deploy'])
    // Not in the cache either: a later run makes it.
    const after = await engine.run(releasing).result
    expect(statusesOf(after)).toEqual({ deploy: 'cached', released: 'succeeded' })
  })

  test('a step with a planned key must get that key', async () => {
    const { dir, engine } = await start({ 'notes.txt': 'planned' })
    await engine.run(releasing, { targets: ['deploy'] }).result
    const plan = await engine.plan(releasing)
    expect(plan.steps[1]).toMatchObject({ decision: 'run', key: expect.any(String) })
    // Asked when the plan is checked, and again when `deploy` is settled, before `released` is.
    let asked = 0
    effect.stale = () => {
      asked += 1
      if (asked === 2) writeFileSync(join(dir, 'notes.txt'), 'other')
      return undefined
    }
    const record = await engine.run(releasing, { plan }).result
    expect(asked).toBe(2)
    expect(statusesOf(record)).toEqual({ deploy: 'cached', released: 'failed' })
    expect(record.steps['released']?.error?.code).toBe('STEPWELL_PLAN_MOVED')
  })

  test('what was planned as cached is not executed', async () => {
    const { engine } = await start({ 'notes.txt': 'planned' })
    await engine.run(releasing).result
    const plan = await engine.plan(releasing)
    let asked = 0
    effect.stale = () => {
      asked += 1
      return asked === 1 ? undefined : 'it was taken down'
    }
    takeCalls()
    const record = await engine.run(releasing, { plan }).result
    expect(statusesOf(record)).toEqual({ deploy: 'failed', released: 'skipped' })
    expect(record.steps['deploy']?.error?.message).toContain(
      'deploy: cached -> will run (it was taken down)',
    )
    expect(takeCalls()).toEqual([])
  })
})

describe('a plan as text', () => {
  test('comes back as it was', async () => {
    const { engine } = await start({ 'words.txt': 'one two' })
    const plan = await engine.plan(words, { force: 'all' })
    expect(decodePlan(encodePlan(plan))).toEqual(plan)
  })

  test('that is damaged anywhere is refused', async () => {
    const { engine } = await start({ 'words.txt': 'one two' })
    const text = encodePlan(await engine.plan(narrow)).trimEnd()
    const change = fc.tuple(fc.nat(text.length - 1), fc.constantFrom('', 'x', '0', '"', '{'))
    fc.assert(
      fc.property(change, ([at, by]) => {
        const other = text.slice(0, at) + by + text.slice(at + 1)
        if (other === text) return
        expect(() => decodePlan(other)).toThrow(
          expect.objectContaining({ code: 'STEPWELL_PLAN_FILE' }),
        )
      }),
    )
  })

  test('whose numbers were changed to what cannot be read is refused by their place', async () => {
    const { engine } = await start({ 'words.txt': 'one two' })
    const text = encodePlan(await engine.plan(narrow))
    const other = text.replace('"plan":{', '"plan":{"at":9007199254740993,')
    expect(() => decodePlan(other)).toThrow('.plan.at is 9007199254740993')
  })

  for (const text of ['', 'null', '1', '[]', '{}', '{"schema":"stepwell.plan-file/3"}']) {
    test(`${JSON.stringify(text)} is no plan`, () => {
      expect(() => decodePlan(text)).toThrow(
        expect.objectContaining({ code: 'STEPWELL_PLAN_FILE' }),
      )
    })
  }
})
