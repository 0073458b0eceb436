import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { digestText } from '@stepwell/base/digest'
import { pipeline, step, type Step } from '../src/index.ts'
import {
  copying,
  deploying,
  effect,
  hasPlace,
  lone,
  needsRegion,
  never,
  place,
} from './fixtures/lone.ts'
import { shared, second } from './fixtures/shared.ts'
import { narrow, report, words } from './fixtures/words.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { replace, resetHooks, takeCalls } from './support/hooks.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

afterEach(() => {
  resetHooks()
  effect.stale = () => undefined
  vi.unstubAllEnvs()
})

const ALL = { read: 'cached', count: 'cached', report: 'cached', longest: 'cached' }

describe('what did not change is not executed', () => {
  test('in a second run, also of another engine', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one two three' })
    const engine = await engineOn(dir)
    expect((await engine.run(words).result).warnings).toEqual([])
    takeCalls()
    const again = engine.run(words)
    expect(statusesOf(await again.result)).toEqual(ALL)
    expect(await again.value(report)).toBe('3 words')
    await engine.close()
    const other = await engineOn(dir)
    expect(statusesOf(await other.run(words).result)).toEqual(ALL)
    expect(takeCalls()).toEqual([])
  })

  test('a new time stamp is no change', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one two' })
    const engine = await engineOn(dir)
    await engine.run(words).result
    utimesSync(join(dir, 'words.txt'), 1, 1)
    expect(statusesOf(await engine.run(words).result)).toEqual(ALL)
  })

  test('a step that gives the same bytes again stops the wave', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one two' })
    const engine = await engineOn(dir)
    await engine.run(words).result
    writeFiles(dir, { 'words.txt': '  one\n two ' })
    expect(statusesOf(await engine.run(words).result)).toEqual({ ...ALL, read: 'succeeded' })
  })

  test('who reads one field does not rerun when another one changes', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one two' })
    const engine = await engineOn(dir)
    await engine.run(words).result
    writeFiles(dir, { 'words.txt': 'six two' })
    const record = await engine.run(words).result
    expect(statusesOf(record)).toEqual({
      read: 'succeeded',
      count: 'succeeded',
      report: 'cached',
      longest: 'succeeded',
    })
    expect(record.steps['read']?.reasons).toEqual([
      {
        kind: 'input',
        name: 'text',
        source: 'file words.txt',
        change: 'changed',
        before: digestText('one two'),
        after: digestText('six two'),
      },
    ])
  })

  test('going back to earlier inputs finds the earlier outputs', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    for (const text of ['one', 'one two', 'one']) {
      writeFiles(dir, { 'words.txt': text })
      await engine.run(words).result
    }
    takeCalls()
    const run = engine.run(words)
    expect(await run.value(report)).toBe('1 words')
    expect(takeCalls()).toEqual([])
  })

  test('a moved project keeps its cache', async () => {
    const [one, two] = [temporaryDir(), temporaryDir()]
    const files = { 'words.txt': 'one two' }
    writeFiles(one, files)
    const engine = await engineOn(one)
    await engine.run(words).result
    await engine.close()
    const { cpSync } = await import('node:fs')
    cpSync(one, two, { recursive: true })
    const moved = await engineOn(two)
    expect(statusesOf(await moved.run(words, { targets: ['read'] }).result)).toEqual({
      read: 'cached',
    })
  })
})

describe('a field that comes to be picked later', () => {
  test('does not rerun the producer', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one two' })
    const engine = await engineOn(dir)
    await engine.run(narrow).result
    takeCalls()
    const run = engine.run(words)
    expect(statusesOf(await run.result)).toMatchObject({ read: 'cached', count: 'cached' })
    expect(await run.value(report)).toBe('2 words')
    expect(takeCalls().toSorted()).toEqual(['longest', 'report'])
    expect(statusesOf(await engine.run(words).result)).toEqual(ALL)
  })

  test('and is not there: the producer fails, in the plan as well as in the run', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one two' })
    const engine = await engineOn(dir)
    replace('count', () => ({ first: 'x' }))
    await engine.run(narrow).result
    const record = await engine.run(words).result
    expect(statusesOf(record)).toMatchObject({ count: 'failed', report: 'skipped' })
    expect(record.steps['count']?.error?.code).toBe('STEPWELL_PICK')
    expect(record.steps['report']?.reasons).toEqual([{ kind: 'blocked', by: ['count'] }])
    const plan = await engine.plan(words)
    expect(plan.steps.map(({ name }) => name)).toContain('report')
  })
})

