import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  command,
  dir as dirAt,
  file,
  glob,
  pinned,
  pipeline,
  step,
  type CleanRequest,
  type Step,
} from '../src/index.ts'
import type { Input } from '../src/define/step.ts'
import { engineOn } from './support/engine.ts'
import { temporaryDir } from './support/temporary.ts'

const code = pinned('v1')

/** A step that leaves a file. */
const leaves = (path: string, text = 'made'): Step =>
  step({
    code,
    params: { text },
    outs: { o: file(path) },
    run: (_, { outs }) => writeFileSync(outs.o, text),
  })
/** A step that leaves a directory of files, by relative paths. */
const leavesDir = (path: string, ...names: string[]): Step =>
  step({
    code,
    params: { names },
    outs: { o: dirAt(path) },
    run: (_, { outs, params }) => {
      for (const name of params.names) {
        mkdirSync(join(outs.o, name, '..'), { recursive: true })
        writeFileSync(join(outs.o, name), name)
      }
    },
  })
const reads = (input: Input): Step =>
  step({ inputs: { input }, code, run: ({ input: given }) => JSON.stringify(given).length })
const other = (): Step => step({ code, run: () => 1 })

async function project() {
  const dir = temporaryDir()
  const engine = await engineOn(dir)
  const path = (name: string): string => join(dir, name)
  return {
    engine,
    path,
    run: async (steps: Record<string, Step>, name = 'p') => {
      const { warnings, status } = await engine.run(pipeline(name, steps)).result
      expect(status).toBe('succeeded')
      return warnings
    },
    plan: async (steps: Record<string, Step>) => (await engine.plan(pipeline('p', steps))).warnings,
    clean: async (steps: Record<string, Step>, request: CleanRequest = {}) =>
      (await engine.clean(pipeline('p', steps), request)).outs,
    has: (name: string): boolean => existsSync(path(name)),
    write: (name: string, text: string): void => {
      mkdirSync(join(path(name), '..'), { recursive: true })
      writeFileSync(path(name), text)
    },
  }
}

