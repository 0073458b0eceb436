import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  schedule,
  type Executed,
  type Scheduled,
  type Settled,
  type Work,
} from '../src/run/schedule.ts'
import { acyclicGraphs, ancestry, nameOf, type Graph } from './support/graph.ts'

const PLAIN = { demand: {}, priority: 0 }
const OPEN = { capacity: {}, keepGoing: false }

type End = 'done' | 'failed' | 'skipped' | 'cancelled'

/** The units of a graph, in an order in which each comes after what it waits for. */
function unitsOf(graph: Graph): Scheduled[] {
  const upstream = new Map(graph.map((reads, index) => [nameOf(index), reads.map(nameOf)]))
  const ordered: string[] = []
  while (ordered.length < graph.length) {
    for (const [name, reads] of upstream) {
      if (!ordered.includes(name) && reads.every((r) => ordered.includes(r))) ordered.push(name)
    }
  }
  return ordered.map((name) => ({
    name,
    ...PLAIN,
    upstream: upstream.get(name) ?? [],
    downstream: [...upstream].filter(([, reads]) => reads.includes(name)).map(([other]) => other),
  }))
}

function chain(length: number): Scheduled[] {
  return Array.from({ length }, (_, index) => ({
    name: nameOf(index),
    ...PLAIN,
    upstream: index === 0 ? [] : [nameOf(index - 1)],
    downstream: index === length - 1 ? [] : [nameOf(index + 1)],
  }))
}

/** Work that keeps track of what is asked of it, and checks what must hold at any moment. */
class Recorder implements Work {
  readonly ends = new Map<string, End>()
  readonly blockers = new Map<string, readonly string[]>()
  readonly causes = new Map<string, string | undefined>()
  readonly executed: string[] = []
  executing = 0
  most = 0
  readonly #units: ReadonlyMap<string, Scheduled>
  readonly #settle: (name: string) => Settled | Promise<Settled>
  readonly #execute: (name: string) => Executed | Promise<Executed>

  constructor(
    units: readonly Scheduled[],
    settle: (name: string) => Settled | Promise<Settled>,
    execute: (name: string) => Executed | Promise<Executed>,
  ) {
    this.#units = new Map(units.map((unit) => [unit.name, unit]))
    this.#settle = settle
    this.#execute = execute
  }

