import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { digestHex, digestText, type Digest } from '@stepwell/base/digest'
import { openEngine, type Pipeline, type StepKey } from '../src/index.ts'
import { chain, writer } from './fixtures/chain.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { replace, resetHooks } from './support/hooks.ts'
import { MemoryArtifacts } from '../src/testing/memory-artifacts.ts'
import { MemoryStepCache } from '../src/testing/memory-step-cache.ts'
import { temporaryDir } from './support/temporary.ts'
import { walked } from './support/walked-cache.ts'

afterEach(resetHooks)

const CACHED = { first: 'cached', second: 'cached', third: 'cached' }

test('what a run uses that began while garbage was collected stays the next time', async () => {
  const dir = temporaryDir()
  const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const cache = new MemoryStepCache()
  let isFirst = true
  const slow = walked(cache, async () => {
    if (!isFirst) return
    isFirst = false
    reached.resolve()
    await goOn.promise
  })
  const engine = await engineOn(dir, { cache: slow })
  const [old, latest] = [await chain('1', '1'), await chain('2', '2')]
  await engine.run(old).result
  await engine.run(latest).result
  const collecting = engine.gc({ keepRuns: 1 })
  await reached.promise
  const run = engine.run(old)
  for await (const event of run) if (event.type === 'run-started') break
  goOn.resolve()
  await collecting
  // What it knew when it began is gone.
  expect(statusesOf(await run.result)).toEqual({
    ...CACHED,
    first: 'succeeded',
    second: 'succeeded',
  })
  await engine.gc({ keepRuns: 1 })
  expect(statusesOf(await engine.run(old).result)).toEqual(CACHED)
})

test('a run that is pinned while garbage is collected stays, or is known to be gone', async () => {
  const dir = temporaryDir()
  const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const slow = walked(new MemoryStepCache(), async () => {
    reached.resolve()
    await goOn.promise
  })
  const engine = await engineOn(dir, { cache: slow })
  const { id } = await engine.run(await chain('1', '1')).result
  await engine.run(await chain('2', '2')).result
  const collecting = engine.gc({ keepRuns: 1 })
  await reached.promise
  const pinned = engine.pin(id).then(
    () => 'pinned',
    (error: unknown) => (error as { code: string }).code,
  )
  goOn.resolve()
  await collecting
  const stays = (await engine.runIds()).includes(id)
  expect(await pinned).toBe(stays ? 'pinned' : 'STEPWELL_RUN_UNKNOWN')
})

test('pinned runs keep all that they used, whatever the size', async () => {
  const engine = await engineOn(temporaryDir())
  const make = async (version: string) => {
    replace('write', (_: never, context) => {
      const { outs } = context as unknown as { outs: { report: string } }
      writeFileSync(outs.report, version.repeat(1000))
    })
    return await engine.run(await writer('report', version)).result
  }
  const { id } = await make('a')
  await make('b')
  await make('c')
  await engine.pin(id)
  const report = await engine.gc({ maxSize: 0 })
  expect(report.entries).toHaveLength(1)
  expect(statusesOf(await engine.run(await writer('report', 'a')).result)).toEqual({
    write: 'cached',
  })
})

test('what only the last known state has is used, and stays; the cache has it again', async () => {
  const cache = new MemoryStepCache()
  const dir = temporaryDir()
  const engine = await engineOn(dir, { cache })
  await engine.run(await chain('1', '1')).result
  for await (const [key] of cache.entries()) await cache.delete(key)
  expect(await engine.gc()).toMatchObject({ entries: [], artifacts: 0, kept: { entries: 3 } })
  rmSync(join(dir, '.stepwell/state'), { recursive: true })
  expect(statusesOf(await engine.run(await chain('1', '1')).result)).toEqual(CACHED)
})

test('what was accepted stays as long as it stands', async () => {
  const dir = temporaryDir()
  const engine = await engineOn(dir)
  await engine.run(await chain('1', '1')).result
  const edited = await chain('2', '1')
  await engine.accept(edited, ['first'], { because: 'a test' })
  // Only the trail tells of it then.
  rmSync(join(dir, '.stepwell/state'), { recursive: true })
  expect((await engine.gc()).kept.entries).toBe(4)
  expect(statusesOf(await engine.run(edited).result)).toEqual(CACHED)
  await engine.run(await chain('3', '1')).result
  await engine.revoke(edited, ['first'])
  await engine.gc({ keepRuns: 1 })
  expect(statusesOf(await engine.run(edited).result)).toMatchObject({ first: 'succeeded' })
})

