import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { RunEvent, StepContext } from '../src/index.ts'
import { foldEvents } from '../src/record/run-record.ts'
import { fan } from './fixtures/fan.ts'
import { lone, slow } from './fixtures/lone.ts'
import { count, report, words } from './fixtures/words.ts'
import { engineOn, eventOf, eventsOf, statusesOf } from './support/engine.ts'
import { block, replace, resetHooks, takeCalls } from './support/hooks.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

afterEach(resetHooks)

function started(step: string): (event: RunEvent) => boolean {
  return (event) => event.type === 'step-started' && event.step === step
}

function expectLawful(events: readonly RunEvent[], steps: readonly string[]): void {
  expect(events[0]?.type).toBe('run-started')
  expect(events.at(-1)?.type).toBe('run-finished')
  expect(events.filter(({ type }) => type === 'run-started').length).toBe(1)
  expect(events.filter(({ type }) => type === 'run-finished').length).toBe(1)
  const ends = events.filter((event) => event.type === 'step-finished').map(({ step }) => step)
  expect(ends.toSorted()).toEqual([...steps].toSorted())
  for (const step of steps) {
    const own = events.filter((event) => 'step' in event && event.step === step)
    const types = own.map(({ type }) => type).filter((type) => type !== 'warning')
    expect(types.at(-1)).toBe('step-finished')
    if (types.length > 1) expect(types[0]).toBe('step-started')
  }
}

const FAN = ['a', 'b', 'c', 'afterA', 'both']

describe('events', () => {
  const ways: [string, () => void][] = [
    ['that succeeds', () => undefined],
    ['in which a step fails', () => replace('a', () => Promise.reject(new Error('no')))],
    [
      'with logs and metrics',
      () =>
        replace('b', (_: object, { log, metric }: StepContext) => {
          log('one\ntwo')
          metric('loss', 0.5)
          metric('loss', 0.25)
          return 1
        }),
    ],
  ]
  for (const [title, prepare] of ways) {
    test(`of a run ${title}: in order, and the record is their fold`, async () => {
      const dir = temporaryDir()
      const engine = await engineOn(dir, { concurrency: 2 })
      prepare()
      for (const _ of [1, 2]) {
        const run = engine.run(fan)
        const events = await eventsOf(run)
        const record = await run.result
        expectLawful(events, FAN)
        expect(foldEvents(events)).toEqual(record)
        expect(await engine.runRecord(record.id)).toEqual(JSON.parse(JSON.stringify(record)))
        const lines = readFileSync(join(dir, '.stepwell/runs', record.id, 'events.ndjson'), 'utf8')
        const kept = lines
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as RunEvent)
        expect(foldEvents(kept)).toEqual(JSON.parse(JSON.stringify(record)))
      }
    })
  }

  test('a step begins after all that it reads has ended', async () => {
    const engine = await engineOn(temporaryDir())
    const events = await eventsOf(engine.run(fan))
    const at = (type: string, step: string) =>
      events.findIndex((event) => event.type === type && 'step' in event && event.step === step)
    for (const [from, to] of [
      ['a', 'afterA'],
      ['a', 'both'],
      ['b', 'both'],
    ] as const) {
      expect(at('step-finished', from)).toBeLessThan(at('step-started', to))
    }
  })

  test('a late iterator sees what follows; one after the end, nothing', async () => {
    const engine = await engineOn(temporaryDir())
    const gate = Promise.withResolvers<number>()
    replace('slow', () => gate.promise)
    const run = engine.run(lone)
    await eventOf(run, started('slow'))
    const late = eventsOf(run)
    gate.resolve(1)
    expect((await late).map(({ type }) => type)).toEqual(['step-finished', 'run-finished'])
    expect(await eventsOf(run)).toEqual([])
  })

  test('several iterators each see all of them', async () => {
    const engine = await engineOn(temporaryDir())
    const run = engine.run(fan)
    const [one, two] = await Promise.all([eventsOf(run), eventsOf(run)])
    expect(one).toEqual(two)
    expectLawful(one, FAN)
  })

  test('leaving an iterator early does not stop the run', async () => {
    const engine = await engineOn(temporaryDir())
    const run = engine.run(fan)
    for await (const event of run) if (event.type === 'run-started') break
    expect((await run.result).status).toBe('succeeded')
  })

  test('a run that cannot be carried out rejects, and so do its iterators', async () => {
    const engine = await engineOn(temporaryDir())
    const run = engine.run(fan, { targets: ['none'] })
    await expect(eventsOf(run)).rejects.toMatchObject({ code: 'STEPWELL_TARGET_UNKNOWN' })
    await expect(run.result).rejects.toMatchObject({ code: 'STEPWELL_TARGET_UNKNOWN' })
  })
})

