import type { Demand, Stock } from '../define/demand.ts'

/** What waits to be started. */
export interface Ready<R> {
  readonly run: R
  readonly demand: Demand
  /** Higher ones first; of equals, the one that came first. */
  readonly priority: number
}

// So often others may go before one that is next but does not fit. Then room is kept for it.
const PATIENCE = 16

interface Entry<R> extends Ready<R> {
  readonly order: number
  passed: number
}

/**
 * Entries that are ready and wait for their turn and for resources. An entry that fits may overtake one that
 * does not, but only a limited number of times, so that none starves. Entries of equal demand share a heap,
 * so that a long queue of equals costs no more than a short one.
 */
export class ReadyQueue<R> {
  readonly #stock: Stock
  readonly #heaps = new Map<string, Heap<R>>()
  #orders = 0

  constructor(stock: Stock) {
    this.#stock = stock
  }

  add({ run, demand, priority }: Ready<R>): void {
    const alike = keyOf(demand)
    const heap = this.#heaps.get(alike) ?? new Heap<R>()
    this.#heaps.set(alike, heap)
    this.#orders += 1
    heap.push({ run, demand, priority, order: this.#orders, passed: 0 })
  }

  /** Whether there is one that can be started now. */
  get hasNext(): boolean {
    return this.#next() !== undefined
  }

  /** Takes the next one that can be started, with its resources, out of the queue. */
  take(): R | undefined {
    const next = this.#next()
    if (next === undefined) return undefined
    const { heap, first, before } = next
    heap.pop()
    if (heap.first === undefined) this.#heaps.delete(keyOf(first.demand))
    for (const passed of before) passed.passed += 1
    this.#stock.take(first.demand)
    return first.run
  }

  #next(): { heap: Heap<R>; first: Entry<R>; before: Entry<R>[] } | undefined {
    const heads: { readonly heap: Heap<R>; readonly first: Entry<R> }[] = []
    for (const heap of this.#heaps.values()) {
      const { first } = heap
      if (first !== undefined) heads.push({ heap, first })
    }
    if (heads.length > 1) heads.sort((a, b) => (isBefore(a.first, b.first) ? -1 : 1))
    const kept = new Set<string>()
    const before: Entry<R>[] = []
    for (const { heap, first } of heads) {
      const lacking = this.#stock.lacking(first.demand)
      const names = Object.keys(first.demand).filter((name) => (first.demand[name] ?? 0) > 0)
      if (lacking.length === 0 && !names.some((name) => kept.has(name))) {
        return { heap, first, before }
      }
      before.push(first)
      // All that it takes, not only what it lacks: else others may take in turns what it does not lack.
      if (first.passed >= PATIENCE) for (const name of names) kept.add(name)
    }
    return undefined
  }
}

const KEYS = new WeakMap<Demand, string>()

/** The same for equal demands. */
function keyOf(demand: Demand): string {
  const known = KEYS.get(demand)
  if (known !== undefined) return known
  const names = Object.keys(demand).toSorted((a, b) => (a < b ? -1 : 1))
  const key = JSON.stringify(names.map((name) => [name, demand[name]]))
  KEYS.set(demand, key)
  return key
}

function isBefore(one: Entry<unknown>, other: Entry<unknown>): boolean {
  return one.priority === other.priority ? one.order < other.order : one.priority > other.priority
}

/** A binary heap: the first one is the one before all others. */
class Heap<R> {
  readonly #entries: Entry<R>[] = []

  get first(): Entry<R> | undefined {
    return this.#entries[0]
  }

  push(entry: Entry<R>): void {
    const entries = this.#entries
    let at = entries.push(entry) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = entries[above]
      if (parent === undefined || isBefore(parent, entry)) break
      entries[at] = parent
      entries[above] = entry
      at = above
    }
  }

  pop(): void {
    const entries = this.#entries
    const last = entries.pop()
    if (last === undefined || entries.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      const [left, right] = [entries[below], entries[below + 1]]
      if (left === undefined) break
      if (right !== undefined && isBefore(right, left)) below += 1
      const child = entries[below]
      if (child === undefined || isBefore(last, child)) break
      entries[at] = child
      at = below
    }
    entries[at] = last
  }
}