test('whatever it fails at, no record promises what is gone, and the next time it goes on', async () => {
  let left = Number.POSITIVE_INFINITY
  const count = (): void => {
    left -= 1
    if (left < 0) throw new Error('the disk fails')
  }
  class Cache extends MemoryStepCache {
    override async delete(key: StepKey): Promise<void> {
      count()
      await super.delete(key)
    }
  }
  class Artifacts extends MemoryArtifacts {
    override async remove(digest: Digest): Promise<void> {
      count()
      await super.remove(digest)
    }
  }
  for (let failing = 0; ; failing += 1) {
    const [cache, artifacts] = [new Cache(), new Artifacts()]
    const engine = await engineOn(temporaryDir(), { cache, artifacts })
    for (const version of ['1', '2', '3']) {
      replace('first', () => version)
      await engine.run(await chain(version, version)).result
    }
    left = failing
    const isWhole = await engine.gc({ keepRuns: 1 }).then(
      () => true,
      () => false,
    )
    left = Number.POSITIVE_INFINITY
    expect(await engine.verify(), `failing at ${failing}`).toMatchObject({ lost: [] })
    const { kept } = await engine.gc({ keepRuns: 1 })
    expect(kept).toMatchObject({ runs: 1, entries: 3 })
    expect(statusesOf(await engine.run(await chain('3', '3')).result)).toEqual(CACHED)
    // Each entry that went, and at least one value of each run, was a chance to fail.
    if (isWhole) return expect(failing).toBeGreaterThan(6)
  }
})

test('sweeps what killed processes left, and work in progress of long ago that nobody kept asked for', async () => {
  const dir = temporaryDir()
  const engine = await engineOn(dir)
  const { steps } = await engine.run(await chain('1', '1')).result
  const asked = join(dir, '.stepwell/scratch', digestHex(steps['first']?.key ?? digestText('')))
  const forgotten = join(dir, '.stepwell/scratch/00')
  const changing = join(dir, '.stepwell/scratch/11')
  const long = new Date(Date.now() - 40 * 86_400_000)
  for (const path of [asked, forgotten, changing]) {
    mkdirSync(join(path, 'deep'), { recursive: true })
    writeFileSync(join(path, 'deep/checkpoint'), '')
    if (path !== changing) utimesSync(join(path, 'deep/checkpoint'), long, long)
    for (const each of [join(path, 'deep'), path]) utimesSync(each, long, long)
  }
  const runs = join(dir, '.stepwell/runs')
  const [id = ''] = readdirSync(runs)
  const begun = readFileSync(join(runs, id, 'events.ndjson'), 'utf8')
  const dead = begun.replace(/"pid":\d+/, '"pid":4194304')
  const left = {
    '.gone-1': '',
    '.live': begun.replaceAll(id, 'live'),
    '.dead': dead.replaceAll(id, 'dead'),
  }
  for (const [name, events] of Object.entries(left)) {
    mkdirSync(join(runs, name))
    writeFileSync(join(runs, name, 'events.ndjson'), events)
  }
  writeFileSync(join(dir, '.stepwell/state/chain.json.1-a.tmp'), '')
  await engine.gc()
  expect(readdirSync(join(dir, '.stepwell/scratch')).toSorted()).toEqual(
    [basename(asked), '11'].toSorted(),
  )
  expect(readdirSync(runs).filter((name) => name.startsWith('.'))).toEqual(['.live'])
  expect(readdirSync(join(dir, '.stepwell/state'))).toEqual(['chain.json'])
})

test('takes only what makes sense', async () => {
  const engine = await engineOn(temporaryDir())
  await expect(engine.gc({ keepRuns: 0 })).rejects.toThrow(/`keepRuns` to be an integer from 1/)
  for (const maxSize of [-1, '10', '10 G']) {
    await expect(engine.gc({ maxSize })).rejects.toThrow(TypeError)
  }
  await expect(engine.gc({ keepDays: Number.NaN })).rejects.toThrow(TypeError)
})

test('after it, whatever ran before, each kept run is cached; and nothing more goes', async () => {
  const edit = fc.record({ one: fc.nat(2), two: fc.nat(2), isChain: fc.boolean() })
  const options = fc.record({
    keepRuns: fc.integer({ min: 1, max: 3 }),
    pin: fc.option(fc.nat()),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 7 }), options, async (edits, at) => {
      await using engine = await openEngine({
        dir: temporaryDir(),
        cache: new MemoryStepCache(),
      })
      const made: { id: string; pipeline: Pipeline }[] = []
      for (const { one, two, isChain } of edits) {
        const pipeline = isChain ? await chain(`${one}`, `${two}`) : await writer('out', `${one}`)
        made.push({ id: (await engine.run(pipeline).result).id, pipeline })
      }
      const pinned = made[at.pin === null ? -1 : at.pin % made.length]
      if (pinned !== undefined) await engine.pin(pinned.id)
      const { kept } = await engine.gc({ keepRuns: at.keepRuns })
      const again = await engine.gc({ keepRuns: at.keepRuns })
      expect(again).toMatchObject({ runs: [], entries: [], artifacts: 0, kept })
      expect(await engine.verify()).toMatchObject({
        damaged: [],
        lost: [],
        healed: [],
        lines: 0,
      })
      const ids = new Set(await engine.runIds())
      expect(ids.size).toBe(kept.runs)
      if (pinned !== undefined) expect(ids).toContain(pinned.id)
      for (const { id, pipeline } of made.filter((each) => ids.has(each.id))) {
        const { steps } = await engine.run(pipeline).result
        expect(new Set(Object.values(steps).map(({ status }) => status)), id).toEqual(
          new Set(['cached']),
        )
      }
    }),
    { numRuns: 12 },
  )
})
