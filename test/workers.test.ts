import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ended, Project, type RunOutcome } from './rig.ts'

const HEAD = `
import { existsSync, writeFileSync, writeSync } from 'node:fs'
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { setTimeout as delay } from 'node:timers/promises'
import { env, pipeline, secret, step } from '@stepwell/engine'
`

function project(steps: string, names: string, options = ''): Project {
  const made = new Project()
  made.write(
    'pipeline.ts',
    `${HEAD}${steps}\nexport default pipeline('work', { ${names} }${options})\n`,
  )
  return made
}

interface Event {
  readonly type: string
  readonly step?: string
  readonly line?: string
}

function start(made: Project, ...args: string[]): ChildProcess {
  const child = made.start(['run', '--events', ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Runs the pipeline in a program that goes on after failures, and tells its events. */
function program(made: Project, env: Record<string, string> = {}): ChildProcess {
  made.write(
    'program.ts',
    `import { openEngine } from '@stepwell/engine'
import work from './pipeline.ts'
await using engine = await openEngine({ concurrency: 2 })
for await (const event of engine.run(work, { onFailure: 'continue' })) console.log(JSON.stringify(event))`,
  )
  const child = spawn(process.execPath, ['--conditions=@stepwell/source', 'program.ts'], {
    cwd: made.dir,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** What a step logs first. */
async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no output')
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as Event
    if (event.type === 'step-log' && event.line !== undefined) return event.line
  }
  throw new Error('the run ended and nothing was logged')
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Waits until a process is gone. */
async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((next) => void setImmediate(next))
}

const KINDS = ['thread', 'process'] as const

describe.each(['inline', 'thread', 'process'])('what is printed in a step: %s', (executor) => {
  test('is in its own log, in whole lines, without secrets, and nowhere else', async () => {
    const made = new Project()
    made.write(
      'pipeline.ts',
      `import { setTimeout as delay } from 'node:timers/promises'
import { pipeline, secret, step } from '@stepwell/engine'
console.log('loading with', process.env.API_KEY)
const { log: kept } = console
const inputs = { key: secret('API_KEY') }
const one = step({
  executor: '${executor}',
  inputs,
  run: async ({ key }, { log }) => {
    console.log('one %d %s', 1, key)
    await delay(5)
    process.stdout.write(key.slice(0, 7))
    process.stdout.write(key.slice(7) + '\\n')
    setTimeout(() => console.error('in a timer', key), 5)
    console.table([{ key }])
    kept('kept', key)
    log('log ' + key)
    await delay(30)
    console.warn('end')
    return 1
  },
})
const two = step({
  executor: '${executor}',
  inputs,
  run: async ({ key }) => {
    for (let n = 0; n < 5; n += 1) { console.log('two', n); await delay(4) }
    throw Object.assign(new Error('no ' + key), { code: 'E_' + key })
  },
})
const late = step({
  executor: '${executor}',
  inputs,
  run: ({ key }) => {
    console.log('late', key)
    setInterval(() => console.log('late', key), 1).unref()
    throw new Error('early')
  },
})
const over = step({ run: () => ['a', 'b'] })
const each = step.map({
  executor: '${executor}',
  over,
  inputs,
  run: ({ item, key }) => { console.info(item, key); return item },
})
const asked = step({
  inputs,
  when: ({ key }) => { console.log('when', key); return true },
  run: () => { console.log('asked'); return 1 },
})
export default pipeline('p', { one, two, late, over, each, asked })
`,
    )
    const child = made.start(['run', '-k', '-j', '4', '--json'], { API_KEY: 'sesame-open' })
    const { stdout, stderr } = await ended(child)
    const record = JSON.parse(stdout) as RunOutcome['record']
    expect(record.steps['two']?.error).toMatchObject({ message: 'no ***', code: 'E_***' })
    expect(stdout + stderr).not.toContain('sesame')
    expect(stderr).toContain('loading with ***')
    const logOf = async (name: string) => (await made.stepwell('logs', name)).stdout
    const one = await logOf('one')
    for (const line of ['one 1 ***', '***', 'in a timer ***', 'kept ***', 'log ***', 'end']) {
      expect(one.split('\n')).toContain(line)
    }
    expect(one).toMatch(/│ 0 +│ '\*\*\*' +│/)
    expect(await logOf('two')).toContain('two 0\ntwo 1\ntwo 2\ntwo 3\ntwo 4\n')
    expect(await logOf('late')).toContain('late ***\n')
    expect(await logOf('each')).toContain('[#0] a ***\n')
    expect(await logOf('each')).toContain('[#1] b ***\n')
    expect(await logOf('asked')).toContain('asked\n')
    expect(JSON.stringify(made.tree('.stepwell'))).not.toContain('sesame')
  })
})

describe.each(KINDS)('steps in a %s', (kind) => {
  const executor = `, { executor: '${kind}' }`

  test('compute at the same time, each in one of its own', async () => {
    // Each one computes until the other one has begun, too, and never lets go of its thread.
    const meet = (own: string, other: string) => `
const ${own} = step({
  run: (_, { dir }) => {
    writeFileSync(join(dir, '${own}.txt'), '')
    while (!existsSync(join(dir, '${other}.txt')));
    return [process.pid, threadId]
  },
})`
    const made = project(
      `${meet('a', 'b')}${meet('b', 'a')}
const both = step({ inputs: { a, b }, executor: 'inline', run: ({ a, b }) => String(a) !== String(b) && [...a, ...b].length })`,
      'a, b, both',
      executor,
    )
    const { statuses, record } = await made.run('-j', '2')
    expect(statuses).toEqual({ a: 'succeeded', b: 'succeeded', both: 'succeeded' })
    expect(record.steps['both']?.output?.about).toBe('4')
  })

  test('share the cache with those inline', async () => {
    const text = `const a = step({ run: () => [1, 2] })\nconst b = step({ inputs: { a }, run: ({ a }) => a.length })`
    const made = project(text, 'a, b', executor)
    const first = await made.run()
    expect(first.statuses).toEqual({ a: 'succeeded', b: 'succeeded' })
    made.edit('pipeline.ts', executor, '')
    const second = await made.run()
    expect(second.statuses).toEqual({ a: 'cached', b: 'cached' })
    expect((await made.run('--force=all')).outputs).toEqual(first.outputs)
  })

  test('print to their log, and not to what a program reads', async () => {
    const made = project(
      `const say = step({
  inputs: { key: secret('API_KEY') },
  run: ({ key }, { log }) => {
    console.log('one %d', 1)
    log('two')
    process.stdout.write('thr')
    process.stdout.write('ee\\nfour')
    console.error({ five: 5 })
    console.log('key ' + key)
    return 1
  },
})`,
      'say',
      executor,
    )
    const { code, stdout, stderr } = await ended(
      made.start(['run', '--json'], { API_KEY: 'sesame-open' }),
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ status: 'succeeded' })
    const { stdout: log } = await made.stepwell('logs', 'say')
    expect(log).toBe('one 1\ntwo\nthree\nfour{ five: 5 }\nkey ***\n')
  })

  test('see the environment', async () => {
    const made = project(
      `const see = step({ inputs: { region: env('REGION') }, run: ({ region }) => [region, process.env['REGION']].join() })`,
      'see',
      executor,
    )
    const { stdout } = await ended(made.start(['run', '--json'], { REGION: 'north' }))
    expect(JSON.parse(stdout)).toMatchObject({
      steps: { see: { output: { about: '"north,north"' } } },
    })
  })

  test('use it one after the other, and get another one when it has died', async () => {
    const made = project(
      `const me = (): string => process.pid + '.' + threadId
const a = step({ run: me })
const b = step({ inputs: { a }, run: me })
const c = step({ inputs: { b }, retry: { attempts: 2, backoff: 1 }, run: (_, { scratch }) => {
  if (existsSync(join(scratch(), 'again'))) return me()
  writeFileSync(join(scratch(), 'again'), '')
  process.exit(1)
} })
const d = step({ inputs: { a, b, c }, executor: 'inline', run: ({ a, b, c }) => [a === b, b === c, a === me()] })`,
      'a, b, c, d',
      executor,
    )
    made.write(
      'program.ts',
      `import work from './pipeline.ts'
const { status, value } = await work.run()
console.log(status, JSON.stringify(value))`,
    )
    expect((await made.program('program.ts')).stdout).toBe('succeeded [true,false,false]\n')
  })

  test('take the items of a map, which share the cache with those inline', async () => {
    const made = project(
      `const list = step({ params: { all: [1, 2, 3, 4, 5] }, run: (_, { params }) => params.all })
const each = step.map({ over: list, batch: 2, run: ({ item }, { log }) => { log('got ' + item); return item * 10 } })
const sum = step({ inputs: { each }, run: ({ each }) => each.join('+') })`,
      'list, each, sum',
      executor,
    )
    const first = await made.run()
    expect(first.statuses).toEqual({ list: 'succeeded', each: 'succeeded', sum: 'succeeded' })
    expect(first.record.steps['sum']?.output?.about).toBe('"10+20+30+40+50"')
    made.edit('pipeline.ts', executor, '')
    made.edit('pipeline.ts', '[1, 2, 3, 4, 5]', '[5, 4, 3, 2, 1]')
    const { record } = await made.run()
    expect(record.steps['each']).toMatchObject({ items: { total: 5, cached: 5 } })
  })

  test('fail with what they throw', async () => {
    const made = project(
      `const fail = step({ run: () => { throw Object.assign(new RangeError('no luck'), { code: 'E_LUCK' }) } })`,
      'fail',
      executor,
    )
    const { record, stderr } = await made.run('--verbose')
    expect(record.steps['fail']?.error).toMatchObject({ code: 'E_LUCK', message: 'no luck' })
    expect(stderr).toContain('pipeline.ts:')
  })

  const WAYS: Record<string, readonly [code: string, says: RegExp]> = {
    exit: ['process.exit(3)', /exit code 3/],
    throw: [
      "setImmediate(() => { throw new Error('late') }); await delay(60_000)",
      /not caught: late/,
    ],
    reject: ["void Promise.reject(new Error('lost')); await delay(60_000)", /not caught: lost/],
    memory: [
      'const all = []; for (;;) all.push(Array.from({ length: 1000 }, () => ({})))',
      /out of memory/,
    ],
    ...(kind === 'process' && {
      abort: ['process.abort()', /SIGABRT/],
      kill: ["process.kill(process.pid, 'SIGKILL')", /SIGKILL/],
    }),
  }

  test('die without the run', async () => {
    const steps = Object.entries(WAYS).map(
      ([name, [code]]) => `const ${name}s = step({ run: async () => { ${code} } })`,
    )
    const names = Object.keys(WAYS).map((name) => `${name}s`)
    const made = project(
      `${steps.join('\n')}
const beside = step({ run: async (_, { dir }) => { while (!existsSync(join(dir, 'release'))) await delay(5); return 1 } })
const after = step({ inputs: { beside }, run: () => 2 })`,
      `beside, ${names.join(', ')}, after`,
      executor,
    )
    const child = program(made, { NODE_OPTIONS: '--max-old-space-size=80' })
    const finished: Record<string, { status: string; error?: { code: string; message: string } }> =
      {}
    if (child.stdout === null) throw new Error('no output')
    // The one beside them lives through all of that.
    for await (const line of createInterface({ input: child.stdout })) {
      const event = JSON.parse(line) as Event & { status: string }
      if (event.type === 'step-finished') finished[event.step ?? ''] = event
      if (names.every((name) => name in finished)) made.write('release', '')
    }
    for (const [name, [, says]] of Object.entries(WAYS)) {
      expect(finished[`${name}s`], name).toMatchObject({
        status: 'failed',
        error: { code: 'STEPWELL_WORKER_DIED', message: expect.stringMatching(says) },
      })
    }
    expect(finished).toMatchObject({
      beside: { status: 'succeeded' },
      after: { status: 'succeeded' },
    })
  })
})

describe.each(KINDS)('steps in a %s that are to stop', (kind) => {
  const executor = `, { executor: '${kind}' }`

  test('are killed in an endless loop, however they are stopped', async () => {
    const made = project(
      `const spin = step({ run: (_, { log }) => { log('spins'); for (;;); } })
const late = step({ timeout: 1000, run: () => { for (;;); } })`,
      'spin, late',
      executor,
    )
    made.write(
      'program.ts',
      `import { openEngine } from '@stepwell/engine'
import work from './pipeline.ts'
await using engine = await openEngine({ grace: 100 })
const spins = engine.run(work, { targets: ['spin'] })
for await (const event of spins) if (event.type === 'step-log') spins.stop('kill')
const late = engine.run(work, { targets: ['late'] })
for (const { result } of [spins, late]) {
  const { status, steps } = await result
  console.log(status, ...Object.values(steps).map(({ error }) => error?.code))
}`,
    )
    const { stdout } = await made.program('program.ts')
    expect(stdout).toBe('cancelled STEPWELL_KILLED\nfailed STEPWELL_TIMEOUT\n')
  })

  test('may tidy up, and what they log then is kept', async () => {
    const made = project(
      `const wait = step({
  run: async (_, { log, signal }) => {
    log('waits')
    await new Promise((done) => signal.addEventListener('abort', done))
    log('tidied')
    throw new Error('stopped')
  },
})`,
      'wait',
      executor,
    )
    made.write(
      'program.ts',
      `import { openEngine } from '@stepwell/engine'
import work from './pipeline.ts'
await using engine = await openEngine()
const run = engine.run(work)
for await (const event of run) {
  if (event.type === 'step-log') console.log(event.line)
  if (event.type === 'step-log' && event.line === 'waits') run.stop('kill')
}
const { status, steps } = await run.result
console.log(status, steps.wait?.error?.message)`,
    )
    const { stdout } = await made.program('program.ts')
    expect(stdout).toBe('waits\ntidied\ncancelled stopped\n')
  })
})

test('a thread that waits in native code is left alone', async () => {
  const made = project(
    `const wait = step({ run: (_, { log, dir }) => {
  log('waits')
  execFileSync('sh', ['-c', 'while [ ! -e release ]; do sleep 0.05; done'], { cwd: dir })
} })`,
    'wait',
    ", { executor: 'thread' }",
  )
  made.write(
    'program.ts',
    `import { writeFileSync } from 'node:fs'
import { openEngine } from '@stepwell/engine'
import work from './pipeline.ts'
const engine = await openEngine({ grace: 50 })
const run = engine.run(work)
for await (const event of run) if (event.type === 'step-log') run.stop('kill')
const { status, steps } = await run.result
await engine.close()
console.log(status, steps.wait?.error?.code)
writeFileSync('release', '')`,
  )
  const { stdout } = await made.program('program.ts')
  expect(stdout).toBe('cancelled STEPWELL_NOT_STOPPED\n')
})

test('what a process prints past JavaScript is in the log, too, and all of it', async () => {
  const made = project(
    `const say = step({
  run: () => {
    execFileSync('seq', ['1', '30000'], { stdio: 'inherit' })
    writeSync(1, 'done')
    return 1
  },
})`,
    'say',
    ", { executor: 'process' }",
  )
  const { stdout } = await ended(made.start(['run', '--json']))
  expect(JSON.parse(stdout)).toMatchObject({ status: 'succeeded' })
  const lines = (await made.stepwell('logs', 'say')).stdout.trim().split('\n')
  expect([lines.length, lines[29_999], lines[30_000]]).toEqual([30_001, '30000', 'done'])
})

test('a process is killed with what it started', async () => {
  const made = project(
    `const spin = step({
  run: (_, { log }) => {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' })
    process.on('SIGTERM', () => undefined)
    log(String(child.pid))
    for (;;);
  },
})`,
    'spin',
    ", { executor: 'process' }",
  )
  made.write(
    'program.ts',
    `import work from './pipeline.ts'
await using engine = await (await import('@stepwell/engine')).openEngine({ grace: 100 })
const run = engine.run(work)
for await (const event of run) {
  if (event.type !== 'step-log') continue
  console.log(event.line)
  run.stop('kill')
}`,
  )
  const { stdout } = await made.program('program.ts')
  const pid = Number(stdout)
  expect(pid).toBeGreaterThan(0)
  await gone(pid)
})

test('the process of a step ends with that of the engine, also when it computes', async () => {
  const made = project(
    `const spin = step({ run: (_, { log }) => { log(String(process.pid)); for (;;); } })`,
    'spin',
    ", { executor: 'process' }",
  )
  const child = start(made)
  const pid = Number(await firstLine(child))
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
  expect(isAlive(pid)).toBe(true)
  child.kill('SIGKILL')
  await gone(pid)
})

test('the process of a step that is killed from outside fails it alone', async () => {
  const made = project(
    `const victim = step({ run: async (_, { log }) => { log(String(process.pid)); await delay(600_000) } })
const beside = step({ run: () => 1 })`,
    'beside, victim',
    ", { executor: 'process' }",
  )
  const child = start(made, '-j', '2')
  process.kill(Number(await firstLine(child)), 'SIGKILL')
  if (child.exitCode === null) await once(child, 'exit')
  expect(child.exitCode).toBe(1)
  const { stdout } = await made.stepwell('runs', '--json')
  expect(stdout).toContain('failed')
  const { statuses, record } = await made.run('beside')
  expect([statuses['beside'], record.status]).toEqual(['cached', 'succeeded'])
})

describe('the code that a worker loads', () => {
  const CODE = `
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pipeline, step } from '@stepwell/engine'
import { answer } from './answer.ts'
import { other } from './other.ts'
const first = step({
  run: async (_, { log, dir }) => {
    log('first')
    while (!existsSync(join(dir, 'release'))) await delay(5)
  },
})
const second = step({ inputs: { first }, executor: 'thread', run: () => answer() })
const third = step({ inputs: { second }, run: () => other() })
export default pipeline('coded', { first, second, third })
`
  const coded = (): Project => {
    const made = new Project()
    made.write('pipeline.ts', CODE)
    made.write('answer.ts', 'export const answer = (): number => 1\n')
    made.write('other.ts', 'export const other = (): number => 1\n')
    return made
  }

  test('must be that with which the run began', async () => {
    const made = coded()
    const child = start(made)
    await firstLine(child)
    made.write('answer.ts', 'export const answer = (): number => 2\n')
    made.write('release', '')
    if (child.exitCode === null) await once(child, 'exit')
    expect(child.exitCode).toBe(1)
    expect(Object.values(made.tree('.stepwell/runs')).join('')).toContain('STEPWELL_CODE_CHANGED')
    const { record, statuses } = await made.run()
    expect(statuses).toEqual({ first: 'cached', second: 'succeeded', third: 'succeeded' })
    expect(record.steps['second']?.output?.about).toBe('2')
  })

  test('must not have been edited since, whatever it is now', async () => {
    const made = coded()
    // A worker has loaded it by then. The time is for the time stamps of files, which may be coarse.
    made.write(
      'pipeline.ts',
      `${made.read('pipeline.ts')}
import { isMainThread } from 'node:worker_threads'
if (!isMainThread) {
  await delay(50)
  writeFileSync('answer.ts', 'export const answer = (): number => 1\\n')
}`,
    )
    made.write('release', '')
    const { statuses, record } = await made.run()
    expect(statuses['second']).toBe('failed')
    expect(record.steps['second']?.error?.code).toBe('STEPWELL_CODE_CHANGED')
  })

  test('may differ in what is not of the step', async () => {
    const made = coded()
    const child = start(made)
    await firstLine(child)
    made.write('other.ts', 'export const other = (): number => 2\n')
    made.write('release', '')
    if (child.exitCode === null) await once(child, 'exit')
    expect(child.exitCode).toBe(0)
    const { statuses } = await made.run()
    expect(statuses).toEqual({ first: 'cached', second: 'cached', third: 'succeeded' })
  })
})

test('a pipeline that is not exported, and a module that runs what it makes, are explained', async () => {
  const made = new Project()
  const body = (name: string): string => `import { pipeline, step } from '@stepwell/engine'
const one = step({ executor: 'thread', run: () => 1 })
${name}
const { status, steps } = await work.run()
console.log(status, steps.one?.error?.code)`
  made.write('hidden.ts', body("const work = pipeline('hidden', { one })"))
  made.write('running.ts', body("export const work = pipeline('running', { one })"))
  expect((await made.program('hidden.ts')).stdout).toBe('failed STEPWELL_RUN_BY_IMPORT\n')
  expect((await made.program('running.ts')).stdout).toBe('failed STEPWELL_RUN_BY_IMPORT\n')
  made.write(
    'made.ts',
    `import { pipeline, step } from '@stepwell/engine'
const one = step({ executor: 'thread', run: () => 1 })
const work = pipeline('made', { one })
export const get = () => work`,
  )
  made.write(
    'main.ts',
    `import { get } from './made.ts'\nconsole.log((await get().run()).steps.one?.error?.code)`,
  )
  expect((await made.program('main.ts')).stdout).toBe('STEPWELL_NOT_EXPORTED\n')
})
