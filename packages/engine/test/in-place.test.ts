import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  command,
  dir as dirAt,
  file,
  fileOrDir,
  pipeline,
  type EngineOptions,
  type RunEvent,
  type Step,
} from '../src/index.ts'
import { startChild, ended } from './support/child.ts'
import { engineOn, eventOf, eventsOf } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'
import { inPlacePipeline } from './fixtures/in-place-pipeline.ts'

/** A step that writes in place. */
const inPlace = (options: object): Step => command({ writes: 'in place', ...options } as never)

async function projectWith(files: Record<string, string> = {}, options: EngineOptions = {}) {
  const dir = temporaryDir()
  writeFiles(dir, files)
  const engine = await engineOn(dir, options)
  const path = (name: string) => join(dir, name)
  return {
    dir,
    engine,
    path,
    read: (name: string) => readFileSync(path(name), 'utf8'),
    start: (options_: object) => engine.run(pipeline('test', { one: inPlace(options_) })),
    run: async (options_: object) => {
      const events = await eventsOf(engine.run(pipeline('test', { one: inPlace(options_) })))
      const end = events.find((event) => event.type === 'step-finished')
      return { status: end?.status, error: end?.error, warnings: warningsIn(events) }
    },
    /** Texts of the files that were put aside. */
    aside: () => {
      const recycle = path('.stepwell/recycle')
      if (!existsSync(recycle)) return []
      return readdirSync(recycle, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
        .toSorted()
    },
    staged: () => {
      const staging = path('.stepwell/staging')
      return existsSync(staging) ? readdirSync(staging) : []
    },
  }
}

const warningsIn = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))

describe('a success', () => {
  test('leaves the outs at their paths, kept and committed as any', async () => {
    const { run, read, path, aside, staged } = await projectWith()
    const make = {
      cmd: { lines: ['echo model > deep/er/model', 'mkdir data; echo 1 > data/a'] },
      outs: { model: file('deep/er/model'), data: dirAt('./data/') },
    }
    expect((await run(make)).status).toBe('succeeded')
    expect(read('deep/er/model')).toBe('model\n')
    expect((await run(make)).status).toBe('cached')
    rmSync(path('deep'), { recursive: true })
    writeFileSync(path('data/a'), 'edited')
    expect((await run(make)).status).toBe('cached')
    expect([read('deep/er/model'), read('data/a')]).toEqual(['model\n', '1\n'])
    expect(aside()).toEqual(['edited'])
    expect(staged()).toEqual([])
  })

  test('finds nothing at the paths, and what was there goes, or is put aside where it was edited', async () => {
    const { run, read, path, aside } = await projectWith()
    const make = (version: number) => ({
      cmd: '[ ! -e out/a ] && [ ! -e out/b ] && echo {params.version} | tee out/a > out/b',
      params: { version },
      outs: { a: file('out/a'), b: fileOrDir('out/b') },
    })
    expect((await run(make(1))).status).toBe('succeeded')
    expect(await run(make(2))).toMatchObject({ status: 'succeeded', warnings: [] })
    expect(aside()).toEqual([])
    rmSync(path('out/b'))
    mkdirSync(path('out/b'))
    writeFileSync(path('out/b/mine'), 'mine')
    const { status, warnings } = await run(make(3))
    expect(status).toBe('succeeded')
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('out/b')
    expect(aside()).toEqual(['mine'])
    expect([read('out/a'), read('out/b')]).toEqual(['3\n', '3\n'])
  })

  test('may leave what was there already', async () => {
    const { run, aside } = await projectWith({ 'out/a': 'same' })
    const make = { cmd: 'printf same > out/a', outs: { a: file('out/a') } }
    expect(await run(make)).toMatchObject({ status: 'succeeded', warnings: [] })
    expect(aside()).toEqual([])
    expect((await run(make)).status).toBe('cached')
  })

  test('writes where {outs} says, whatever it is called, seen from where it runs', async () => {
    const names = ['a b', "'; touch pwned; '", '$(touch pwned)', '-n', '..a', 'ä\n', '*', '%2F']
    for (const name of names) {
      const { run, read, path } = await projectWith({ 'sub/keep': '' })
      for (const cmd of ['printf x > {outs.o}', ['cp', 'keep', '{outs.o}']]) {
        const made = { cmd, dir: 'sub', outs: { o: file(name), p: file(`sub/${name}`) } }
        const both =
          typeof cmd === 'string'
            ? { ...made, cmd: `${cmd}; printf y > {outs.p}` }
            : { ...made, outs: { o: file(name) } }
        expect(await run(both)).toMatchObject({ status: 'succeeded' })
        if (typeof cmd === 'string') expect([read(name), read(`sub/${name}`)]).toEqual(['x', 'y'])
      }
      expect(existsSync(path('pwned')) || existsSync(path('sub/pwned'))).toBe(false)
    }
  })
})