test('what a step does to its inputs changes nothing for others', async () => {
  const engine = await engineOn(temporaryDir())
  replace('first', ({ rows }: { rows: { rows: number[]; data: Float64Array } }) => {
    rows.rows.sort((a, b) => a - b)
    rows.rows.push(99)
    rows.data.fill(7)
    return 1
  })
  const run = engine.run(shared)
  expect(await run.value(second)).toEqual([3, 1, 2, 1, 2])
  const forced = engine.run(shared, { force: ['second'] })
  expect(await forced.value(second)).toEqual([3, 1, 2, 1, 2])
})

test('what a step keeps of its output and changes later does not reach the cache', async () => {
  const engine = await engineOn(temporaryDir())
  const kept = { rows: [1, 2], data: new Float64Array([0]) }
  replace('rows', () => kept)
  replace('first', () => {
    kept.rows.push(3)
    kept.data.fill(9)
    return 0
  })
  const run = engine.run(shared)
  expect(await run.value(second)).toEqual([1, 2, 0])
})

test('`cache: false` runs every time', async () => {
  const engine = await engineOn(temporaryDir())
  for (const _ of [1, 2, 3]) {
    const record = await engine.run(never).result
    expect(statusesOf(record)).toEqual({ uncached: 'succeeded' })
    expect(record.steps['uncached']?.reasons).toEqual([
      { kind: 'uncacheable', why: expect.stringContaining('cache: false') },
    ])
  }
  expect(takeCalls().length).toBe(3)
})

describe('force', () => {
  test('executes the named steps only; what gives the same stops the wave', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one two' })
    const engine = await engineOn(dir)
    await engine.run(words).result
    const record = await engine.run(words, { force: ['count'] }).result
    expect(statusesOf(record)).toEqual({ ...ALL, count: 'succeeded' })
    expect(record.steps['count']?.reasons).toEqual([{ kind: 'forced' }])
    const all = await engine.run(words, { force: 'all' }).result
    expect(new Set(Object.values(statusesOf(all)))).toEqual(new Set(['succeeded']))
  })
  test('in the very first run is no reason to speak of a loss', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one two' })
    const record = await (await engineOn(dir)).run(words, { force: 'all' }).result
    expect(record.warnings).toEqual([])
  })

  test('of a step that takes no part is refused', async () => {
    const engine = await engineOn(temporaryDir())
    const run = engine.run(words, { targets: ['read'], force: ['count'] })
    await expect(run.result).rejects.toMatchObject({ code: 'STEPWELL_TARGET_UNKNOWN' })
  })
})

describe('targets', () => {
  test('only what they need runs', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one two' })
    const engine = await engineOn(dir)
    const run = engine.run(words, { targets: ['count'] })
    expect(statusesOf(await run.result)).toEqual({ read: 'succeeded', count: 'succeeded' })
    await expect(run.value(report)).rejects.toMatchObject({ code: 'STEPWELL_NO_OUTPUT' })
    await expect(run.value(place)).rejects.toMatchObject({ code: 'STEPWELL_NO_OUTPUT' })
  })
  test('an unknown one is refused, and leaves no run behind', async () => {
    const engine = await engineOn(temporaryDir())
    const run = engine.run(words, { targets: ['nothing'] })
    await expect(run.result).rejects.toMatchObject({ code: 'STEPWELL_TARGET_UNKNOWN' })
    expect(await engine.runIds()).toEqual([])
  })
})