describe('logs and metrics', () => {
  test('are kept with the run', async () => {
    const engine = await engineOn(temporaryDir())
    replace('slow', (_: object, { log, metric }: StepContext) => {
      log('one\ntwo')
      log('')
      log('three')
      metric('loss', 0.5)
      metric('loss', 0.25)
      metric('__loss__', -0)
      return 1
    })
    const record = await engine.run(lone).result
    expect(await engine.log(record.id, 'slow')).toBe('one\ntwo\n\nthree\n')
    expect(record.steps['slow']?.metrics).toEqual({ loss: 0.25, __loss__: -0 })
    const cached = await engine.run(lone).result
    expect(cached.steps['slow']?.metrics['loss']).toBe(0.25)
    expect(await engine.log(cached.id, 'slow')).toBeUndefined()
  })

  test('a name that every object has, or a value that is no number, is misuse', async () => {
    const engine = await engineOn(temporaryDir())
    for (const [name, value] of [
      ['__proto__', 1],
      ['toString', 1],
      ['loss', '1'],
      [1, 1],
    ]) {
      replace('slow', (_: object, { metric }: StepContext) =>
        metric(name as string, value as number),
      )
      const record = await engine.run(lone).result
      expect(statusesOf(record)).toEqual({ slow: 'failed' })
    }
  })

  test('a metric is the same when its step comes from the cache', async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const engine = await engineOn(temporaryDir())
      replace('slow', (_: object, { metric }: StepContext) => metric('loss', value))
      const record = await engine.run(lone).result
      // To refuse such a number is as good.
      if (record.status === 'failed') continue
      const cached = await engine.run(lone).result
      expect(cached.steps['slow']?.metrics).toEqual(record.steps['slow']?.metrics)
    }
  })

  test('what a step says after it has ended does not reach its record', async () => {
    const engine = await engineOn(temporaryDir())
    const held: { context?: StepContext } = {}
    replace('a', (_: object, context: StepContext) => {
      held.context = context
      context.metric('loss', 1)
      return 1
    })
    replace('afterA', () => {
      held.context?.metric('loss', 2)
      held.context?.log('late')
      return 1
    })
    const run = engine.run(fan)
    const events = await eventsOf(run)
    expect((await run.result).steps['a']?.metrics).toEqual({ loss: 1 })
    expectLawful(events, FAN)
  })

  test('nor does what it says after the run reach the files of another one', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const held: { context?: StepContext } = {}
    replace('slow', (_: object, context: StepContext) => {
      held.context = context
      return 1
    })
    await engine.run(lone).result
    const gate = Promise.withResolvers<number>()
    replace('slow', () => gate.promise)
    const next = engine.run(lone, { force: 'all' })
    await eventOf(next, started('slow'))
    try {
      held.context?.metric('stray', 1)
    } catch {
      // To refuse is as good.
    }
    gate.resolve(2)
    const { id } = await next.result
    const lines = readFileSync(join(dir, '.stepwell/runs', id, 'events.ndjson'), 'utf8')
    expect(lines).not.toMatch(/stray/)
  })
})

describe('values', () => {
  test('of steps and of their fields, from any run', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one two' })
    const engine = await engineOn(dir)
    const run = engine.run(words)
    expect(await run.value(count)).toEqual({ n: 2, first: 'one' })
    expect(await run.value(count.pick('n'))).toBe(2)
    expect(await engine.run(words).value(report)).toBe('2 words')
  })
  test('of a field that no step picks', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one two' })
    const engine = await engineOn(dir)
    expect(await engine.run(words).value(count.pick('first'))).toBe('one')
  })
  test('of a step that failed: an error with a code', async () => {
    const engine = await engineOn(temporaryDir())
    replace('slow', () => Promise.reject(new Error('no')))
    await expect(engine.run(lone).value(slow)).rejects.toMatchObject({ code: 'STEPWELL_NO_OUTPUT' })
  })
})

