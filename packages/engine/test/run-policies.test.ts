import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  file,
  pinned,
  pipeline,
  step,
  type Failure,
  type Pipeline,
  type RunEvent,
  type Step,
  type StepContext,
} from '../src/index.ts'
import { DiskClaims } from '../src/store/claims/disk-claims.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { follow, untilStopped } from './support/follow-run.ts'
import { nameOf } from './support/graph.ts'
import { temporaryDir } from './support/temporary.ts'

// Steps made in tests: what they close over is no input.
const code = pinned('1')

type Context = StepContext<object>

/** Something that a test waits for, or lets go on. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  onTestFinished(() => resolve())
  return { opened: promise, open: resolve }
}

function started(name: string): (event: RunEvent) => boolean {
  return (event) => event.type === 'step-started' && event.step === name
}

function ended(name: string): (event: RunEvent) => boolean {
  return (event) => event.type === 'step-finished' && event.step === name
}

describe('after a failure', () => {
  /** bad fails while slow runs; queued waits for room. */
  function project(): { made: Pipeline; names: string[]; release: () => void; fail: () => void } {
    const [failing, slowing, badRuns, slowRuns] = [gate(), gate(), gate(), gate()]
    const bad = step({
      code,
      run: async (): Promise<number> => {
        badRuns.open()
        await failing.opened
        throw new Error('no')
      },
    })
    const slow = step({
      code,
      run: async (_, { signal }: Context) => {
        slowRuns.open()
        await Promise.race([slowing.opened, untilStopped(signal)])
        return 'slow'
      },
    })
    // Ends when both are running; what it lets go on needs all the room there is.
    const both = step({
      code,
      run: async () => {
        await Promise.all([badRuns.opened, slowRuns.opened])
        return 1
      },
    })
    const queued = step({ code, inputs: { both }, resources: { cpu: 3 }, run: () => 'queued' })
    const afterSlow = step({ code, inputs: { slow }, run: ({ slow: text }) => `after ${text}` })
    const afterBad = step({ code, inputs: { bad }, run: () => 1 })
    const afterBoth = step({ code, inputs: { afterBad, afterSlow }, run: () => 1 })
    const steps = { bad, slow, both, queued, afterSlow, afterBad, afterBoth }
    return {
      made: pipeline('p', steps),
      names: Object.keys(steps),
      release: slowing.open,
      fail: failing.open,
    }
  }

  for (const [onFailure, expected] of [
    ['finish', { slow: 'succeeded', queued: 'cancelled', afterSlow: 'cancelled' }],
    ['continue', { slow: 'succeeded', queued: 'succeeded', afterSlow: 'succeeded' }],
    ['kill', { slow: 'cancelled', queued: 'cancelled', afterSlow: 'cancelled' }],
  ] as const) {
    test(`${onFailure}: what runs, what waits, and what is left of it`, async () => {
      const dir = temporaryDir()
      const engine = await engineOn(dir, { concurrency: 3 })
      const { made, names, release, fail } = project()
      const run = engine.run(made, { onFailure })
      const { record } = await follow(dir, run, names, (event) => {
        if (ended('both')(event)) fail()
        if (ended('bad')(event) && onFailure !== 'kill') release()
      })
      expect(record.status).toBe('failed')
      expect(statusesOf(record)).toEqual({
        bad: 'failed',
        both: 'succeeded',
        afterBad: 'skipped',
        afterBoth: 'skipped',
        ...expected,
      })
      expect(record.steps['afterBoth']?.reasons).toEqual([{ kind: 'blocked', by: ['bad'] }])
      if (onFailure !== 'continue') {
        expect(record.steps['queued']?.reasons).toEqual([{ kind: 'stopped', by: 'bad' }])
      }
      release()
      const next = await follow(dir, engine.run(made, { onFailure: 'continue' }), names)
      for (const [name, status] of Object.entries(expected)) {
        const later = status === 'succeeded' ? 'cached' : 'succeeded'
        expect(statusesOf(next.record)[name]).toBe(later)
      }
    })
  }
})

