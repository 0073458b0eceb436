import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, expectTypeOf, test } from 'vitest'
import { file, pinned, pipeline, service, step, type Step } from '../src/index.ts'
import { engineOn, eventsOf, statusesOf } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

const NODE = process.execPath
const UP = "console.log('it is up'); setInterval(String, 1000)"
const ready = { log: 'it is up' } as const

test('an option that there is not, or of the wrong type, is refused', () => {
  const make = (options: object) => () => service({ cmd: 'x', ready, ...options })
  expect(make({ outs: {} })).toThrow(/service\(\) has no option `outs`/)
  expect(make({ ready: {} })).toThrow(/Expected `ready` of service\(\) to be/)
  expect(make({ ready: undefined })).toThrow(/Expected `ready` of service\(\) to be/)
  expect(make({ ready: { port: 80, log: 'x' } })).toThrow(/Expected `ready` of service\(\) to be/)
  expect(make({ ready: { http: 'ftp://x' } })).toThrow(/to be an address/)
  expect(make({ ready: { port: 70_000 } })).toThrow(/to be a port/)
  expect(make({ ready: { port: '{params.port}' } })).toThrow(/to be a param/)
  expect(make({ ready: { log: 'x', timeout: 'soon' } })).toThrow(/to be a time/)
  expect(make({ value: () => 1 })).toThrow(/to be plain JSON/)
  expect(make({ cmd: 'x {scratch}' })).toThrow(/\{scratch\} is for work in progress/)
  expect(make({ cmd: 'x {params.no}' })).toThrow(/placeholder/)
  expect(make({ ready: { port: '{params.port}' }, params: { port: 8080 } })).not.toThrow()
})

test('the type of its value is that which those receive that read it', () => {
  const server = service({ cmd: 'x', ready, value: { url: 'http://x', port: 1 } })
  expectTypeOf(server).toEqualTypeOf<Step<{ url: string; port: number }>>()
  expectTypeOf(service({ cmd: 'x', ready })).toEqualTypeOf<Step<null>>()
  step({ inputs: { port: server.pick('port') }, run: ({ port }) => port.toFixed(1) })
})

test('it is ongoing once it can be used, for those that read a field of its value, too', async () => {
  const dir = temporaryDir()
  const engine = await engineOn(dir, { concurrency: 1 })
  const server = service({ cmd: [NODE, '-e', UP], ready, value: { port: 8 } })
  const one = step({ inputs: { port: server.pick('port') }, run: ({ port }) => port + 1 })
  const two = step({ inputs: { server }, run: ({ server: { port } }) => port + 2 })
  const run = engine.run(pipeline('p', { server, one, two }))
  const events = await eventsOf(run)
  const told = events.flatMap((event) => {
    if (event.type === 'step-finished') return [`${event.step} ${event.status}`]
    if (event.type === 'step-ongoing') return [`${event.step} ongoing`]
    return event.type === 'step-log' ? [event.line] : []
  })
  // One at a time, and it takes no turn while it is up.
  expect(told.slice(0, 2).toSorted()).toEqual(['it is up', 'server ongoing'])
  // Which of two that are alike comes first is open.
  expect(told.slice(2, 4).toSorted()).toEqual(['one succeeded', 'two succeeded'])
  expect(told.slice(4)).toEqual(['server succeeded'])
  expect(await run.value(one)).toBe(9)
  expect(await run.value(server)).toEqual({ port: 8 })
})

test('one that heeds no SIGTERM is killed, with all that it has started', async () => {
  const dir = temporaryDir()
  const stubborn =
    "process.on('SIGTERM', () => {}); require('fs').appendFileSync('pids', process.pid + ' ');"
  writeFiles(dir, {
    'child.cjs': `${stubborn} setInterval(() => {}, 1000); console.log('it is up')`,
    'main.cjs': `${stubborn} require('child_process').spawn(process.execPath, ['child.cjs'], { stdio: 'inherit' }); setInterval(() => {}, 1000)`,
  })
  const engine = await engineOn(dir, { grace: 50 })
  const server = service({ cmd: [NODE, 'main.cjs'], ready })
  const reader = step({ inputs: { server }, run: ({ server: value }) => value })
  const record = await engine.run(pipeline('p', { server, reader })).result
  expect(statusesOf(record)).toEqual({ server: 'succeeded', reader: 'succeeded' })
  const pids = readFileSync(join(dir, 'pids'), 'utf8').trim().split(' ')
  expect(pids).toHaveLength(2)
  for (const pid of pids) expect(isRunning(pid), pid).toBe(false)
})

test('one without readers is started when its turn comes; a port says that it is ready', async () => {
  const free = createServer()
  await new Promise<void>((done) => free.listen(0, '127.0.0.1', done))
  const { port } = free.address() as { readonly port: number }
  await new Promise((done) => free.close(done))
  const engine = await engineOn(temporaryDir())
  const server = service({
    cmd: [NODE, '-e', "require('net').createServer().listen(process.argv[1])", '{params.port}'],
    params: { port },
    ready: { port: '{params.port}' },
  })
  const { steps } = await engine.run(pipeline('p', { server })).result
  expect(steps['server']).toMatchObject({
    status: 'succeeded',
    reasons: [{ kind: 'service', state: 'needed', by: null }],
  })
})