describe('cancellation', () => {
  test('nothing new starts, what runs is told, and the record is whole', async () => {
    const engine = await engineOn(temporaryDir(), { concurrency: 1 })
    const abort = new AbortController()
    const called = Promise.withResolvers<void>()
    for (const name of ['a', 'b', 'c']) {
      replace(name, async (_: object, { signal }: StepContext) => {
        called.resolve()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        throw signal.reason
      })
    }
    const run = engine.run(fan, { signal: abort.signal })
    const events = eventsOf(run)
    await called.promise
    abort.abort()
    const record = await run.result
    expectLawful(await events, FAN)
    expect(record.status).toBe('cancelled')
    expect(new Set(Object.values(statusesOf(record)))).toEqual(new Set(['cancelled']))
    expect(takeCalls().length).toBe(1)
    expect(await engine.runRecord(record.id)).toMatchObject({ status: 'cancelled' })
  })
  test('a step that ends well in spite of it is kept', async () => {
    const engine = await engineOn(temporaryDir(), { concurrency: 1 })
    const abort = new AbortController()
    replace('a', () => {
      abort.abort()
      return 1
    })
    const record = await engine.run(fan, { signal: abort.signal }).result
    expect(statusesOf(record)).toMatchObject({
      a: 'succeeded',
      afterA: 'cancelled',
      both: 'cancelled',
    })
    resetHooks()
    const next = await engine.run(fan).result
    expect(statusesOf(next)).toMatchObject({ a: 'cached', both: 'succeeded' })
  })
  test('before it begins', async () => {
    const engine = await engineOn(temporaryDir())
    const record = await engine.run(fan, { signal: AbortSignal.abort() }).result
    expect(record.status).toBe('cancelled')
    expect(takeCalls()).toEqual([])
  })
})

describe('failure of a step', () => {
  test('what needs it is skipped and says why, and what runs ends', async () => {
    const engine = await engineOn(temporaryDir(), { concurrency: 3 })
    const [b, c] = [block('b'), block('c')]
    const a = Promise.withResolvers<void>()
    replace('a', async () => {
      await a.promise
      throw new Error('no')
    })
    const run = engine.run(fan)
    const failed = eventOf(run, (event) => event.type === 'step-finished' && event.step === 'a')
    await Promise.all([b.called, c.called])
    a.resolve()
    await failed
    b.release()
    c.release()
    const record = await run.result
    expect(statusesOf(record)).toEqual({
      a: 'failed',
      b: 'succeeded',
      c: 'succeeded',
      afterA: 'skipped',
      both: 'skipped',
    })
    expect(record.steps['both']?.reasons).toEqual([{ kind: 'blocked', by: ['a'] }])
    expect(record.status).toBe('failed')
  })

  test('nothing that was not begun is begun', async () => {
    const engine = await engineOn(temporaryDir(), { concurrency: 1 })
    for (const name of ['a', 'b', 'c']) replace(name, () => Promise.reject(new Error('no')))
    const record = await engine.run(fan).result
    const [failed = ''] = takeCalls()
    expect(takeCalls()).toEqual([])
    expect(record.steps[failed]?.status).toBe('failed')
    for (const name of ['a', 'b', 'c'].filter((other) => other !== failed)) {
      expect(record.steps[name]).toMatchObject({
        status: 'cancelled',
        reasons: [{ kind: 'stopped', by: failed }],
      })
    }
  })
})