describe('a failure', () => {
  const OUTS = {
    file: file('out/f'),
    dir: dirAt('out/d'),
    link: fileOrDir('out/l'),
    no: file('no'),
  }
  const BREAK = 'rm -rf out; mkdir out; echo half > out/f; echo half > out/d; echo half > no; '

  async function withOuts() {
    const project = await projectWith({ 'out/f': 'good', 'out/d/a': '1', 'out/d/sub/b': '2' })
    symlinkSync('f', project.path('out/l'))
    mkdirSync(project.path('out/d/empty'))
    const check = (): void => {
      expect(project.read('out/f')).toBe('good')
      expect([project.read('out/d/a'), project.read('out/d/sub/b')]).toEqual(['1', '2'])
      expect(readdirSync(project.path('out/d/empty'))).toEqual([])
      expect(readlinkSync(project.path('out/l'))).toBe('f')
      expect(existsSync(project.path('no'))).toBe(false)
      expect(project.aside()).toEqual(['half\n', 'half\n', 'half\n'])
      expect(project.staged()).toEqual([])
    }
    return { ...project, check }
  }

  test('brings back what was there, and keeps what the command left', async () => {
    const { run, check } = await withOuts()
    expect((await run({ cmd: `${BREAK} exit 1`, outs: OUTS })).status).toBe('failed')
    check()
  })

  test('is that an out is not there', async () => {
    const { run, check } = await withOuts()
    const { error } = await run({ cmd: BREAK, outs: { ...OUTS, dir: fileOrDir('out/d') } })
    expect(error?.code).toBe('STEPWELL_OUT_MISSING')
    check()
  })

  test('by a timeout, or a kill, does the same', async () => {
    const timed = await withOuts()
    const make = { cmd: `${BREAK} echo ready; sleep 60`, outs: OUTS }
    const { error } = await timed.run({ ...make, timeout: 400 })
    expect(error?.code).toBe('STEPWELL_TIMEOUT')
    timed.check()
    const killed = await withOuts()
    const run = killed.start(make)
    await eventOf(run, ({ type }) => type === 'step-log')
    run.stop('kill')
    expect((await run.result).steps['one']?.status).toBe('cancelled')
    killed.check()
  })

  test('is that an input changed', async () => {
    const { run, path, check } = await withOuts()
    writeFileSync(path('in'), '1')
    const cmd =
      'echo 2 > in; rm -rf out; mkdir -p out/d; for i in out/f out/d/x no; do echo half > $i; done; ln -s d out/l'
    const { error } = await run({ cmd, inputs: { in: file('in') }, outs: OUTS })
    expect(error?.code).toBe('STEPWELL_INPUT_CHANGED')
    check()
  })

  test('is tried again from the same state', async () => {
    const { run, read, aside } = await projectWith({ 'out/a': 'good' })
    const cmd =
      '[ ! -e out/a ] || exit 9; echo half > out/a; mkdir t 2>&1 && exit 1; echo new > out/a'
    const { status } = await run({ cmd, outs: { a: file('out/a') }, retry: { attempts: 3 } })
    expect(status).toBe('succeeded')
    expect(read('out/a')).toBe('new\n')
    expect(aside()).toEqual(['good', 'half\n'])
  })

  test('that leaves a link to the outside touches nothing there', async () => {
    const { run, read, path, aside } = await projectWith({ 'out/a': 'good' })
    const outside = temporaryDir()
    writeFiles(outside, { a: 'theirs' })
    const cmd = `rm -rf out; ln -s ${outside} out; exit 1`
    expect((await run({ cmd, outs: { a: file('out/a') } })).status).toBe('failed')
    expect(read('out/a')).toBe('good')
    expect(lstatSync(path('out')).isDirectory()).toBe(true)
    expect(readFileSync(join(outside, 'a'), 'utf8')).toBe('theirs')
    // A file in place of the directory is in the way, too.
    await run({ cmd: 'rm -rf out; echo f > out; exit 1', outs: { a: file('out/a') } })
    expect(read('out/a')).toBe('good')
    expect(aside()).toContain('f\n')
  })

  test('is that no room can be made: nothing is moved then', async () => {
    const { run, read, staged } = await projectWith({ 'out/a': 'good', blocked: 'file' })
    const outs = { a: file('out/a'), b: file('blocked/b') }
    const { error } = await run({ cmd: 'touch never', outs })
    expect(error?.code).toBe('STEPWELL_OUT_PLACE')
    expect([read('out/a'), read('blocked')]).toEqual(['good', 'file'])
    expect(staged()).toEqual([])
  })
})