describe('a stop', () => {
  const moments: [string, (event: RunEvent) => boolean][] = [
    ['before anything', () => true],
    ['while steps run', started('slow')],
    ['while the queue is full', started('other')],
    ['when one has ended', ended('first')],
    ['during the pause before an attempt', (event) => event.type === 'step-retried'],
  ]
  for (const how of ['finish', 'kill', 'signal'] as const) {
    for (const [when, fits] of moments) {
      test(`(${how}) ${when}: nothing new starts, and what succeeded is kept`, async () => {
        const dir = temporaryDir()
        const engine = await engineOn(dir, { concurrency: 3 })
        const go = gate()
        const abort = new AbortController()
        const waiting = async (_: object, { signal }: Context): Promise<number> => {
          await Promise.race([go.opened, untilStopped(signal)])
          return 1
        }
        const first = step({ code, run: () => 1 })
        const slow = step({ code, inputs: { first }, params: { is: 'slow' }, run: waiting })
        const other = step({ code, inputs: { first }, params: { is: 'other' }, run: waiting })
        let fails = true
        const flaky = step({
          code,
          inputs: { first },
          retry: { attempts: 3, backoff: '1h' },
          run: () => {
            if (fails) throw new Error('no')
            return 3
          },
        })
        const after = step({ code, inputs: { slow, flaky }, run: () => 4 })
        const steps = { first, slow, other, flaky, after }
        const made = pipeline('p', steps)
        const run = engine.run(made, { signal: abort.signal })
        let stopped = false
        const late: RunEvent[] = []
        const stop = (): void => {
          stopped = true
          if (how === 'signal') abort.abort()
          else run.stop(how)
          go.open()
        }
        if (when === 'before anything') stop()
        const { record, events } = await follow(dir, run, Object.keys(steps), (event) => {
          if (stopped && event.type === 'step-started') late.push(event)
          if (!stopped && fits(event)) stop()
        })
        // Events reach their iterator in a later turn: what was started by then was started before.
        expect(late.length).toBeLessThanOrEqual(2)
        // One that was let finish and failed is not tried again: that was its end.
        const hasFailed = how === 'finish' && statusesOf(record)['flaky'] === 'failed'
        if (when.startsWith('during')) expect(hasFailed).toBe(false)
        expect(record.status).toBe(hasFailed ? 'failed' : 'cancelled')
        const reason = hasFailed
          ? { kind: 'blocked', by: ['flaky'] }
          : { kind: 'stopped', by: null }
        expect(record.steps['after']).toMatchObject({
          status: hasFailed ? 'skipped' : 'cancelled',
          reasons: [reason],
        })
        expect(events.filter(started('after'))).toEqual([])
        fails = false
        const kept = Object.values(record.steps).filter(({ status }) => status === 'succeeded')
        const next = await follow(dir, engine.run(made), Object.keys(steps))
        expect(next.record.status).toBe('succeeded')
        for (const { name } of kept) expect(next.record.steps[name]?.status).toBe('cached')
      })
    }
  }

  test('(kill) after one that lets steps finish stops them, too', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const slow = step({ code, run: async (_, { signal }: Context) => await untilStopped(signal) })
    const run = engine.run(pipeline('p', { slow }))
    const { record } = await follow(dir, run, ['slow'], (event) => {
      if (!started('slow')(event)) return
      run.stop()
      run.stop('kill')
    })
    expect(statusesOf(record)).toEqual({ slow: 'cancelled' })
  })
})