describe('concurrency', () => {
  test('never more than so many steps at once, and as many as that', async () => {
    const engine = await engineOn(temporaryDir(), { concurrency: 2 })
    const blocks = ['a', 'b', 'c'].map((name) => ({ name, ...block(name) }))
    const called = () => Promise.race(running.map(async (one) => (await one.called, one)))
    const running = [...blocks]
    const run = engine.run(fan)
    const first = await called()
    running.splice(running.indexOf(first), 1)
    const second = await called()
    running.splice(running.indexOf(second), 1)
    expect(takeCalls().toSorted()).toEqual([first.name, second.name].toSorted())
    first.release()
    const third = await called()
    expect(takeCalls()).toEqual([third.name])
    second.release()
    third.release()
    expect((await run.result).status).toBe('succeeded')
  })

  test('equal work of two runs at once is done once', async () => {
    const engine = await engineOn(temporaryDir())
    const gate = Promise.withResolvers<number>()
    replace('slow', () => gate.promise)
    const one = engine.run(lone)
    await eventOf(one, started('slow'))
    const two = engine.run(lone)
    await eventOf(two, ({ type }) => type === 'run-started')
    gate.resolve(5)
    const [first, second] = await Promise.all([one.result, two.result])
    expect(statusesOf(first)).toEqual({ slow: 'succeeded' })
    expect(statusesOf(second)).toEqual({ slow: 'cached' })
    expect(await two.value(slow)).toBe(5)
    expect(takeCalls()).toEqual(['slow'])
  })

  test('equal work that failed is tried again by who waited for it', async () => {
    const engine = await engineOn(temporaryDir())
    const gate = Promise.withResolvers<number>()
    replace('slow', () => gate.promise)
    const one = engine.run(lone)
    await eventOf(one, started('slow'))
    const two = engine.run(lone)
    await eventOf(two, ({ type }) => type === 'run-started')
    replace('slow', () => 6)
    gate.reject(new Error('no'))
    expect(statusesOf(await one.result)).toEqual({ slow: 'failed' })
    expect(statusesOf(await two.result)).toEqual({ slow: 'succeeded' })
  })

  test('engines on two directories do not share anything', async () => {
    const [one, two] = [await engineOn(temporaryDir()), await engineOn(temporaryDir())]
    const runs = [one.run(fan), two.run(fan)]
    for (const run of runs) {
      expect(new Set(Object.values(statusesOf(await run.result)))).toEqual(new Set(['succeeded']))
    }
    expect(takeCalls().length).toBe(10)
  })

  test('close waits for the runs under way', async () => {
    const engine = await engineOn(temporaryDir())
    const gate = Promise.withResolvers<number>()
    replace('slow', () => gate.promise)
    const run = engine.run(lone)
    await eventOf(run, started('slow'))
    const order: string[] = []
    void run.result.then(() => order.push('run'))
    const closed = engine.close().then(() => order.push('close'))
    gate.resolve(1)
    await closed
    expect(order).toEqual(['run', 'close'])
  })
})

describe('the list of runs', () => {
  test('latest first, also within a second', async () => {
    const engine = await engineOn(temporaryDir())
    const ids: string[] = []
    for (let index = 0; index < 12; index += 1) ids.unshift((await engine.run(lone).result).id)
    expect(await engine.runIds()).toEqual(ids)
  })
  test('an unknown run', async () => {
    const engine = await engineOn(temporaryDir())
    for (const id of ['', '..', '../..', '20200101-000000-000000']) {
      await expect(engine.runRecord(id)).rejects.toMatchObject({ code: 'STEPWELL_RUN_UNKNOWN' })
    }
  })
})

describe('the plan says what a run then does', () => {
  test('new, cached, changed and forced', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'words.txt': 'one two' })
    const engine = await engineOn(dir)
    const decisions = async (force: readonly string[] = []) =>
      Object.fromEntries(
        (await engine.plan(words, { force })).steps.map(({ name, decision }) => [name, decision]),
      )
    expect(await decisions()).toEqual({ read: 'run', count: 'run', report: 'run', longest: 'run' })
    await engine.run(words).result
    const cached = { read: 'cached', count: 'cached', report: 'cached', longest: 'cached' }
    expect(await decisions()).toEqual(cached)
    expect(await decisions(['longest'])).toEqual({ ...cached, longest: 'run' })
    writeFiles(dir, { 'words.txt': 'one two three' })
    expect(await decisions()).toEqual({
      read: 'run',
      count: 'depends',
      report: 'depends',
      longest: 'depends',
    })
    takeCalls()
    expect(takeCalls()).toEqual([])
  })
})