test('a program that there is not, and one that ends, fail; a failure ends the run as any does', async () => {
  const engine = await engineOn(temporaryDir(), { concurrency: 1 })
  for (const cmd of [['no-such-program'], [NODE, '-e', 'process.exit(0)']]) {
    const server = service({ cmd, ready })
    const reader = step({ inputs: { server }, run: () => 1 })
    const after = step({ inputs: { reader }, run: () => 2 })
    const record = await engine.run(pipeline('p', { server, reader, after })).result
    expect(statusesOf(record)).toEqual({ server: 'failed', reader: 'skipped', after: 'skipped' })
    expect(record.status).toBe('failed')
    expect(record.steps['server']?.error?.code).toBe('STEPWELL_SERVICE')
  }
})

test('items of a mapped step use it; one that fails is stopped all the same', async () => {
  const dir = temporaryDir()
  const engine = await engineOn(dir)
  const server = service({
    cmd: [
      NODE,
      '-e',
      `process.on('exit', () => require('fs').writeFileSync('ended', '')); process.on('SIGTERM', () => process.exit()); ${UP}`,
    ],
    ready,
    value: 5,
  })
  const list = step({ run: () => [1, 2, 3] })
  const each = step.map({
    over: list,
    inputs: { server },
    run: ({ item, server: more }) => {
      if (item === 3) throw new Error('three')
      return item + more
    },
  })
  const record = await engine.run(pipeline('p', { server, list, each })).result
  expect(statusesOf(record)).toEqual({ server: 'succeeded', list: 'succeeded', each: 'failed' })
  expect(existsSync(join(dir, 'ended'))).toBe(true)
})

test('items of its value are made again when it is another one', async () => {
  const dir = temporaryDir()
  const engine = await engineOn(dir)
  const calls: number[] = []
  const make = (params: object) => {
    const server = service({ cmd: [NODE, '-e', UP], ready, params, value: { list: [1, 2] } })
    const each = step.map({
      over: server.pick('list'),
      code: pinned('each'),
      run: ({ item }) => {
        calls.push(item)
        return item
      },
    })
    return pipeline('p', { server, each })
  }
  await engine.run(make({ model: 'a' })).result
  expect(calls).toHaveLength(2)
  await engine.run(make({ model: 'a' })).result
  expect(calls).toHaveLength(2)
  await engine.run(make({ model: 'b' })).result
  expect(calls).toHaveLength(4)
})

test('what was made with one whose input changed meanwhile is not kept', async () => {
  const dir = temporaryDir()
  writeFiles(dir, { 'model.txt': 'one' })
  const engine = await engineOn(dir)
  const server = service({
    cmd: [NODE, '-e', UP],
    inputs: { model: file('model.txt') },
    ready,
  })
  const reader = step({
    inputs: { server },
    run: (_, { dir: at }) => {
      writeFileSync(join(at, 'model.txt'), 'two')
      return 1
    },
  })
  const record = await engine.run(pipeline('p', { server, reader })).result
  expect(statusesOf(record)).toEqual({ server: 'succeeded', reader: 'failed' })
  expect(record.steps['reader']?.error?.code).toBe('STEPWELL_INPUT_CHANGED')
})

test('what a run leaves up for its keeper, the next one takes over, until that is told to stop it', async () => {
  const dir = temporaryDir()
  const pid = `require('fs').appendFileSync('pids', process.pid + ' '); ${UP}`
  const make = (name: string) => {
    const server = service({ cmd: [NODE, '-e', pid], ready })
    return pipeline('p', {
      server,
      [name]: step({ inputs: { server }, code: pinned(name), run: () => name }),
    })
  }
  const engine = await engineOn(dir, { keeper: process.pid })
  const first = await engine.run(make('one')).result
  expect(statusesOf(first)).toEqual({ server: 'ongoing', one: 'succeeded' })
  const second = await engine.run(make('two')).result
  expect(second.steps['server']?.reasons).toEqual([{ kind: 'service', state: 'kept', by: 'two' }])
  const third = await engine.run(make('two')).result
  expect(statusesOf(third)).toEqual({ server: 'ongoing', two: 'cached' })
  const [only = '', ...others] = readFileSync(join(dir, 'pids'), 'utf8').trim().split(' ')
  expect(others).toEqual([])
  expect(isRunning(only)).toBe(true)
  // A run that keeps none leaves those of a keeper that lives alone.
  const other = await engineOn(dir)
  await other.run(pipeline('q', { one: step({ run: () => 1 }) })).result
  expect(isRunning(only)).toBe(true)
  expect(await engine.stopServices()).toEqual(['server'])
  expect(isRunning(only)).toBe(false)
})

function isRunning(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