describe('retries', () => {
  test('are in events and record, but never in the key', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    let calls = 0
    const flaky = (attempts: number, fails: number) =>
      step({
        code,
        retry: { attempts, backoff: 0 },
        run: (_, { metric }: Context) => {
          calls += 1
          metric(`attempt${calls}`, 1)
          if (calls <= fails) throw new Error(`no ${calls}`)
          return 1
        },
      })
    const run = engine.run(pipeline('p', { a: flaky(3, 2) }))
    const { record, events } = await follow(dir, run, ['a'])
    expect(record.steps['a']).toMatchObject({ status: 'succeeded', attempts: 3 })
    expect(record.steps['a']).not.toHaveProperty('error')
    expect(record.steps['a']?.metrics).toEqual({ attempt3: 1 })
    expect(events.filter((event) => event.type === 'step-retried')).toMatchObject([
      { attempt: 1, attempts: 3, pause: 0, error: { message: 'no 1' } },
      { attempt: 2, attempts: 3, pause: 0, error: { message: 'no 2' } },
    ])
    calls = 0
    const plain = await engine.run(pipeline('p', { a: flaky(1, 0) }), { force: 'all' }).result
    expect(plain.steps['a']?.key).toBe(record.steps['a']?.key)
    const cached = await follow(dir, engine.run(pipeline('p', { a: flaky(9, 9) })), ['a'])
    expect(statusesOf(cached.record)).toEqual({ a: 'cached' })
  })

  const codes: [string, unknown, number][] = [
    ['codes that fit', ['EOTHER', 'EFLAKY'], 3],
    ['codes that do not', ['EOTHER'], 1],
    ['a function', ({ message }: Failure) => message === 'no 1', 2],
  ]
  for (const [title, on, attempts] of codes) {
    test(`on ${title}`, async () => {
      const dir = temporaryDir()
      const engine = await engineOn(dir)
      let calls = 0
      const a = step({
        code,
        retry: { attempts: 3, backoff: 0, on: on as readonly string[] },
        run: () => {
          calls += 1
          throw Object.assign(new Error(`no ${calls}`), { code: 'EFLAKY' })
        },
      })
      const { record } = await follow(dir, engine.run(pipeline('p', { a })), ['a'])
      expect(statusesOf(record)).toEqual({ a: 'failed' })
      expect(record.steps['a']?.error?.message).toBe(`no ${attempts}`)
      expect(calls).toBe(attempts)
    })
  }

  test('a function `on` that throws is the failure of its step alone', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const on = (): boolean => {
      throw new Error('on is wrong')
    }
    const a = step({
      code,
      retry: { attempts: 3, on },
      run: () => {
        throw new Error('no')
      },
    })
    const { record } = await follow(dir, engine.run(pipeline('p', { a })), ['a'])
    expect(record.steps['a']).toMatchObject({ status: 'failed', error: { message: 'on is wrong' } })
    const wrong = { attempts: 2, on: 'ECODE' as unknown as string[] }
    expect(() => step({ retry: wrong, run: () => 1 })).toThrow(TypeError)
  })

  test('what a failed attempt wrote is not in the way of the next one', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir, { grace: 0 })
    let calls = 0
    const late: { write?: () => void } = {}
    const places = new Set<string>()
    const a = step({
      code,
      timeout: 20,
      retry: { attempts: 3, backoff: 0 },
      outs: { dir: file('out/a.txt') },
      run: async (_, { outs, scratch }) => {
        calls += 1
        const path = outs.dir
        expect(existsSync(path)).toBe(false)
        if (calls === 1) {
          writeFileSync(path, 'of the first attempt')
          places.add(scratch())
          late.write = () => {
            mkdirSync(dirname(path), { recursive: true })
            writeFileSync(path, 'late')
            scratch()
          }
          return await new Promise<number>(() => undefined)
        }
        late.write?.()
        places.add(scratch())
        if (calls === 2) throw new Error('no')
        writeFileSync(path, 'right')
        return 1
      },
    })
    const made = pipeline('p', { a })
    const { record } = await follow(dir, engine.run(made), ['a'])
    expect(record.steps['a']).toMatchObject({ status: 'succeeded', attempts: 3 })
    // Nor does it share work in progress with one that was left alone; the later ones share theirs.
    expect(places.size).toBe(2)
    late.write?.()
    expect(readFileSync(join(dir, 'out/a.txt'), 'utf8')).toBe('right')
    const next = await follow(dir, engine.run(made), ['a'])
    expect(statusesOf(next.record)).toEqual({ a: 'cached' })
    expect(readFileSync(join(dir, 'out/a.txt'), 'utf8')).toBe('right')
    expect(readdirSync(join(dir, 'out'))).toEqual(['a.txt'])
  })
})

test('a run that has failed does not wait for what another one makes', async () => {
  const dir = temporaryDir()
  const engine = await engineOn(dir, { concurrency: 2 })
  const bad = step({
    code,
    run: () => {
      throw new Error('no')
    },
  })
  const made = pipeline('p', { other: step({ code, run: () => 1 }), bad })
  const key = (await engine.plan(made)).steps[0]?.key
  if (key === undefined) throw new Error('it has no key')
  const claim = new DiskClaims(join(dir, '.stepwell/claims')).tryTake(key)
  const { record } = await follow(dir, engine.run(made), ['other', 'bad'])
  claim?.release()
  expect(statusesOf(record)).toEqual({ other: 'cancelled', bad: 'failed' })
})