  async settle(name: string): Promise<Settled> {
    for (const read of this.#units.get(name)?.upstream ?? [])
      expect(this.ends.get(read)).toBe('done')
    const settled = await this.#settle(name)
    if (settled !== 'execute') this.end(name, settled)
    return settled
  }

  async execute(name: string): Promise<Executed> {
    this.executed.push(name)
    this.executing += 1
    this.most = Math.max(this.most, this.executing)
    try {
      const executed = await this.#execute(name)
      if (typeof executed === 'string') this.end(name, executed)
      return executed
    } finally {
      this.executing -= 1
    }
  }

  executePart(): Promise<void> {
    throw new TypeError('no parts')
  }

  gather(): Promise<End> {
    throw new TypeError('no parts')
  }

  skip(name: string, blockers: readonly string[]): void {
    this.blockers.set(name, blockers)
    this.end(name, 'skipped')
  }

  cancel(name: string, failed: string | undefined): void {
    this.causes.set(name, failed)
    this.end(name, 'cancelled')
  }

  end(name: string, how: End): void {
    expect(this.ends.has(name), `${name} ends once`).toBe(false)
    this.ends.set(name, how)
  }
}

const never = new AbortController().signal

const plans = acyclicGraphs(12).chain((graph) =>
  fc.record({
    graph: fc.constant(graph),
    settle: array<Settled>(graph, 'done', 'execute', 'execute', 'execute', 'failed'),
    execute: array<Executed>(graph, 'done', 'done', 'done', 'failed'),
    concurrency: fc.integer({ min: 1, max: 4 }),
    // How many acts come before the abort.
    abortAfter: fc.option(fc.nat(30), { nil: undefined }),
  }),
)

function array<T>(graph: Graph, ...from: T[]): fc.Arbitrary<T[]> {
  return fc.array(fc.constantFrom(...from), { minLength: graph.length, maxLength: graph.length })
}

describe('random graphs', () => {
  test('each unit ends once, in order, and the ends agree with each other', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.scheduler(), async (plan, s) => {
        const { graph, concurrency, abortAfter } = plan
        const units = unitsOf(graph)
        const abort = new AbortController()
        let acts = 0
        const act = async <T>(what: T): Promise<T> => {
          acts += 1
          if (acts === abortAfter) abort.abort()
          await s.schedule(Promise.resolve())
          return what
        }
        const at = <T>(list: readonly T[], name: string): T => list[Number(name.slice(1))] as T
        let abortedAtStart = false
        const recorder = new Recorder(
          units,
          async (name) => {
            expect(abort.signal.aborted && abortAfter !== acts).toBe(false)
            return await act(at(plan.settle, name))
          },
          async (name) => {
            abortedAtStart ||= abort.signal.aborted
            return await act(at(plan.execute, name))
          },
        )
        const done = schedule(units, { ...OPEN, concurrency, signal: abort.signal }, recorder)
        await s.waitFor(done)
        const { ends } = recorder
        expect(abortedAtStart).toBe(false)
        expect(recorder.most).toBeLessThanOrEqual(concurrency)
        expect(recorder.executing).toBe(0)
        expect([...ends.keys()].toSorted()).toEqual(units.map(({ name }) => name).toSorted())
        const failed = new Set([...ends].filter(([, how]) => how === 'failed').map(([n]) => n))
        for (const { name, upstream } of units) {
          const before = upstream.map((read) => ends.get(read))
          const end = ends.get(name)
          if (end === 'done' || end === 'failed') {
            expect(before.every((how) => how === 'done')).toBe(true)
          }
          if (before.some((how) => how === 'failed' || how === 'skipped'))
            expect(end).toBe('skipped')
          if (end === 'skipped') {
            const blockers = recorder.blockers.get(name) ?? []
            const above = ancestry(graph, [Number(name.slice(1))])
            const due = [...above].map(nameOf).filter((n) => n !== name && failed.has(n))
            expect([...blockers].toSorted()).toEqual(due.toSorted())
          }
          if (end === 'cancelled') {
            const cause = recorder.causes.get(name)
            if (cause === undefined) expect(abort.signal.aborted).toBe(true)
            else expect(failed).toContain(cause)
          }
        }
        if (failed.size === 0 && abortAfter === undefined) {
          expect([...ends.values()].every((how) => how === 'done')).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('after a failure nothing new is executed, and what runs ends', async () => {
    const units = unitsOf([[], [], [], []])
    const gate = Promise.withResolvers<Executed>()
    const recorder = new Recorder(
      units,
      () => 'execute',
      async (name) => (name === 's0' ? 'failed' : await gate.promise),
    )
    recorder.end = function end(this: Recorder, name, how) {
      Recorder.prototype.end.call(this, name, how)
      if (name === 's2' || name === 's3') gate.resolve('done')
    }
    await schedule(units, { ...OPEN, concurrency: 2, signal: never }, recorder)
    expect(recorder.executed).toEqual(['s0', 's1'])
    expect(Object.fromEntries(recorder.ends)).toEqual({
      s0: 'failed',
      s1: 'done',
      s2: 'cancelled',
      s3: 'cancelled',
    })
    expect(recorder.causes.get('s2')).toBe('s0')
  })
})

type Part = 'ends' | 'waits'

/** How a unit of a random plan behaves. */
interface Behaviour {
  readonly settled: Settled
  /** What its executions give, one after the other; the last one is its end. */
  readonly again: readonly number[]
  readonly parts: readonly Part[] | undefined
  readonly end: End
  readonly demand: Record<string, number>
  readonly priority: number
}

interface World {
  readonly graph: Graph
  readonly behaviours: readonly Behaviour[]
  readonly capacity: Readonly<Record<string, number>>
  readonly concurrency: number
  readonly keepGoing: boolean
  readonly abortAfter: number | undefined
  readonly throwAfter: number | undefined
}

const ends = fc.oneof(
  { weight: 8, arbitrary: fc.constant<End>('done') },
  { weight: 1, arbitrary: fc.constantFrom<End>('failed', 'skipped') },
)

function behaviours(capacity: Record<string, number>): fc.Arbitrary<Behaviour> {
  const share = (name: string) =>
    fc.constantFrom(0, 0.1, 0.3, 0.5, 1).map((part) => part * (capacity[name] ?? 0))
  return fc.record({
    settled: fc.oneof(
      { weight: 6, arbitrary: fc.constant<Settled>('execute') },
      { weight: 1, arbitrary: fc.constantFrom<Settled>('done', 'failed', 'skipped') },
    ),
    again: fc.oneof(
      { weight: 3, arbitrary: fc.constant<number[]>([]) },
      { weight: 1, arbitrary: fc.array(fc.nat(2), { maxLength: 3 }) },
    ),
    parts: fc.option(fc.array(fc.constantFrom<Part>('ends', 'waits'), { maxLength: 5 }), {
      nil: undefined,
      freq: 2,
    }),
    end: ends,
    demand: fc.record({ x: share('x'), y: share('y') }, { requiredKeys: [] }),
    priority: fc.nat(3),
  })
}

const worlds: fc.Arbitrary<World> = fc
  .record({
    graph: acyclicGraphs(12),
    capacity: fc.record({ x: fc.constantFrom(0.7, 1, 3, 1e12), y: fc.constantFrom(1, 2.5) }),
  })
  .chain(({ graph, capacity }) =>
    fc.record({
      graph: fc.constant(graph),
      capacity: fc.constant(capacity),
      behaviours: fc.array(behaviours(capacity), {
        minLength: graph.length,
        maxLength: graph.length,
      }),
      concurrency: fc.integer({ min: 1, max: 4 }),
      keepGoing: fc.boolean(),
      abortAfter: fc.option(fc.nat(40), { nil: undefined, freq: 2 }),
      throwAfter: fc.option(fc.nat(40), { nil: undefined, freq: 1 }),
    }),
  )

/** The ends when nothing is stopped: they follow from the graph alone. */
function endsOf(units: readonly Scheduled[], of: (name: string) => Behaviour): Map<string, End> {
  const all = new Map<string, End>()
  for (const { name, upstream } of units) {
    const { settled, end } = of(name)
    if (upstream.some((read) => all.get(read) !== 'done')) all.set(name, 'skipped')
    else all.set(name, settled === 'execute' ? end : settled)
  }
  return all
}

/** Work of a random world, which checks at any moment that no limit is passed. */
class Worker implements Work {
  readonly ends = new Map<string, End>()
  readonly blockers = new Map<string, readonly string[]>()
  readonly causes = new Map<string, string | undefined>()
  readonly abort = new AbortController()
  readonly thrown = new Error('disk full')
  hasThrown = false
  /** What began although nothing was to begin any more. */
  readonly late: string[] = []
  readonly running: Scheduled[] = []
  readonly #world: World
  readonly #units: ReadonlyMap<string, Scheduled>
  readonly #turn: () => Promise<void>
  readonly #attempts = new Map<string, number>()
  readonly #partsLeft = new Map<string, number>()
  #acts = 0

  constructor(world: World, units: readonly Scheduled[], turn: () => Promise<void>) {
    this.#world = world
    this.#units = new Map(units.map((unit) => [unit.name, unit]))
    this.#turn = turn
  }

  get #stopped(): boolean {
    const failed = [...this.ends.values()].includes('failed') && !this.#world.keepGoing
    return this.abort.signal.aborted || this.hasThrown || failed
  }

  async #act(): Promise<void> {
    await this.#turn()
    this.#acts += 1
    if (this.#acts === this.#world.abortAfter) this.abort.abort()
    if (this.#acts !== this.#world.throwAfter) return
    this.hasThrown = true
    throw this.thrown
  }

  async settle(name: string): Promise<Settled> {
    const { upstream } = this.#unit(name)
    expect(upstream.every((read) => this.ends.get(read) === 'done')).toBe(true)
    if (this.abort.signal.aborted || this.hasThrown) this.late.push(`settle ${name}`)
    await this.#act()
    const { settled } = this.of(name)
    if (settled !== 'execute') this.#end(name, settled)
    return settled
  }

  async execute(name: string): Promise<Executed> {
    return await this.#run(name, `execute ${name}`, () => {
      const { again, parts, end } = this.of(name)
      const attempt = this.#attempts.get(name) ?? 0
      this.#attempts.set(name, attempt + 1)
      const pause = again[attempt]
      if (pause !== undefined) return { again: pause }
      if (parts !== undefined) {
        this.#partsLeft.set(name, 0)
        return { parts: parts.length }
      }
      this.#end(name, end)
      return end
    })
  }

  async executePart(name: string, part: number): Promise<void> {
    const { parts = [] } = this.of(name)
    await this.#run(name, `part ${part} of ${name}`, () => undefined)
    // Some take longer than others.
    if (parts[part] === 'waits') await Promise.resolve()
    this.#partsLeft.set(name, (this.#partsLeft.get(name) ?? 0) + 1)
  }

  async gather(name: string): Promise<End> {
    const { parts = [], end } = this.of(name)
    await this.#turn()
    expect(this.running.map((unit) => unit.name)).not.toContain(name)
    const isWhole = this.#partsLeft.get(name) === parts.length
    if (!isWhole) expect(this.#stopped).toBe(true)
    const ended = isWhole ? end : 'cancelled'
    this.#end(name, ended)
    return ended
  }

  skip(name: string, blockers: readonly string[]): void {
    this.blockers.set(name, blockers)
    this.#end(name, 'skipped')
  }

  cancel(name: string, failed: string | undefined): void {
    this.causes.set(name, failed)
    this.#end(name, 'cancelled')
  }

  async #run<T>(name: string, what: string, result: () => T): Promise<T> {
    const unit = this.#unit(name)
    if (this.#stopped) this.late.push(what)
    this.running.push(unit)
    const { capacity, concurrency } = this.#world
    expect(this.running.length).toBeLessThanOrEqual(concurrency)
    for (const [resource, most] of Object.entries(capacity)) {
      const used = this.running.reduce((sum, { demand }) => sum + (demand[resource] ?? 0), 0)
      expect(used).toBeLessThanOrEqual(most * (1 + 1e-6))
    }
    try {
      await this.#act()
      return result()
    } finally {
      this.running.splice(this.running.indexOf(unit), 1)
    }
  }

  of(name: string): Behaviour {
    return this.#world.behaviours[Number(name.slice(1))] as Behaviour
  }

  #unit(name: string): Scheduled {
    return this.#units.get(name) as Scheduled
  }

  #end(name: string, how: End): void {
    expect(this.ends.has(name), `${name} ends once`).toBe(false)
    this.ends.set(name, how)
  }
}

describe('random worlds', () => {
  test('of retries, parts, demands, failures and stops keep to all laws', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, fc.scheduler(), async (world, s) => {
        const { graph, capacity, concurrency, keepGoing } = world
        const of = (name: string) => world.behaviours[Number(name.slice(1))] as Behaviour
        const units = unitsOf(graph).map((unit) => {
          const { demand, priority } = of(unit.name)
          return { ...unit, demand, priority }
        })
        const work = new Worker(world, units, async () => await s.schedule(Promise.resolve()))
        const { signal } = work.abort
        const done = schedule(units, { concurrency, capacity, keepGoing, signal }, work)
        const error: unknown = await s.waitFor(
          done.then(
            () => undefined,
            (reason: unknown) => reason,
          ),
        )
        expect(error).toBe(work.hasThrown ? work.thrown : undefined)
        expect(work.late).toEqual([])
        expect(work.running).toEqual([])
        if (work.hasThrown) return
        const undisturbed = endsOf(units, of)
        const failed = [...work.ends].filter(([, how]) => how === 'failed').map(([name]) => name)
        const isStopped = signal.aborted || (failed.length > 0 && !keepGoing)
        if (!isStopped) expect(work.ends).toEqual(undisturbed)
        expect(work.ends.size).toBe(units.length)
        for (const { name, upstream } of units) {
          const end = work.ends.get(name)
          const above = [...ancestry(graph, [Number(name.slice(1))])].map(nameOf)
          const roots = above.filter((other) => {
            const how = work.ends.get(other)
            return how === 'failed' || (how === 'skipped' && !work.blockers.has(other))
          })
          const blockers = roots.filter((other) => other !== name)
          expect([...(work.blockers.get(name) ?? [])].toSorted()).toEqual(blockers.toSorted())
          if (end === 'cancelled') {
            expect(isStopped).toBe(true)
            const cause = work.causes.get(name)
            if (cause !== undefined) expect(failed).toContain(cause)
          } else {
            expect(end).toBe(undisturbed.get(name))
            if (end === 'skipped') continue
            expect(upstream.every((read) => work.ends.get(read) === 'done')).toBe(true)
          }
        }
      }),
      { numRuns: 600 },
    )
  })
})

