import { MOST_TIMER } from '@stepwell/base/delay'
import PQueue, { type Queue, type QueueAddOptions } from 'p-queue'
import { Stock, type Demand } from '../define/demand.ts'
import { ReadyQueue } from './ready-queue.ts'

/** A unit of a schedule, in an order in which each comes after what it waits for. */
export interface Scheduled {
  readonly name: string
  readonly upstream: readonly string[]
  readonly downstream: readonly string[]
  /** What its execution takes of each resource; never more than there is. */
  readonly demand: Demand
  /** Of what is ready, higher ones are executed first. */
  readonly priority: number
}

/** What the scheduler calls to do the work. The scheduler knows when; the work knows whether and how. */
export interface Work {
  /** Everything upstream is done. Settles what needs no execution; runs outside of the queue. */
  settle(name: string): Promise<Settled>
  /** Executes; runs in the queue. */
  execute(name: string): Promise<Executed>
  /** Executes one of the parts that `execute` gave; runs in the queue. Its failure is the unit's to tell. */
  executePart(name: string, part: number): Promise<void>
  /** All parts that were begun have ended. Runs outside of the queue. */
  gather(name: string): Promise<Ending>
  /** Something that it needs failed, or was left out: `blockers` are those units, not those in between. */
  skip(name: string, blockers: readonly string[]): void
  /** The run ended before it was started: `failed` is the unit whose failure ended it, if one did. */
  cancel(name: string, failed: string | undefined): void
}

export type Ending = 'done' | 'failed' | 'skipped' | 'cancelled'
export type Settled = Ending | 'execute'
export type Executed =
  | Ending
  /** It is to be executed once more, after a delay in milliseconds. */
  | { readonly again: number }
  /** It is to be executed once that has come, for which it takes no place. */
  | { readonly after: Promise<void> }
  /** It has so many parts, which take their turns as units do. */
  | { readonly parts: number }

export interface ScheduleOptions {
  /** How many are executed at once, from 1 up. */
  readonly concurrency: number
  /** How much there is of each resource. */
  readonly capacity: Demand
  /** Whether a failure stops only what needs the unit that failed. */
  readonly keepGoing: boolean
  /** Starts no more when it aborts; what runs is waited for. */
  readonly signal: AbortSignal
}

/**
 * Drives units to their end, each as soon as all that it waits for is done, executing at most
 * `concurrency` at once and never more than there is room for. After a failure, what is running ends and
 * nothing new is executed, unless `keepGoing`; what needs no execution is still settled. Each unit ends in
 * exactly one of: done, failed, skipped, cancelled.
 *
 * Resolves when every unit has ended. When the work throws, which a unit's failure does not, nothing
 * new begins and the error is thrown once all that was begun has ended.
 */
