import PQueue from 'p-queue'

/** A unit of a schedule, in an order in which each comes after what it waits for. */
export interface Scheduled {
  readonly name: string
  readonly upstream: readonly string[]
  readonly downstream: readonly string[]
}

/** What the scheduler asks of whoever does the work. It knows when; the work knows whether and how. */
export interface Work {
  /** Everything upstream is done. Settles what needs no execution; runs outside of the queue. */
  settle(name: string): Promise<Settled>
  /** Executes; runs in the queue. */
  execute(name: string): Promise<Executed>
  /** Something that it needs failed: `blockers` are the units that failed, not those in between. */
  skip(name: string, blockers: readonly string[]): void
  /** The run ended before it was started: `failed` is the unit whose failure ended it, if one did. */
  cancel(name: string, failed: string | undefined): void
}

export type Settled = 'done' | 'failed' | 'cancelled' | 'execute'
export type Executed = 'done' | 'failed' | 'cancelled'

export interface ScheduleOptions {
  /** How many are executed at once, from 1 up. */
  readonly concurrency: number
  /** Starts no more when it aborts; what runs is waited for. */
  readonly signal: AbortSignal
}

/**
 * Drives units to their end, each as soon as all that it waits for is done, executing at most
 * `concurrency` at once. After a failure, what is running ends and nothing new is executed; what needs
 * no execution is still settled. Each unit ends in exactly one of: done, failed, skipped, cancelled.
 *
 * Resolves when every unit has ended. When the work throws, which a unit's failure does not, nothing
 * new begins and the error is thrown once all that was begun has ended.
 */
export async function schedule(
  units: readonly Scheduled[],
  { concurrency, signal }: ScheduleOptions,
  work: Work,
): Promise<void> {
  const queue = new PQueue({ concurrency })
  const byName = new Map(units.map((unit) => [unit.name, unit]))
  const waitsFor = new Map(units.map(({ name, upstream }) => [name, upstream.length]))
  const blockers = new Map<string, Set<string>>()
  /** Units that wait for one that was cancelled. */
  const unreachable = new Set<string>()
  let failed: string | undefined
  let broken: { readonly error: unknown } | undefined
  let begun = 0
  const all = Promise.withResolvers<void>()

  if (units.length === 0) all.resolve()
  begin(units.filter(({ upstream }) => upstream.length === 0).map(({ name }) => name))
  await all.promise
  if (broken !== undefined) throw broken.error

  function begin(names: readonly string[]): void {
    begun += names.length
    for (const name of names) {
      void drive(name)
        .catch((error: unknown) => {
          broken ??= { error }
        })
        .finally(() => {
          // A unit begins those that waited for it before it ends itself: none left is the end.
          begun -= 1
          if (begun === 0) all.resolve()
        })
    }
  }

  async function drive(name: string): Promise<void> {
    if (stopping()) return cancel(name)
    const settled = await work.settle(name)
    if (settled !== 'execute') return end(name, settled)
    await queue.add(async () => {
      if (stopping() || failed !== undefined) return cancel(name)
      try {
        end(name, await work.execute(name))
      } catch (error) {
        // Here, before the queue goes on to the next one.
        broken ??= { error }
        throw error
      }
    })
  }

  function stopping(): boolean {
    return signal.aborted || broken !== undefined
  }

  function cancel(name: string): void {
    work.cancel(name, signal.aborted ? undefined : failed)
    release(name, 'cancelled')
  }

  function end(name: string, how: Executed): void {
    if (how === 'failed') failed ??= name
    release(name, how)
  }

  /** Passes the end of a unit on to those that wait for it; a list of work, since chains are long. */
  function release(name: string, how: Executed): void {
    const ready: string[] = []
    const ended: [name: string, how: Executed | 'skipped'][] = [[name, how]]
    for (const [from, ending] of ended) {
      for (const reader of byName.get(from)?.downstream ?? []) {
        const blocked = blockers.get(reader) ?? new Set()
        blockers.set(reader, blocked)
        if (ending === 'failed') blocked.add(from)
        if (ending === 'skipped')
          for (const blocker of blockers.get(from) ?? []) blocked.add(blocker)
        if (ending === 'cancelled') unreachable.add(reader)
        const left = (waitsFor.get(reader) ?? 0) - 1
        waitsFor.set(reader, left)
        if (left > 0) continue
        if (blocked.size > 0) {
          work.skip(reader, [...blocked])
          ended.push([reader, 'skipped'])
        } else if (unreachable.has(reader)) {
          work.cancel(reader, signal.aborted ? undefined : failed)
          ended.push([reader, 'cancelled'])
        } else {
          ready.push(reader)
        }
      }
    }
    begin(ready)
  }
}