describe('what a step left that is gone', () => {
  test('is told by plan and run, with what reads it, as long as it is there', async () => {
    const { run, plan, clean, has } = await project()
    await run({ old: leaves('data/old.csv'), other: other() })
    const now = { all: reads(glob('data/*.csv')) }
    const told = [
      '`data/old.csv` was made by step `old`, which no longer exists, and is still read by step `all` (glob data/*.csv): `stepwell clean` removes it, `stepwell clean --keep data/old.csv` keeps it',
    ]
    expect(await plan(now)).toEqual(told)
    expect(await run(now)).toEqual(told)
    // The state knows after any number of runs.
    expect(await run(now)).toEqual(told)
    const left = { step: 'old', path: 'data/old.csv', kind: 'file' }
    expect(await clean(now, { dryRun: true })).toEqual([{ ...left, became: 'removed' }])
    expect(has('data/old.csv')).toBe(true)
    expect(await clean(now)).toEqual([{ ...left, became: 'removed' }])
    expect(has('data/old.csv')).toBe(false)
    expect(await clean(now)).toEqual([])
    expect(await plan({ other: other() })).toEqual([])
  })

  test('is no more than that: of a person from then on is what a person puts there', async () => {
    const { run, clean, write } = await project()
    await run({ old: leaves('o.txt') })
    await clean({ other: other() })
    write('o.txt', 'mine')
    expect(await run({ other: other() })).toEqual([])
    expect(await clean({ other: other() }, { force: true })).toEqual([])
    // Until a step makes it again.
    await run({ again: leaves('o.txt') })
    expect((await run({ other: other() })).join()).toContain('step `again`')
  })

  test('also of a step that writes elsewhere now', async () => {
    const { run, clean, has } = await project()
    await run({ one: leaves('a.txt') })
    const now = { one: leaves('b.txt') }
    expect((await run(now)).join()).toContain(
      '`a.txt` was made by step `one`, which no longer makes it',
    )
    expect(await clean(now)).toMatchObject([{ path: 'a.txt', became: 'removed' }])
    expect([has('a.txt'), has('b.txt')]).toEqual([false, true])
  })

  test('is not what a renamed step makes, or another one, or one around it', async () => {
    const { run, clean, has } = await project()
    await run({ old: leaves('out/a.txt'), two: leaves('d/x') })
    const now = { renamed: leaves('./out/a.txt'), around: leavesDir('d', 'x') }
    expect((await run(now)).join()).not.toContain('stepwell clean')
    expect(await clean(now, { force: true })).toEqual([])
    expect([has('out/a.txt'), has('d/x')]).toEqual([true, true])
  })

  test('is not what another pipeline of the project makes', async () => {
    const { run, clean, has } = await project()
    await run({ moved: leaves('a.txt'), stays: leaves('b.txt') })
    await run({ moved: leaves('a.txt') }, 'second')
    expect(await clean({ other: other() })).toMatchObject([{ path: 'b.txt', became: 'removed' }])
    expect(has('a.txt')).toBe(true)
  })

  test('is not what another pipeline reads by its path', async () => {
    const { run, clean } = await project()
    await run({ one: leaves('a.txt'), two: leavesDir('d', 'x') })
    await run({ one: reads(file('a.txt')), two: reads(dirAt('d')) }, 'second')
    expect(await clean({ other: other() })).toEqual([])
  })

  test.each([
    ['an input', () => reads(file('a.txt'))],
    ['a file that a command names', () => command({ cmd: 'cat a.txt' })],
    ['dependsOn', () => step({ code, dependsOn: [file('a.txt')], run: () => 1 })],
  ])('is not what is named as a source since: by %s', async (_, make) => {
    const { run, clean, has } = await project()
    await run({ old: leaves('a.txt') })
    expect(await run({ now: make() })).toEqual([])
    expect(await clean({ now: make() }, { force: true })).toEqual([])
    expect(has('a.txt')).toBe(true)
  })

  test('stays when it was edited, or goes aside when that is forced', async () => {
    const { run, clean, write, path, has } = await project()
    await run({ old: leaves('a.txt') })
    write('a.txt', 'edited')
    const now = { other: other() }
    expect(await clean(now)).toMatchObject([{ path: 'a.txt', became: 'edited' }])
    expect(readFileSync(path('a.txt'), 'utf8')).toBe('edited')
    const [forced] = await clean(now, { force: true })
    expect(forced?.became).toBe('aside')
    expect(has('a.txt')).toBe(false)
    expect(readFileSync(forced?.aside?.[0] ?? '', 'utf8')).toBe('edited')
  })

  test('stays when it is to be kept, and is told no more', async () => {
    const { run, clean, has, engine } = await project()
    await run({ old: leaves('data/a.csv') })
    const now = { all: reads(glob('data/*')) }
    await expect(engine.clean(pipeline('p', now), { keep: ['b.csv'] })).rejects.toMatchObject({
      code: 'STEPWELL_CLEAN_KEEP',
    })
    expect(await clean(now, { keep: ['./data/a.csv'] })).toMatchObject([{ became: 'kept' }])
    expect(await run(now)).toEqual([])
    expect(await clean(now)).toEqual([])
    expect(has('data/a.csv')).toBe(true)
  })

  test('of a directory, goes with it; files of others in it stay', async () => {
    const { run, clean, write, has, path } = await project()
    await run({ whole: leavesDir('w', 'a', 'b/c'), shared: leavesDir('s', 'a', 'b/c', 'e/f', 'g') })
    write('s/mine.txt', 'mine')
    write('s/a', 'edited')
    const now = { inside: leaves('s/new/x.txt'), named: reads(file('s/g')) }
    await run(now)
    const outs = await clean(now)
    expect(outs).toMatchObject([
      { path: 's', kind: 'dir', became: 'partly' },
      { path: 'w', kind: 'dir', became: 'removed' },
    ])
    expect(has('w')).toBe(false)
    const left = ['mine.txt', 'a', 'new/x.txt', 'g', 'b', 'e'].map((name) => has(`s/${name}`))
    expect(left).toEqual([true, true, true, true, false, false])
    expect(readFileSync(path('s/a'), 'utf8')).toBe('edited')
  })

  test('of a directory that a glob or another directory takes in, is told', async () => {
    const { run } = await project()
    await run({ old: leavesDir('data/old', 'x/a.csv') })
    const warnings = await run({ one: reads(glob('data/**/*.csv')), two: reads(dirAt('data')) })
    expect(warnings.join()).toMatch(/step `one` \(glob .*\) and step `two` \(dir data\)/)
    expect(
      (await run({ one: reads(glob('data/*.csv', { optional: true })) })).join(),
    ).not.toContain('read by')
  })

  test('is not looked for beyond a link that leads out of the project', async () => {
    const { run, clean, path } = await project()
    await run({ old: leaves('d/a.txt') })
    const outside = temporaryDir()
    writeFileSync(join(outside, 'a.txt'), 'made')
    rmSync(path('d'), { recursive: true })
    symlinkSync(outside, path('d'))
    expect(await clean({ other: other() }, { force: true })).toMatchObject([{ became: 'edited' }])
    expect(existsSync(join(outside, 'a.txt'))).toBe(true)
  })

  test('stays while a run goes on', async () => {
    const { run, engine, has } = await project()
    await run({ old: leaves('a.txt') })
    const { promise, resolve } = Promise.withResolvers<number>()
    const waits = step({ code, cache: false, run: async () => await promise })
    const going = engine.run(pipeline('q', { waits }))
    for await (const event of going) if (event.type === 'step-started') break
    const report = await engine.clean(pipeline('p', { other: other() }))
    resolve(1)
    const { id } = await going.result
    expect(report.waitsFor).toEqual([id])
    expect(has('a.txt')).toBe(true)
  })
})
