import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Level } from 'level'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { LevelIndex, type IndexOptions } from '../src/store/cache/level-index.ts'
import { LevelStepCache } from '../src/store/cache/level-step-cache.ts'
import { fan } from './fixtures/fan.ts'
import { lone } from './fixtures/lone.ts'
import { ended, fileAppears, startChild } from './support/child.ts'
import { engineOn, eventOf, statusesOf } from './support/engine.ts'
import { entryOf, keyOf } from './support/entry.ts'
import { block, resetHooks, takeCalls } from './support/hooks.ts'
import { stepCacheContract } from '../src/testing/step-cache-contract.ts'
import { keeps } from './support/keeps.ts'
import { temporaryDir } from './support/temporary.ts'

afterEach(resetHooks)

function indexIn(dir: string, options: IndexOptions = {}): LevelIndex {
  const index = LevelIndex.share(dir, options)
  onTestFinished(async () => await index.close(options))
  return index
}

keeps(
  'LevelStepCache is a step cache',
  stepCacheContract,
  () => () => new LevelStepCache(indexIn(temporaryDir())),
)

describe('one process', () => {
  test('two engines on one directory share what is cached', async () => {
    const dir = temporaryDir()
    const [one, two] = [await engineOn(dir), await engineOn(dir)]
    await one.run(fan).result
    expect(new Set(Object.values(statusesOf(await two.run(fan).result)))).toEqual(
      new Set(['cached']),
    )
    await one.close()
    expect(new Set(Object.values(statusesOf(await two.run(fan).result)))).toEqual(
      new Set(['cached']),
    )
  })

  test('runs of two engines at once', async () => {
    const dir = temporaryDir()
    const [one, two] = [await engineOn(dir), await engineOn(dir)]
    const records = await Promise.all([one.run(fan).result, two.run(fan).result])
    expect(records.map(({ status }) => status)).toEqual(['succeeded', 'succeeded'])
  })

  test('opened again while the last one that had it is closing', async () => {
    const dir = temporaryDir()
    for (let round = 0; round < 20; round += 1) {
      const options = {}
      const index = LevelIndex.share(dir, options)
      await index.put('round', `${round}`)
      const closing = index.close(options)
      const next = indexIn(dir)
      expect(next, 'one handle per directory').toBe(index)
      expect(await next.get('round')).toBe(`${round}`)
      await closing
    }
  })

  test('what was written is there after closing', async () => {
    const dir = temporaryDir()
    const options = {}
    const index = LevelIndex.share(dir, options)
    await index.put('a', 'one')
    await index.close(options)
    expect(await indexIn(dir).get('a')).toBe('one')
  })
})

describe('another process that holds the step cache', () => {
  test('is waited for, said after a while, and the run goes on when it lets go', async () => {
    const dir = temporaryDir()
    const child = startChild('hold-index', dir)
    await fileAppears(join(dir, 'holding'))
    const engine = await engineOn(dir)
    const run = engine.run(lone)
    const warning = await eventOf(run, ({ type }) => type === 'warning')
    expect(warning).toMatchObject({
      message: expect.stringMatching(new RegExp(`held by process ${child.pid} .*hold-index`)),
    })
    writeFileSync(join(dir, 'release'), '')
    expect(statusesOf(await run.result)).toEqual({ slow: 'succeeded' })
    await ended(child)
  })

  test('and is killed lets go too', async () => {
    const dir = temporaryDir()
    const child = startChild('hold-index', dir)
    await fileAppears(join(dir, 'holding'))
    const engine = await engineOn(dir)
    const run = engine.run(lone)
    await eventOf(run, ({ type }) => type === 'run-started')
    child.kill('SIGKILL')
    expect(statusesOf(await run.result)).toEqual({ slow: 'succeeded' })
  })

  test('for too long ends the run with an error that names it', async () => {
    const dir = temporaryDir()
    const child = startChild('hold-index', dir)
    await fileAppears(join(dir, 'holding'))
    const engine = await engineOn(dir, { lockTimeout: 50 })
    await expect(engine.run(lone).result).rejects.toMatchObject({
      code: 'STEPWELL_LOCK_TIMEOUT',
      message: expect.stringMatching(new RegExp(`50 ms; by process ${child.pid} `)),
    })
    expect(takeCalls()).toEqual([])
  })

  test('gets its turn while a long step of ours runs', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const slow = block('slow')
    const run = engine.run(lone)
    await slow.called
    const child = startChild('hold-index', dir)
    await fileAppears(join(dir, 'holding'))
    writeFileSync(join(dir, 'release'), '')
    await ended(child)
    slow.release()
    expect(statusesOf(await run.result)).toEqual({ slow: 'succeeded' })
  })
})