describe('outs that are kept', () => {
  test('are found as they are and changed; after a failure they stay so', async () => {
    const { run, read, path } = await projectWith({ log: '0' })
    const make = (version: number, more = '') => ({
      cmd: `printf {params.version} >> log; printf {params.version} > new; ${more}`,
      params: { version },
      outs: { log: file('log'), new: file('new') },
      keeps: ['log'],
    })
    expect((await run(make(1))).status).toBe('succeeded')
    expect([read('log'), read('new')]).toEqual(['01', '1'])
    expect((await run(make(2, 'false'))).status).toBe('failed')
    expect([read('log'), read('new')]).toEqual(['012', '1'])
    rmSync(path('log'))
    expect((await run(make(3))).status).toBe('succeeded')
    expect(read('log')).toBe('3')
  })

  test('share no bytes with the artifact store while they are written', async () => {
    const { run, read, path } = await projectWith({}, { link: 'hard' })
    const first = { cmd: 'mkdir d; printf 1 > d/a', outs: { d: dirAt('d') } }
    await run(first)
    rmSync(path('d'), { recursive: true })
    expect((await run(first)).status).toBe('cached')
    expect(lstatSync(path('d/a')).nlink).toBe(2)
    const second = { cmd: 'printf 2 >> d/a', outs: { d: dirAt('d') }, keeps: ['d'] }
    expect((await run(second)).status).toBe('succeeded')
    expect(read('d/a')).toBe('12')
    expect((await run(first)).status).toBe('cached')
    expect(read('d/a')).toBe('1')
  })

  test('are names of outs, of one that writes in place', () => {
    const outs = { a: file('a') }
    expect(() => inPlace({ cmd: 'x', outs, keeps: ['b'] })).toThrow('`keeps` of command()')
    expect(() => command({ cmd: 'x', outs, keeps: ['a'] })).toThrow('`keeps` of command()')
    expect(() => inPlace({ cmd: 'x', writes: 'here' })).toThrow('`writes` of command()')
  })
})

/** A step that says that it is at work, and waits to be let go. */
const waiting = (version: number) =>
  inPlace({
    cmd: 'printf {params.version} > out; echo ready; until [ -e go ]; do sleep 0.01; done; printf {params.version} >> out',
    params: { version },
    outs: { out: file('out') },
    namedFiles: false,
  })

describe('several at once', () => {
  test('write in place, each its own', async () => {
    const { engine, read, staged } = await projectWith({ a: '0', b: '0' })
    const meet = (own: string, other: string) =>
      inPlace({
        cmd: `echo new > ${own}; until [ -e ${other} ]; do sleep 0.01; done`,
        outs: { out: file(own) },
        namedFiles: false,
      })
    const one = meet('a', 'b')
    const two = meet('b', 'a')
    const { status } = await engine.run(pipeline('test', { one, two })).result
    expect(status).toBe('succeeded')
    expect([read('a'), read('b')]).toEqual(['new\n', 'new\n'])
    expect(staged()).toEqual([])
  })

  test('runs do not write the same out at once', async () => {
    const { engine, path, read } = await projectWith()
    const one = engine.run(pipeline('test', { step: waiting(1) }))
    await eventOf(one, ({ type }) => type === 'step-log')
    const two = engine.run(pipeline('test', { step: waiting(2) }))
    const next = await eventOf(two, ({ type }) => type === 'warning' || type === 'step-log')
    writeFileSync(path('go'), '')
    expect(next).toMatchObject({ message: expect.stringContaining('changes one of its outs') })
    const ends = [await one.result, await two.result]
    expect(ends.map(({ status }) => status)).toEqual(['succeeded', 'succeeded'])
    expect(read('out')).toBe('22')
    await engine.run(pipeline('test', { step: waiting(1) })).result
    expect(read('out')).toBe('11')
  })

  test('nothing is put to a path that is written in place', async () => {
    const { engine, path, read } = await projectWith({ go: '' })
    const start = (version: number) => engine.run(pipeline('test', { step: waiting(version) }))
    await start(1).result
    rmSync(path('go'))
    const made = start(2)
    await eventOf(made, ({ type }) => type === 'step-log')
    // It has been made before, and is to come back to where the other one is at work.
    const found = start(1)
    const next = await eventOf(found, ({ type }) => type === 'warning' || type === 'step-finished')
    const meanwhile = read('out')
    writeFileSync(path('go'), '')
    expect(meanwhile).toBe('2')
    expect(next).toMatchObject({ message: expect.stringContaining('writes an out in place') })
    expect((await made.result).status).toBe('succeeded')
    expect((await found.result).steps['step']?.status).toBe('cached')
    expect(read('out')).toBe('11')
    expect((await start(2).result).steps['step']?.status).toBe('cached')
    expect(read('out')).toBe('22')
  })
})