describe('a timeout', () => {
  test('ends a step that heeds its signal, and is tried again like any failure', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const a = step({
      code,
      timeout: 5,
      retry: { attempts: 2, backoff: 0, on: ['STEPWELL_TIMEOUT'] },
      run: async (_, { signal }: Context) => await untilStopped(signal),
    })
    const { record } = await follow(dir, engine.run(pipeline('p', { a })), ['a'])
    expect(record.status).toBe('failed')
    expect(record.steps['a']).toMatchObject({ attempts: 2, error: { code: 'STEPWELL_TIMEOUT' } })
  })
  test('ends one that does not, after the time of grace', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir, { grace: 5 })
    const late = Promise.withResolvers<number>()
    const a = step({ code, timeout: 5, run: async () => await late.promise })
    const made = pipeline('p', { a })
    const { record } = await follow(dir, engine.run(made), ['a'])
    expect(record.steps['a']).toMatchObject({
      status: 'failed',
      error: { code: 'STEPWELL_TIMEOUT', message: expect.stringContaining('did not stop') },
    })
    // What it gives later counts for nothing.
    late.resolve(1)
    await late.promise
    expect((await engine.plan(made)).steps[0]?.decision).toBe('run')
  })
  test('does not touch a step that ends in time', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const a = step({ code, timeout: '30d', run: () => 1 })
    const { record } = await follow(dir, engine.run(pipeline('p', { a })), ['a'])
    expect(record.status).toBe('succeeded')
  })
  test('nothing else that never ends holds up a run that is killed', async () => {
    const never = async () => await new Promise<never>(() => undefined)
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const asked = gate()
    const when = async () => {
      asked.open()
      return await never()
    }
    const a = step({ code, when, run: () => 1 })
    const run = engine.run(pipeline('p', { a }))
    await asked.opened
    run.stop('kill')
    expect(statusesOf(await run.result)).toEqual({ a: 'cancelled' })
    const checked = gate()
    const stale = async () => {
      checked.open()
      return await never()
    }
    const b = step({ code, run: Object.assign(() => 1, { stale }) })
    const made = pipeline('q', { b })
    await engine.run(made).result
    const again = engine.run(made)
    await checked.opened
    again.stop('kill')
    expect(statusesOf(await again.result)).toEqual({ b: 'cancelled' })
  })
  test('a step that is killed and ignores it does not hold up the run', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir, { grace: 5 })
    const a = step({ code, run: async () => await new Promise<number>(() => undefined) })
    const run = engine.run(pipeline('p', { a }))
    const { record } = await follow(dir, run, ['a'], (event) => {
      if (started('a')(event)) run.stop('kill')
    })
    expect(record.steps['a']).toMatchObject({
      status: 'cancelled',
      error: { code: 'STEPWELL_NOT_STOPPED' },
    })
  })
})

describe('a condition', () => {
  const build = (on: boolean, when: (value: number, isOn: boolean) => unknown) => {
    const value = step({ code, run: () => 3 })
    const maybe = step({
      code,
      inputs: { value },
      params: { on },
      when: ({ value: given }, { params }) => when(given, params.on) as boolean,
      run: ({ value: given }) => given + 1,
    })
    const after = step({ code, inputs: { maybe }, run: ({ maybe: given }) => given + 1 })
    return pipeline('p', { value, maybe, after })
  }
  const names = ['value', 'maybe', 'after']

  test('on params and upstream outputs decides whether, and is not in the key', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    // What reads it may be skipped, too.
    const { steps } = await engine.plan(build(false, (_, on) => on))
    expect(steps.map(({ decision }) => decision)).toEqual(['run', 'depends', 'depends'])
    const off = await follow(dir, engine.run(build(false, (_, on) => on)), names)
    expect(off.record.status).toBe('succeeded')
    expect(statusesOf(off.record)).toEqual({
      value: 'succeeded',
      maybe: 'skipped',
      after: 'skipped',
    })
    expect(off.record.steps['maybe']?.reasons).toEqual([{ kind: 'condition' }])
    expect(off.record.steps['after']?.reasons).toEqual([{ kind: 'blocked', by: ['maybe'] }])
    const on = await follow(
      dir,
      engine.run(build(true, (value, isOn) => isOn && value === 3)),
      names,
    )
    expect(statusesOf(on.record)).toEqual({
      value: 'cached',
      maybe: 'succeeded',
      after: 'succeeded',
    })
    const other = await follow(dir, engine.run(build(true, (value) => value > 0)), names)
    expect(other.record.steps['maybe']).toMatchObject({
      status: 'cached',
      key: on.record.steps['maybe']?.key,
    })
  })

  for (const [title, when] of [
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['gives no boolean', () => 'yes'],
  ] as const) {
    test(`that ${title} fails its step`, async () => {
      const dir = temporaryDir()
      const engine = await engineOn(dir)
      const { record } = await follow(dir, engine.run(build(true, when)), names)
      expect(record.status).toBe('failed')
      expect(record.steps['maybe']).toMatchObject({
        status: 'failed',
        error: { code: 'STEPWELL_CONDITION' },
      })
      expect(statusesOf(record)['after']).toBe('skipped')
    })
  }
})