describe('again', () => {
  const again = (name: string, capacity = {}): Scheduled => ({
    name,
    upstream: [],
    downstream: [],
    demand: capacity,
    priority: 0,
  })

  test('a pause takes up no room', async () => {
    const paused = Promise.withResolvers<void>()
    const abort = new AbortController()
    const work = new Recorder(
      [again('s0', { x: 1 }), again('s1', { x: 1 })],
      () => 'execute',
      async (name) => {
        if (name === 's1') {
          paused.resolve()
          return 'done'
        }
        // As long as a timer can be, and longer.
        return await Promise.resolve({ again: 1e12 })
      },
    )
    const units = [again('s0', { x: 1 }), again('s1', { x: 1 })]
    const options = { capacity: { x: 1 }, keepGoing: false, concurrency: 1, signal: abort.signal }
    const done = schedule(units, options, work)
    await paused.promise
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(work.executed).toEqual(['s0', 's1'])
    abort.abort()
    await done
    expect(Object.fromEntries(work.ends)).toEqual({ s0: 'cancelled', s1: 'done' })
  })

  test('a pause ends with a failure elsewhere, and with what is thrown', async () => {
    for (const how of ['failed', 'throws'] as const) {
      const units = [again('s0'), again('s1')]
      const work = new Recorder(
        units,
        () => 'execute',
        async (name) => {
          await Promise.resolve()
          if (name === 's0') return { again: 1e9 }
          if (how === 'throws') throw new Error('disk full')
          return 'failed'
        },
      )
      const done = schedule(units, { ...OPEN, concurrency: 1, signal: never }, work)
      const error: unknown = await done.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(error).toEqual(how === 'throws' ? new Error('disk full') : undefined)
      expect(work.executed).toEqual(['s0', 's1'])
      expect(work.ends.get('s0')).toBe('cancelled')
    }
  })

  test('of 20,000 at once', async () => {
    const units = Array.from({ length: 20_000 }, (_, index) => again(nameOf(index)))
    const seen = new Set<string>()
    const work = new Recorder(
      units,
      () => 'execute',
      (name) => {
        if (seen.has(name)) return 'done'
        seen.add(name)
        return { again: 1 }
      },
    )
    await schedule(units, { ...OPEN, concurrency: 100, signal: never }, work)
    expect(work.executed.length).toBe(40_000)
  })
})