/** The version of which all outs are; none when there are none at all. */
function versionIn(dir: string): string | undefined {
  const model = join(dir, 'out/a b/$(x)/model.txt')
  const data = join(dir, 'out/data')
  if (!existsSync(model) && !existsSync(data)) return undefined
  expect(readdirSync(data).toSorted()).toEqual(['one', 'two'])
  const versions = [model, join(data, 'one'), join(data, 'two')].map((path) =>
    readFileSync(path, 'utf8'),
  )
  expect(new Set(versions).size).toBe(1)
  return versions[0]
}

/** What the next run does before it begins, and nothing else. */
async function tidy(dir: string): Promise<void> {
  const engine = await engineOn(dir)
  const other = command({ cmd: ['true'] })
  // What no step declares is not put back: a record alone is not believed.
  const recorded = () => {
    const staged = join(dir, '.stepwell/staging')
    if (!existsSync(staged)) return []
    const found = readdirSync(staged, { recursive: true, encoding: 'utf8' })
    return found.filter((each) => each.endsWith('outs.json'))
  }
  const left = recorded()
  await engine.run(pipeline('other', { other })).result
  expect(recorded()).toEqual(left)
  const declaring = pipeline('other', {
    other,
    ...Object.fromEntries(inPlacePipeline('x', 'ok').steps),
  })
  const { status } = await engine.run(declaring, { targets: ['other'] }).result
  expect(status).toBe('succeeded')
  await engine.close()
  const staging = join(dir, '.stepwell/staging')
  expect(existsSync(staging) ? readdirSync(staging) : []).toEqual([])
}

/** The processes that are given a variable. */
function marked(variable: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(variable)
    } catch {
      return false
    }
  })
}

// By hand: STEPWELL_KILLS=200 npm test -- packages/engine/test/in-place.test.ts
const KILLS = Number(process.env['STEPWELL_KILLS'] ?? 12)
const ALL = process.env['STEPWELL_KILLS'] !== undefined
const STRIDE = 4

describe('a run that is killed', () => {
  test('before anything that it does to files: the next one finds the outs before, or those after', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    await engine.run(inPlacePipeline('0', 'ok')).result
    await engine.close()
    let last = '0'
    for (const how of ['ok', 'bad']) {
      for (let at = ALL ? 1 : 1 + Math.floor(Math.random() * STRIDE); ; at += ALL ? 1 : STRIDE) {
        const version = `${how}${at}`
        const child = startChild('run-in-place', dir, version, how, String(at))
        await ended(child)
        if (child.signalCode === null) {
          expect(versionIn(dir)).toBe(how === 'ok' ? version : last)
          break
        }
        // The next one may be killed on its way, too.
        if (Math.random() < 0.5)
          await ended(startChild('run-in-place', dir, 'x', 'bad', String(1 + Math.floor(at / 2))))
        await tidy(dir)
        const found = versionIn(dir)
        expect([last, ...(how === 'ok' ? [version] : [])]).toContain(found)
        last = found ?? ''
        expect(at).toBeLessThan(100)
      }
      await tidy(dir)
      last = versionIn(dir) ?? ''
    }
  }, 120_000)

  test.skipIf(process.platform !== 'linux')(
    'right after its command began: the next run ends that before all else',
    async () => {
      const dir = temporaryDir()
      const child = startChild('run-in-place', dir, '1', 'long', 'appendFileSync')
      await ended(child)
      expect(child.signalCode).toBe('SIGKILL')
      const [record = ''] = readdirSync(join(dir, '.stepwell/commands'))
      const marker = `STEPWELL_COMMAND=${record.replace('.json', '')}`
      expect(marked(marker)).not.toEqual([])
      await tidy(dir)
      expect(marked(marker)).toEqual([])
      expect(versionIn(dir)).toBeUndefined()
    },
  )

  test(`at any of ${KILLS} moments, among successes and failures: the same`, async () => {
    const dir = temporaryDir()
    let good: string | undefined
    for (let round = 0; round < KILLS; round += 1) {
      const how = Math.random() < 0.6 ? 'ok' : 'bad'
      const version = String(round)
      const child = startChild('run-in-place', dir, version, how)
      const timer = setTimeout(() => child.kill('SIGKILL'), 300 + Math.random() * 600)
      await ended(child)
      clearTimeout(timer)
      await tidy(dir)
      const found = versionIn(dir)
      if (child.exitCode === 0) expect(found).toBe(version)
      else if (child.exitCode === 1) expect(found).toBe(good)
      else expect([good, how === 'ok' ? version : good]).toContain(found)
      good = found
    }
  }, 120_000)
})