describe('resources', () => {
  /** Work that waits until as many run as are allowed to, and a little longer for one too many. */
  const counted = (allowed: number) => {
    const now = { running: 0, most: 0 }
    const all = gate()
    const run = async (): Promise<number> => {
      now.running += 1
      now.most = Math.max(now.most, now.running)
      if (now.running >= allowed) all.open()
      await all.opened
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      now.running -= 1
      return 1
    }
    return { now, run }
  }
  const several = (run: () => Promise<number>, options: object): Record<string, Step> =>
    Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [
        nameOf(index),
        step({ code, params: { index }, run, ...options }),
      ]),
    )

  for (const [title, options, limits, most] of [
    ['a mutex', { mutex: 'db' }, {}, 1],
    ['several mutexes', { mutex: ['db', 'web'] }, {}, 1],
    ['a limit', { resources: { db: 1 } }, { db: 3 }, 3],
    ['fractions of a limit', { resources: { gpu: 0.4 } }, { gpu: 1 }, 2],
    ['cores', { resources: { cpu: 4 } }, {}, 2],
    ['memory', { resources: { memory: '2GB' } }, { memory: '5GB' }, 2],
    ['no cores at all', { resources: { cpu: 0 } }, {}, 8],
  ] as const) {
    test(`${title}: never too many at once, and as many as there may be`, async () => {
      const dir = temporaryDir()
      const engine = await engineOn(dir, { concurrency: 8 })
      const { now, run } = counted(most)
      const steps = several(run, options)
      const made = pipeline('p', steps, { limits })
      const { record } = await follow(dir, engine.run(made), Object.keys(steps))
      expect(record.status).toBe('succeeded')
      expect(now.most).toBe(most)
    })
  }

  test('more than there will ever be is refused before anything runs', async () => {
    for (const [options, limits] of [
      [{ resources: { cpu: 3 } }, {}],
      [{ resources: { gpu: 1 } }, {}],
      [{ resources: { db: 1.5 } }, { db: 1 }],
      [{ resources: { constructor: 1 } }, {}],
    ] as const) {
      const dir = temporaryDir()
      const engine = await engineOn(dir, { concurrency: 2 })
      const { now, run } = counted(1)
      const first = step({ code, run })
      const greedy = step({ code, inputs: { first }, run, ...options })
      const made = pipeline('p', { first, greedy }, { limits })
      const refusal = { code: 'STEPWELL_RESOURCES', message: expect.stringContaining('greedy') }
      await expect(engine.plan(made)).rejects.toMatchObject(refusal)
      await expect(engine.run(made).result).rejects.toMatchObject(refusal)
      expect(now.most).toBe(0)
      expect(await engine.runIds()).toEqual([])
      // What is not asked for need not fit.
      expect((await engine.run(made, { targets: ['first'] }).result).status).toBe('succeeded')
    }
  })
})

test('the longest way is begun first, by what steps took the last time', async () => {
  const engine = await engineOn(temporaryDir(), { concurrency: 1 })
  const order: string[] = []
  let held = gate()
  const common = { code, cache: false }
  // Begins first, and goes on until the others wait for their turns.
  const hold = step({
    ...common,
    run: async () => {
      held.open()
      await new Promise((resolve) => setImmediate(resolve))
      return 1
    },
  })
  const named = (name: string, ms: number) =>
    step({
      ...common,
      params: { name },
      when: async () => {
        await held.opened
        return true
      },
      run: async () => {
        order.push(name)
        if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
        return name
      },
    })
  const [short, long, other] = [named('short', 0), named('long', 100), named('other', 0)]
  const afterOther = step({ ...common, inputs: { other }, run: () => 1 })
  const made = pipeline('p', { hold, short, long, other, afterOther })
  await engine.run(made).result
  // Where there is no history, the longest chain.
  expect(order).toEqual(['other', 'short', 'long'])
  order.length = 0
  held = gate()
  await engine.run(made).result
  expect(order[0]).toBe('long')
})