test('what needs all there is gets its turn in a long stream of small units', async () => {
  const small = Array.from({ length: 1000 }, (_, index) => nameOf(index + 1))
  const unit = (name: string, x: number): Scheduled => ({
    name,
    upstream: [],
    downstream: [],
    demand: { x },
    priority: 0,
  })
  const units = [...small.slice(0, 3), 's0', ...small.slice(3)].map((name) =>
    unit(name, name === 's0' ? 3 : 1),
  )
  const work = new Recorder(
    units,
    () => 'execute',
    async (name): Promise<Executed> => {
      // Of different lengths, so that they never all end at once.
      const turns = (Number(name.slice(1)) % 3) + 1
      for (let turn = 0; turn < turns; turn += 1)
        await new Promise((resolve) => setImmediate(resolve))
      return 'done'
    },
  )
  const options = { capacity: { x: 3 }, keepGoing: false, concurrency: 3, signal: never }
  await schedule(units, options, work)
  expect(work.executed.indexOf('s0')).toBeLessThanOrEqual(3 + 16)
})

test('of what is ready at once, what is to be executed first is settled first', async () => {
  const units = [2, 1, 3].map((priority, index) => ({
    ...PLAIN,
    name: nameOf(index),
    upstream: [],
    downstream: [],
    priority,
  }))
  const work = new Recorder(
    units,
    () => 'execute',
    () => 'done',
  )
  await schedule(units, { ...OPEN, concurrency: 1, signal: never }, work)
  expect(work.executed).toEqual(['s2', 's0', 's1'])
})