describe('damage', () => {
  const damages: [string, (index: string) => void][] = [
    ['garbage in CURRENT', (index) => writeFileSync(join(index, 'CURRENT'), 'garbage')],
    ['an empty CURRENT', (index) => writeFileSync(join(index, 'CURRENT'), '')],
    [
      'CURRENT that names nothing',
      (index) => writeFileSync(join(index, 'CURRENT'), 'MANIFEST-9\n'),
    ],
    ['garbage in the manifest', (index) => writeFileSync(manifestOf(index), 'garbage'.repeat(50))],
    ['a manifest that is gone', (index) => rmSync(manifestOf(index))],
  ]
  for (const [title, damage] of damages) {
    test(`${title}: set aside with a warning, and the run succeeds`, async () => {
      const dir = temporaryDir()
      const first = await engineOn(dir)
      await first.run(fan).result
      await first.close()
      damage(join(dir, '.stepwell/index'))
      // Else the run is decided from the last known state, and opens no database.
      rmSync(join(dir, '.stepwell/state'), { recursive: true })
      const engine = await engineOn(dir)
      const record = await engine.run(fan).result
      expect(record.status).toBe('succeeded')
      expect(record.warnings.join('\n')).toMatch(/step cache was damaged, .*index\.damaged-/)
      expect(readdirSync(join(dir, '.stepwell')).join(' ')).toMatch(/index\.damaged-/)
      // What the runs have committed is there again.
      expect(record.warnings.join('\n')).toMatch(/5 entries were restored/)
      expect(new Set(Object.values(statusesOf(record)))).toEqual(new Set(['cached']))
    })
  }

  /** A project that has run, and in which the run cannot be decided from the last known state. */
  async function run(): Promise<string> {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    await engine.run(fan).result
    await engine.close()
    rmSync(join(dir, '.stepwell/state'), { recursive: true })
    takeCalls()
    return dir
  }

  test('a CURRENT that is missing opens an empty database: what it held is put back', async () => {
    const dir = await run()
    for (const name of readdirSync(join(dir, '.stepwell/index'))) {
      if (/CURRENT|\.log$/.test(name)) rmSync(join(dir, '.stepwell/index', name))
    }
    const engine = await engineOn(dir)
    const record = await engine.run(fan).result
    expect(new Set(Object.values(statusesOf(record)))).toEqual(new Set(['cached']))
    expect(record.warnings).toEqual([
      "the step cache had lost its content; 5 entries were restored from the runs' journals",
    ])
    expect(takeCalls()).toEqual([])
  })

  test('an index that is gone is filled again, but for what is damaged in the journals', async () => {
    const dir = await run()
    rmSync(join(dir, '.stepwell/index'), { recursive: true })
    const [id = ''] = readdirSync(join(dir, '.stepwell/runs'))
    const journal = join(dir, '.stepwell/runs', id, 'entries.ndjson')
    const lines = readFileSync(journal, 'utf8').split('\n')
    const [first = '', second = '', ...others] = lines
    // A flipped bit in the first, the second torn.
    const torn = [first.replace('"value"', '"walue"'), second.slice(0, -20), ...others]
    writeFileSync(journal, torn.join('\n'))
    const engine = await engineOn(dir)
    const record = await engine.run(fan).result
    expect(record.status).toBe('succeeded')
    expect(record.warnings.join()).toMatch(/3 entries were restored/)
    expect(takeCalls().length).toBe(2)
  })

  test('an index, a state and runs that are gone cost a rerun', async () => {
    const dir = await run()
    rmSync(join(dir, '.stepwell/index'), { recursive: true })
    rmSync(join(dir, '.stepwell/runs'), { recursive: true })
    const engine = await engineOn(dir)
    expect(new Set(Object.values(statusesOf(await engine.run(fan).result)))).toEqual(
      new Set(['succeeded']),
    )
  })

  test('one flipped bit in any file of the index never gives a wrong output', async () => {
    const dir = await run()
    const whole = (await (await engineOn(dir)).run(fan).result).steps
    const outputs = Object.values(whole).map(({ output }) => output?.digest)
    for (const name of readdirSync(join(dir, '.stepwell/index'))) {
      const copy = temporaryDir()
      cpSync(dir, copy, { recursive: true })
      rmSync(join(copy, '.stepwell/state'), { recursive: true })
      const path = join(copy, '.stepwell/index', name)
      const bytes = readFileSync(path)
      for (const at of [0.1, 0.5, 0.9]) {
        const place = Math.floor(bytes.length * at)
        bytes[place] = (bytes[place] ?? 0) ^ (1 << Math.floor(at * 8))
      }
      writeFileSync(path, bytes)
      const engine = await engineOn(copy)
      const record = await engine.run(fan).result
      expect(record.status, name).toBe('succeeded')
      expect(Object.values(record.steps).map(({ output }) => output?.digest)).toEqual(outputs)
      await engine.close()
      const again = statusesOf(await (await engineOn(copy)).run(fan).result)
      expect(new Set(Object.values(again)), name).toEqual(new Set(['cached']))
    }
  })

  test('an index that is no directory is an error that says so', async () => {
    const dir = temporaryDir()
    mkdirSync(join(dir, '.stepwell'))
    writeFileSync(join(dir, '.stepwell/index'), '')
    const engine = await engineOn(dir)
    await expect(engine.run(lone).result).rejects.toMatchObject({ code: 'STEPWELL_INDEX' })
  })

  const flips: [string, (text: string) => string][] = [
    [
      'a flipped checksum',
      (text) => text.replace(/[0-9a-f](?= \{)/, (d) => (d === '0' ? '1' : '0')),
    ],
    ['a flipped bit in the entry', (text) => text.replace('"loss"', '"lost"')],
    ['an entry cut short', (text) => text.slice(0, -5)],
    ['an entry without a checksum', (text) => text.slice(text.indexOf(' ') + 1)],
    ['nothing', () => ''],
  ]
  for (const [title, flip] of flips) {
    test(`${title} is a miss`, async () => {
      const dir = temporaryDir()
      const options = {}
      const index = LevelIndex.share(dir, options)
      await new LevelStepCache(index).put(keyOf('a'), entryOf('one'))
      await index.close(options)
      const db = new Level(join(dir, 'index'))
      const [[key, value] = ['', '']] = await db.iterator().all()
      expect(flip(value)).not.toBe(value)
      await db.put(key, flip(value))
      await db.close()
      const cache = new LevelStepCache(indexIn(dir))
      expect(await cache.get(keyOf('a'))).toBeUndefined()
      await cache.put(keyOf('a'), entryOf('two'))
      expect(await cache.get(keyOf('a'))).toEqual(entryOf('two'))
    })
  }
})

function manifestOf(index: string): string {
  return join(index, readFileSync(join(index, 'CURRENT'), 'utf8').trim())
}