export async function schedule(
  units: readonly Scheduled[],
  { concurrency, capacity, keepGoing, signal }: ScheduleOptions,
  work: Work,
): Promise<void> {
  const stock = new Stock(capacity)
  const queue = new PQueue<Queue<Run, Turn>, Turn>({
    concurrency,
    queueClass: queueClassOf(stock),
  })
  const byName = new Map(units.map((unit) => [unit.name, unit]))
  const waitsFor = new Map(units.map(({ name, upstream }) => [name, upstream.length]))
  const blockers = new Map<string, Set<string>>()
  /** Units that wait for one that was cancelled. */
  const unreachable = new Set<string>()
  let failed: string | undefined
  let broken: { readonly error: unknown } | undefined
  let begun = 0
  const all = Promise.withResolvers<void>()
  /** Ends the pauses of units that are to be executed again; no signal, whose many listeners are slow. */
  const pauses = new Set<() => void>()

  if (units.length === 0) all.resolve()
  signal.addEventListener('abort', endPauses)
  begin(units.filter(({ upstream }) => upstream.length === 0))
  await all.promise
  signal.removeEventListener('abort', endPauses)
  if (broken !== undefined) throw broken.error

  function begin(ready: readonly Scheduled[]): void {
    begun += ready.length
    // Who is settled first finds the queue empty: those come first that are to be executed first.
    for (const unit of ready.toSorted((a, b) => b.priority - a.priority)) {
      void drive(unit)
        .catch(breakDown)
        .finally(() => {
          // A unit begins those that waited for it before it ends itself: none left is the end.
          begun -= 1
          if (begun === 0) all.resolve()
        })
    }
  }

  async function drive(unit: Scheduled): Promise<void> {
    const { name } = unit
    if (stopping()) return cancel(name)
    const settled = await work.settle(name)
    if (settled !== 'execute') return end(name, settled)
    let parts: number | undefined
    while (parts === undefined) {
      const executed = await queued(unit, async () => await work.execute(name))
      if (executed === undefined) return cancel(name)
      // It has ended already, within its turn.
      if (typeof executed === 'string') return
      if ('parts' in executed) parts = executed.parts
      else if ('after' in executed) await executed.after
      else await pause(executed.again)
    }
    const turns = Array.from({ length: parts }, async (_, part) => {
      await queued(unit, async () => await work.executePart(name, part))
    })
    const ended = await Promise.allSettled(turns)
    const error = ended.find((turn) => turn.status === 'rejected')
    if (error !== undefined) throw error.reason
    end(name, await work.gather(name))
  }

  /**
   * Waits for the unit's turn, and ends the unit if it ends with it: before the queue goes on to the next
   * one. Returns nothing when there is no turn any more.
   */
  async function queued<T>(
    { name, demand, priority }: Scheduled,
    turn: () => Promise<T>,
  ): Promise<T | undefined> {
    return await queue.add(
      async () => {
        try {
          if (signal.aborted || broken !== undefined || failed !== undefined) return undefined
          const result = await turn()
          if (isEnding(result)) end(name, result)
          return result
        } catch (error) {
          breakDown(error)
          throw error
        } finally {
          stock.giveBack(demand)
        }
      },
      { demand, priority },
    )
  }

  /** Waits, but no longer than until nothing more is to be executed. */
  async function pause(ms: number): Promise<void> {
    if (stopping() || failed !== undefined) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, Math.min(ms, MOST_TIMER))
    pauses.add(resolve)
    await promise
    pauses.delete(resolve)
    clearTimeout(timer)
  }

  function endPauses(): void {
    for (const endPause of pauses) endPause()
  }

  function breakDown(error: unknown): void {
    broken ??= { error }
    endPauses()
  }

  function stopping(): boolean {
    return signal.aborted || broken !== undefined
  }

  function cancel(name: string): void {
    work.cancel(name, signal.aborted ? undefined : failed)
    release(name, 'cancelled')
  }

  function end(name: string, how: Ending): void {
    if (how === 'failed' && !keepGoing) {
      failed ??= name
      endPauses()
    }
    release(name, how)
  }

  /** Passes the end of a unit on to those that wait for it; a list of work, since chains are long. */
  function release(name: string, how: Ending): void {
    const ready: Scheduled[] = []
    const ended: [name: string, how: Ending, isFirst: boolean][] = [[name, how, true]]
    for (const [from, ending, isFirst] of ended) {
      for (const reader of byName.get(from)?.downstream ?? []) {
        const blocked = blockers.get(reader) ?? new Set()
        blockers.set(reader, blocked)
        if (ending === 'failed' || (ending === 'skipped' && isFirst)) blocked.add(from)
        else if (ending === 'skipped')
          for (const blocker of blockers.get(from) ?? []) blocked.add(blocker)
        if (ending === 'cancelled') unreachable.add(reader)
        const left = (waitsFor.get(reader) ?? 0) - 1
        waitsFor.set(reader, left)
        if (left > 0) continue
        if (blocked.size > 0) {
          work.skip(reader, [...blocked])
          ended.push([reader, 'skipped', false])
        } else if (unreachable.has(reader)) {
          work.cancel(reader, signal.aborted ? undefined : failed)
          ended.push([reader, 'cancelled', false])
        } else {
          const unit = byName.get(reader)
          if (unit !== undefined) ready.push(unit)
        }
      }
    }
    begin(ready)
  }
}

function isEnding(result: unknown): result is Ending {
  return typeof result === 'string'
}

/** p-queue's waiting line: what it sees of it is what can be started now. */
function queueClassOf(stock: Stock): new () => Queue<Run, Turn> {
  return class implements Queue<Run, Turn> {
    readonly #ready = new ReadyQueue<Run>(stock)

    get size(): number {
      return this.#ready.hasNext ? 1 : 0
    }

    enqueue(run: Run, { demand = {}, priority = 0 }: Partial<Turn> = {}): void {
      this.#ready.add({ run, demand, priority })
    }

    dequeue(): Run | undefined {
      return this.#ready.take()
    }

    filter(): Run[] {
      return []
    }

    // Nothing in the line is changed or taken back.
    setPriority(): void {}
    remove(): void {}
  }
}

type Run = () => Promise<unknown>

interface Turn extends QueueAddOptions {
  readonly demand: Demand
}
