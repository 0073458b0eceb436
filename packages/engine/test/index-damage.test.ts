import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Level } from 'level'
import { expect, test } from 'vitest'
import { LevelIndex, type IndexOptions } from '../src/store/cache/level-index.ts'
import { entryRecord, LevelStepCache } from '../src/store/cache/level-step-cache.ts'
import { ended, fileAppears, startChild } from './support/child.ts'
import { entryOf, journalOf, keyOf } from './support/entry.ts'
import { temporaryDir } from './support/temporary.ts'

const NAMES = Array.from({ length: 12 }, (_, index) => `${index}`)

async function use<T>(
  dir: string,
  options: IndexOptions,
  work: (cache: LevelStepCache) => Promise<T>,
): Promise<T> {
  const index = LevelIndex.share(dir, options)
  try {
    return await work(new LevelStepCache(index))
  } finally {
    await index.close(options)
  }
}

/** An index with a table and a log. */
async function filled(): Promise<string> {
  const dir = temporaryDir()
  const put = async (names: readonly string[]): Promise<void> =>
    await use(dir, {}, async (cache) => {
      for (const name of names) await cache.put(keyOf(name), entryOf(name))
    })
  await put(NAMES.slice(0, 10))
  const db = new Level(join(dir, 'index'))
  // What the declared types leave out: it makes a table of the log.
  await (db as unknown as { compactRange(a: string, b: string): Promise<void> }).compactRange(
    ' ',
    '~~',
  )
  await db.close()
  await put(NAMES.slice(10))
  return dir
}

/** By hand: STEPWELL_FLIPS=1 flips every bit. */
const EVERY = Number(process.env['STEPWELL_FLIPS'] ?? 331)

/** A copy for each of many single flipped bits, in each file that LevelDB reads. */
function* flipped(whole: string): Generator<string> {
  for (const name of readdirSync(join(whole, 'index'))) {
    if (/LOCK|LOG/.test(name)) continue
    const bytes = readFileSync(join(whole, 'index', name))
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      // How a table ends says where all the rest is.
      const fromEnd = bytes.length - (bit >> 3)
      const isVital = name.endsWith('.ldb') && fromEnd <= 48 && fromEnd > 40
      if (bit % EVERY !== 0 && !isVital && name !== 'CURRENT') continue
      const dir = temporaryDir()
      cpSync(join(whole, 'index'), join(dir, 'index'), { recursive: true })
      const copy = Uint8Array.from(bytes)
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      writeFileSync(join(dir, 'index', name), copy)
      writeFileSync(join(dir, 'what'), `bit ${bit} of ${name}`)
      yield dir
    }
  }
}

test('a flipped bit anywhere in the index gives no wrong entry and no error, and ends no third process', async () => {
  const whole = await filled()
  const names = readdirSync(join(whole, 'index')).map((name) => name.replace(/\d+/, ''))
  expect(names).toEqual(expect.arrayContaining(['.ldb', '.log', 'CURRENT', 'MANIFEST-']))
  let dirs = [...flipped(whole)]
  let died = { dir: '', times: 0 }
  while (dirs.length > 0) {
    writeFileSync(join(whole, 'dirs'), dirs.join('\n'))
    const child = startChild('read-entries', join(whole, 'dirs'), NAMES.join())
    const done = (await text(child.stdout as Readable)).split('\n').length - 1
    await ended(child)
    dirs = dirs.slice(done)
    const [dir = ''] = dirs
    if (dir === '') break
    died = { dir, times: died.dir === dir ? died.times + 1 : 1 }
    const what = readFileSync(join(dir, 'what'), 'utf8')
    // Where LevelDB ends the process, that is out of our hands; anything else is not.
    expect(child.signalCode, what).toMatch(/SIGABRT|SIGSEGV|SIGBUS/)
    expect(died.times, what).toBeLessThan(3)
  }
})

test('an index with which two processes in a row have died is set aside, and filled again', async () => {
  const dir = await filled()
  const told: string[] = []
  const options = { warn: (message: string) => void told.push(message), ...journalOf(NAMES) }
  const die = async (): Promise<void> => {
    rmSync(join(dir, 'holding'), { force: true })
    const child = startChild('hold-index', dir, '.')
    await fileAppears(join(dir, 'holding'))
    child.kill('SIGKILL')
    await ended(child)
  }
  const read = async (): Promise<unknown> =>
    await use(dir, options, async (cache) => await cache.get(keyOf('1')))
  await die()
  expect(await read()).toEqual(entryOf('1'))
  await die()
  expect(await read()).toEqual(entryOf('1'))
  expect(told).toEqual([])
  await die()
  await die()
  expect(await read()).toEqual(entryOf('1'))
  expect(told).toHaveLength(2)
  expect(told[0]).toMatch(
    /2 processes in a row die with it open, and .* \.stepwell\/index\.damaged-/,
  )
  expect(told[1]).toMatch(/12 entries were restored/)
  expect(await read()).toEqual(entryOf('1'))
  expect(told).toHaveLength(2)
})

test('an entry under the key of another one is as good as none', async () => {
  const dir = temporaryDir()
  const options = {}
  const index = LevelIndex.share(dir, options)
  const [, one] = entryRecord(keyOf('one'), entryOf('one'))
  const [other] = entryRecord(keyOf('other'), entryOf('other'))
  await index.put(other, one)
  expect(await new LevelStepCache(index).get(keyOf('other'))).toBeUndefined()
  await index.close(options)
})

const damages: Readonly<Record<string, (index: string) => void>> = {
  'does not open': (index) => writeFileSync(join(index, 'CURRENT'), 'garbage'),
  'opens, and whose tables cannot be read': (index) => {
    for (const name of readdirSync(index)) {
      if (name.endsWith('.ldb')) writeFileSync(join(index, name), '')
    }
  },
}
for (const [title, damage] of Object.entries(damages)) {
  test(`an index that ${title} is set aside once, whoever meets it: none loses what it puts`, async () => {
    const whole = await filled()
    for (let round = 0; round < 3; round += 1) {
      const dir = temporaryDir()
      cpSync(join(whole, 'index'), join(dir, 'index'), { recursive: true })
      damage(join(dir, 'index'))
      const names = ['a', 'b', 'c', 'd']
      const children = names.map((name) => startChild('put-entry', dir, name))
      await Promise.all(names.map((name) => fileAppears(join(dir, `ready-${name}`))))
      writeFileSync(join(dir, 'go'), '')
      await Promise.all(children.map(ended))
      expect(children.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0])
      const aside = readdirSync(dir).filter((name) => name.startsWith('index.damaged-'))
      expect(aside).toHaveLength(1)
      const found = await use(
        dir,
        {},
        async (cache) => await Promise.all(names.map((name) => cache.get(keyOf(name)))),
      )
      expect(found).toEqual(names.map(entryOf))
    }
  })
}