describe('effects', () => {
  test('a cached output counts only while its effect is in place', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    await engine.run(deploying).result
    const asked: unknown[] = []
    effect.stale = (output, given) => {
      asked.push([output, given])
      return undefined
    }
    const cached = await engine.run(deploying).result
    expect(statusesOf(cached)).toEqual({ deploy: 'cached', after: 'cached' })
    expect(asked).toEqual([[{ id: 7 }, dir]])
    effect.stale = ({ id }) => `deployment ${id} is gone`
    const record = await engine.run(deploying).result
    expect(statusesOf(record)).toEqual({ deploy: 'succeeded', after: 'cached' })
    expect(record.steps['deploy']?.reasons).toEqual([
      { kind: 'effect', why: 'deployment 7 is gone' },
    ])
  })
  test('a check that throws counts as stale', async () => {
    const engine = await engineOn(temporaryDir())
    await engine.run(deploying).result
    effect.stale = () => {
      throw new Error('no network')
    }
    const record = await engine.run(deploying).result
    expect(statusesOf(record)).toMatchObject({ deploy: 'succeeded' })
    expect(JSON.stringify(record.steps['deploy']?.reasons)).toMatch(/no network/)
  })
})

describe('variables', () => {
  test('the value is part of the key', async () => {
    const engine = await engineOn(temporaryDir())
    vi.stubEnv('STEPWELL_TEST_REGION', 'north')
    expect(statusesOf(await engine.run(needsRegion).result)).toEqual({ region: 'succeeded' })
    expect(statusesOf(await engine.run(needsRegion).result)).toEqual({ region: 'cached' })
    vi.stubEnv('STEPWELL_TEST_REGION', 'south')
    const record = await engine.run(needsRegion).result
    expect(record.steps['region']?.reasons).toEqual([
      { kind: 'env', name: 'STEPWELL_TEST_REGION', before: 'north', after: 'south' },
    ])
  })
  test('unset without a fallback: the step fails', async () => {
    const engine = await engineOn(temporaryDir())
    const record = await engine.run(needsRegion).result
    expect(record.steps['region']).toMatchObject({
      status: 'failed',
      error: { code: 'STEPWELL_ENV_MISSING' },
    })
    expect(takeCalls()).toEqual([])
  })
  test('unset with a fallback, and set to nothing, are told apart', async () => {
    const engine = await engineOn(temporaryDir())
    const unset = engine.run(hasPlace)
    expect(await unset.value(place)).toBe('home')
    vi.stubEnv('STEPWELL_TEST_PLACE', '')
    const empty = engine.run(hasPlace)
    expect(await empty.value(place)).toBe('')
    vi.stubEnv('STEPWELL_TEST_PLACE', 'home')
    expect(statusesOf(await engine.run(hasPlace).result)).toEqual({ place: 'cached' })
  })
})

describe('input files', () => {
  test('a missing one fails its step', async () => {
    const engine = await engineOn(temporaryDir())
    const record = await engine.run(copying).result
    expect(record.steps['copy']).toMatchObject({
      status: 'failed',
      error: { code: 'STEPWELL_INPUT_MISSING', message: expect.stringContaining('in.txt') },
    })
  })
  test('one that is a directory fails its step', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'in.txt/x': '' })
    const record = await (await engineOn(dir)).run(copying).result
    expect(record.steps['copy']?.error?.code).toBe('STEPWELL_INPUT_MISSING')
  })
  for (const [title, change] of [
    ['changed', { 'in.txt': 'two' }],
    ['removed', { 'in.txt': undefined }],
  ] as const) {
    test(`one that is ${title} while its step runs: nothing is kept`, async () => {
      const dir = temporaryDir()
      writeFiles(dir, { 'in.txt': 'one' })
      const engine = await engineOn(dir)
      replace('copy', ({ text }: { text: { text(): string } }) => {
        const content = text.text()
        writeFiles(dir, change)
        return content
      })
      const record = await engine.run(copying).result
      expect(record.steps['copy']).toMatchObject({
        status: 'failed',
        error: { code: 'STEPWELL_INPUT_CHANGED' },
      })
      resetHooks()
      writeFiles(dir, { 'in.txt': 'one' })
      expect(statusesOf(await engine.run(copying).result)).toEqual({ copy: 'succeeded' })
    })
    test(`one that is ${title} before its step reads it`, async () => {
      const dir = temporaryDir()
      writeFiles(dir, { 'in.txt': 'one' })
      const engine = await engineOn(dir)
      replace('copy', ({ text }: { text: { text(): string } }) => {
        writeFiles(dir, change)
        return text.text()
      })
      const record = await engine.run(copying).result
      expect(record.steps['copy']?.error?.code).toBe('STEPWELL_INPUT_CHANGED')
    })
  }
  test('one of more than a MiB that is changed in its last byte', async () => {
    const dir = temporaryDir()
    const text = 'x'.repeat((1 << 20) + 10)
    writeFiles(dir, { 'in.txt': text })
    const engine = await engineOn(dir)
    replace('copy', ({ text: given }: { text: { text(): string } }) => given.text().length)
    await engine.run(copying).result
    expect(statusesOf(await engine.run(copying).result)).toEqual({ copy: 'cached' })
    writeFiles(dir, { 'in.txt': `${text.slice(0, -1)}y` })
    expect(statusesOf(await engine.run(copying).result)).toEqual({ copy: 'succeeded' })
  })
  test('bytes that are no UTF-8 text', async () => {
    const dir = temporaryDir()
    const { writeFileSync } = await import('node:fs')
    writeFileSync(join(dir, 'in.txt'), new Uint8Array([0xff, 0xfe, 0x00]))
    const record = await (await engineOn(dir)).run(copying).result
    expect(record.steps['copy']?.error?.code).toBe('STEPWELL_INPUT_ENCODING')
  })
})

