import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  schedule,
  type Executed,
  type Scheduled,
  type Settled,
  type Work,
} from '../src/schedule.ts'
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
