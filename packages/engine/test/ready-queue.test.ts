import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Stock, type Demand } from '../src/define/demand.ts'
import { ReadyQueue } from '../src/run/ready-queue.ts'

// As many may go before one that does not fit.
const PATIENCE = 16
const CAPACITY = { x: 4, y: 4 }

const demands = fc.record(
  { x: fc.constantFrom(0, 0.5, 1, 4), y: fc.constantFrom(0, 0.5, 1, 4) },
  { requiredKeys: [] },
)

interface Entry {
  readonly id: number
  readonly demand: { readonly x?: number; readonly y?: number }
  readonly priority: number
  passed: number
}

/** What the queue does, told at length. */
class Model {
  readonly #waiting: Entry[] = []
  readonly free: Record<string, number> = { ...CAPACITY }

  add(entry: Entry): void {
    this.#waiting.push(entry)
  }

  take(): Entry | undefined {
    const sorted = this.#waiting.toSorted((a, b) => b.priority - a.priority || a.id - b.id)
    const seen = new Set<string>()
    const heads = sorted.filter(({ demand }) => {
      const key = JSON.stringify([demand.x ?? null, demand.y ?? null])
      return !seen.has(key) && seen.add(key)
    })
    const kept = new Set<string>()
    const before: Entry[] = []
    for (const head of heads) {
      const takes = Object.entries(head.demand).filter(([, amount]) => amount > 0)
      const fits = takes.every(([name, amount]) => amount <= (this.free[name] ?? 0))
      if (fits && !takes.some(([name]) => kept.has(name))) {
        for (const each of before) each.passed += 1
        this.#waiting.splice(this.#waiting.indexOf(head), 1)
        for (const [name, amount] of takes) this.free[name] = (this.free[name] ?? 0) - amount
        return head
      }
      before.push(head)
      if (head.passed >= PATIENCE) for (const [name] of takes) kept.add(name)
    }
    return undefined
  }

  giveBack(demand: Demand): void {
    for (const [name, amount] of Object.entries(demand))
      this.free[name] = (this.free[name] ?? 0) + amount
  }
}

describe('what is ready', () => {
  const acts = fc.array(
    fc.oneof(
      fc.record({ act: fc.constant('add' as const), demand: demands, priority: fc.nat(3) }),
      fc.record({ act: fc.constant('take' as const) }),
      fc.record({ act: fc.constant('end' as const), which: fc.nat() }),
    ),
    { maxLength: 120 },
  )

  test('is taken in the order that a plain list gives', () => {
    fc.assert(
      fc.property(acts, (list) => {
        const stock = new Stock(CAPACITY)
        const queue = new ReadyQueue<Entry>(stock)
        const model = new Model()
        const running: Entry[] = []
        for (const [id, each] of list.entries()) {
          if (each.act === 'add') {
            const entry = { id, demand: each.demand, priority: each.priority, passed: 0 }
            model.add(entry)
            queue.add({ run: entry, ...entry })
          } else if (each.act === 'take') {
            const expected = model.take()
            expect(queue.hasNext).toBe(expected !== undefined)
            expect(queue.take()?.id).toBe(expected?.id)
            if (expected !== undefined) running.push(expected)
          } else {
            const [ended] = running.splice(each.which % Math.max(1, running.length), 1)
            if (ended === undefined) continue
            stock.giveBack(ended.demand)
            model.giveBack(ended.demand)
          }
          for (const name of ['x', 'y'] as const) {
            const used = running.reduce((sum, { demand }) => sum + (demand[name] ?? 0), 0)
            expect(used).toBeLessThanOrEqual(CAPACITY[name])
          }
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('is taken after a bounded number of others, whatever it needs', () => {
    const streams = fc.array(fc.record({ demand: demands, end: fc.nat(), ends: fc.nat(2) }), {
      minLength: 200,
      maxLength: 200,
    })
    fc.assert(
      fc.property(streams, (stream) => {
        const stock = new Stock(CAPACITY)
        const queue = new ReadyQueue<string | Demand>(stock)
        const running: Demand[] = []
        const take = (): string | Demand | undefined => {
          const run = queue.take()
          if (typeof run === 'object') running.push(run)
          return run
        }
        queue.add({ run: { x: 1 }, demand: { x: 1 }, priority: 0 })
        queue.add({ run: { y: 1 }, demand: { y: 1 }, priority: 0 })
        take()
        take()
        queue.add({ run: 'all', demand: CAPACITY, priority: 0 })
        let others = 0
        for (const { demand, end, ends } of stream) {
          const isAll = demand.x === 4 && demand.y === 4
          if (!isAll) queue.add({ run: demand, demand, priority: 0 })
          for (let left = ends; left > 0 && running.length > 0; left -= 1) {
            const [ended] = running.splice(end % running.length, 1)
            if (ended !== undefined) stock.giveBack(ended)
          }
          const run = take()
          if (run === 'all') return
          if (typeof run === 'object' && Object.values(run).some((amount) => amount > 0))
            others += 1
          expect(others).toBeLessThanOrEqual(PATIENCE)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('is not passed by two kinds of others in turns', () => {
    const stock = new Stock({ x: 1, y: 1 })
    const queue = new ReadyQueue<string>(stock)
    const [x, y] = [{ x: 1 }, { y: 1 }]
    for (let left = 100; left > 0; left -= 1) {
      queue.add({ run: 'x', demand: x, priority: left === 100 ? 1 : 0 })
      queue.add({ run: 'y', demand: y, priority: 0 })
      if (left === 100) {
        expect(queue.take()).toBe('x')
        queue.add({ run: 'both', demand: { x: 1, y: 1 }, priority: 0.5 })
      }
    }
    // One of the two is always taken when the other one comes free.
    const taken: string[] = []
    let held = x as Demand
    for (;;) {
      const other = queue.take()
      stock.giveBack(held)
      if (other === undefined) {
        expect(queue.take()).toBe('both')
        break
      }
      taken.push(other)
      held = other === 'x' ? x : y
    }
    expect(taken.length).toBeLessThanOrEqual(PATIENCE)
  })

  test('of many kinds of demands is taken fast', () => {
    const stock = new Stock({ memory: 1e9 })
    const queue = new ReadyQueue<number>(stock)
    for (let index = 0; index < 50_000; index += 1) {
      const demand = { memory: index }
      queue.add({ run: index, demand, priority: 0 })
      expect(queue.take()).toBe(index)
      stock.giveBack(demand)
    }
  })
})

describe('a stock', () => {
  test('has all of a resource again once nobody has any, whatever was taken', () => {
    const amounts = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 20 })
    fc.assert(
      fc.property(amounts, fc.constantFrom(1, 3, 1e12, 1e15), (list, most) => {
        const stock = new Stock({ memory: most })
        const taken = list.map((memory) => ({ memory: Math.min(memory, most) / 20 }))
        for (const demand of taken) stock.take(demand)
        for (const demand of taken) stock.giveBack(demand)
        expect(stock.lacking({ memory: most })).toEqual([])
        stock.take({ memory: most })
        expect(stock.lacking({ memory: most / 1e6 })).toEqual(['memory'])
      }),
    )
  })
  test('has nothing of what it does not name', () => {
    const stock = new Stock({ cpu: 1 })
    expect(stock.lacking({ cpu: 1, gpu: 0 })).toEqual([])
    expect(stock.lacking({ gpu: 1, constructor: 1 })).toEqual(['gpu', 'constructor'])
  })
})