test('a fan of 100,000, of which each is executed', async () => {
  const names = Array.from({ length: 100_000 }, (_, index) => nameOf(index + 1))
  const units: Scheduled[] = [
    { name: 's0', ...PLAIN, upstream: [], downstream: names },
    ...names.map((name) => ({ name, ...PLAIN, upstream: ['s0'], downstream: [] })),
  ]
  const work = new Recorder(
    units,
    () => 'execute',
    () => 'done',
  )
  await schedule(units, { ...OPEN, concurrency: 4, signal: never }, work)
  expect(work.executed.length).toBe(100_001)
})

describe('long chains', () => {
  test('10,000 settled', async () => {
    const units = chain(10_000)
    const recorder = new Recorder(
      units,
      () => 'done',
      () => 'done',
    )
    await schedule(units, { ...OPEN, concurrency: 1, signal: never }, recorder)
    expect(recorder.ends.get('s9999')).toBe('done')
  })
  test('10,000 executed', async () => {
    const units = chain(10_000)
    const recorder = new Recorder(
      units,
      () => 'execute',
      () => 'done',
    )
    await schedule(units, { ...OPEN, concurrency: 1, signal: never }, recorder)
    expect(recorder.executed.length).toBe(10_000)
  })
  test('100,000 skipped behind a failure', async () => {
    const units = chain(100_000)
    const recorder = new Recorder(
      units,
      () => 'failed',
      () => 'done',
    )
    await schedule(units, { ...OPEN, concurrency: 1, signal: never }, recorder)
    expect(recorder.ends.get('s99999')).toBe('skipped')
    expect(recorder.blockers.get('s99999')).toEqual(['s0'])
  })
  test('100,000 cancelled', async () => {
    const units = chain(100_000)
    const recorder = new Recorder(
      units,
      () => 'done',
      () => 'done',
    )
    await schedule(units, { ...OPEN, concurrency: 1, signal: AbortSignal.abort() }, recorder)
    expect(recorder.ends.get('s99999')).toBe('cancelled')
  })
})