describe('failure', () => {
  test('leaves no entry, and the next run tries again', async () => {
    const engine = await engineOn(temporaryDir())
    replace('slow', () => {
      throw new Error('no luck')
    })
    for (const _ of [1, 2]) {
      const record = await engine.run(lone).result
      expect(record.status).toBe('failed')
      expect(record.steps['slow']).toMatchObject({
        status: 'failed',
        error: { message: 'no luck' },
      })
      expect(record.steps['slow']?.output).toBeUndefined()
    }
    expect(takeCalls()).toEqual(['slow', 'slow'])
    resetHooks()
    expect(statusesOf(await engine.run(lone).result)).toEqual({ slow: 'succeeded' })
  })
  test('the earlier good output stays', async () => {
    const engine = await engineOn(temporaryDir())
    await engine.run(lone).result
    replace('slow', () => {
      throw new Error('no luck')
    })
    expect(statusesOf(await engine.run(lone, { force: 'all' }).result)).toEqual({ slow: 'failed' })
    expect(statusesOf(await engine.run(lone).result)).toEqual({ slow: 'cached' })
  })
  test('a value that cannot be stored fails the step and names the place', async () => {
    const engine = await engineOn(temporaryDir())
    replace('slow', () => ({ model: { predict: () => 1 } }))
    const record = await engine.run(lone).result
    expect(record.steps['slow']?.error).toMatchObject({
      code: 'STEPWELL_VALUE',
      message: expect.stringContaining('.model.predict is a function'),
    })
  })
  for (const [title, thrown] of [
    ['a string', 'no luck'],
    ['nothing', undefined],
    ['a symbol', Symbol('no luck')],
    ['an object', { code: 'X' }],
    ['an object without a prototype', Object.create(null)],
  ] as [string, unknown][]) {
    test(`${title} that is thrown is the step's failure, not the run's`, async () => {
      const engine = await engineOn(temporaryDir())
      replace('slow', () => {
        throw thrown
      })
      const record = await engine.run(lone).result
      expect(statusesOf(record)).toEqual({ slow: 'failed' })
      expect(typeof record.steps['slow']?.error?.message).toBe('string')
    })
  }
})

test('what is in doubt about many steps is said once', async () => {
  const made: Record<string, Step> = {}
  for (const name of ['one', 'two', 'three', 'four', 'five']) made[name] = step({ run: () => name })
  const engine = await engineOn(temporaryDir())
  const { warnings } = await engine.plan(pipeline('many', made))
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toMatch(
    /^steps `one`, `two`, `three` and 2 more are not cached: its code captures `name`/,
  )
})