test('what needs no execution does not wait for the queue', async () => {
  const [slow, ...rest] = unitsOf([[], [], [1], [2]])
  const units = [slow as Scheduled, ...rest]
  const gate = Promise.withResolvers<Executed>()
  const settled = Promise.withResolvers<void>()
  const recorder = new Recorder(
    units,
    (name) => (name === 's0' ? 'execute' : 'done'),
    async () => await gate.promise,
  )
  recorder.end = function end(this: Recorder, name, how) {
    Recorder.prototype.end.call(this, name, how)
    if (name === 's3') settled.resolve()
  }
  const done = schedule(units, { ...OPEN, concurrency: 1, signal: never }, recorder)
  await settled.promise
  expect(recorder.ends.has('s0')).toBe(false)
  gate.resolve('done')
  await done
  expect(recorder.ends.get('s0')).toBe('done')
})

describe('work that throws', () => {
  test('the error comes out once what runs has ended, and nothing new begins', async () => {
    const units = unitsOf([[], [], [1], []])
    const gate = Promise.withResolvers<Executed>()
    const thrown = new Error('disk full')
    const started = Promise.withResolvers<void>()
    const recorder = new Recorder(
      units,
      () => 'execute',
      async (name) => {
        if (name === 's1') {
          started.resolve()
          return await gate.promise
        }
        await started.promise
        throw thrown
      },
    )
    let over = false
    const done = schedule(units, { ...OPEN, concurrency: 2, signal: never }, recorder).finally(
      () => {
        over = true
      },
    )
    done.catch(() => undefined)
    await started.promise
    await new Promise((resolve) => setImmediate(resolve))
    expect(over).toBe(false)
    gate.resolve('done')
    await expect(done).rejects.toBe(thrown)
    expect(recorder.executed).toEqual(['s0', 's1'])
    expect(recorder.ends.get('s2')).not.toBe('done')
  })
  test('in settle, skip or cancel', async () => {
    const thrown = new Error('disk full')
    const fail = () => {
      throw thrown
    }
    const units = chain(3)
    const options = { ...OPEN, concurrency: 1, signal: never }
    const settling = new Recorder(units, fail, () => 'done')
    await expect(schedule(units, options, settling)).rejects.toBe(thrown)
    const skipping = new Recorder(
      units,
      () => 'failed',
      () => 'done',
    )
    skipping.skip = fail
    await expect(schedule(units, options, skipping)).rejects.toBe(thrown)
    const cancelling = new Recorder(
      units,
      () => 'done',
      () => 'done',
    )
    cancelling.cancel = fail
    const aborted = { ...OPEN, concurrency: 1, signal: AbortSignal.abort() }
    await expect(schedule(units, aborted, cancelling)).rejects.toBe(thrown)
  })
})

test('no units at all', async () => {
  await schedule(
    [],
    { ...OPEN, concurrency: 1, signal: never },
    new Recorder(
      [],
      () => 'done',
      () => 'done',
    ),
  )
})
