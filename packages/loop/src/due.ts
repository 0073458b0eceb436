import type { Engine } from '@stepwell/engine'
import { nextTime } from './cron.ts'
import { describeChange, lookAt, type DataLook } from './data-look.ts'
import type { Decision } from './decision.ts'
import type { TriggerMemory } from './loop-files.ts'
import type { NamedTrigger } from './loop.ts'
import { oneLine } from './one-line.ts'
import { isAsBad, readJudgement, type Judgement } from './trigger.ts'

/** What a look at a trigger has found that is to be seen to. */
export interface Due {
  readonly trigger: string
  readonly kind: Decision['kind']
  readonly decision: Decision['decision']
  readonly why: string
  readonly targets: readonly string[]
  /** What is remembered once it has been seen to. */
  readonly news: TriggerMemory
  readonly judgement?: Judgement
  readonly judged?: string
}

/** A trigger that is looked at again and again. */
export interface Watch {
  /** What there is to be seen to now. @param now milliseconds since the epoch */
  look(memory: TriggerMemory, now: number): Promise<Due | undefined>
  /** When to look next, as far as time decides; milliseconds since the epoch. */
  next(memory: TriggerMemory, now: number): number
  /** Whether the last look has told all that there is to be told now. */
  readonly isSettled: boolean
}

// The loop is not notified of runs that others start.
const LOOK_AT_RUNS = 5000
// How many of the latest runs are looked through for a judgement.
const RECENT = 50
// Data that has changed is looked at again so soon, to see whether it still does.
const SETTLING = 1000
// What is written all the time, as a log is, would be waited for without end.
const LONGEST_SETTLING = 60

/** @param pipeline the name of the trigger's: a project can have several */
export function watchOf(trigger: NamedTrigger, engine: Engine, pipeline: string): Watch {
  switch (trigger.kind) {
    case 'schedule':
      return new ScheduleWatch(trigger)
    case 'new-data':
      return new DataWatch(trigger, engine.dir)
    case 'drift':
      return new DriftWatch(trigger, engine, pipeline)
  }
}

// As cron has it: a clock that was set back by less ran a little fast, and what has been seen to is not
// due again; one that was set back by more was wrong.
const SET_BACK = 3 * 3_600_000

/** Up to when a schedule counts as seen to: `now` where that is not known, or was by a clock that was wrong. */
export function seenUntil({ until }: TriggerMemory, now: number): number {
  return typeof until === 'number' && until >= 0 && until <= now + SET_BACK ? until : now
}

/** When a schedule is due next. @param until up to when it has been seen to */
export function nextDue(
  { cron, timezone }: Extract<NamedTrigger, { kind: 'schedule' }>,
  until: number,
): number {
  return nextTime(cron, timezone, until) ?? Infinity
}

class ScheduleWatch implements Watch {
  readonly isSettled = true
  readonly #trigger: Extract<NamedTrigger, { kind: 'schedule' }>

  constructor(trigger: Extract<NamedTrigger, { kind: 'schedule' }>) {
    this.#trigger = trigger
  }

  async look({ until }: TriggerMemory, now: number): Promise<Due | undefined> {
    const { name, kind, cron, run } = this.#trigger
    const at = until === undefined ? Infinity : nextDue(this.#trigger, until)
    if (at > now) return undefined
    const why = `${cron} was due at ${new Date(at).toISOString()}`
    // However often it was missed, once makes up for it.
    const news = { until: now }
    return await Promise.resolve({
      trigger: name,
      kind,
      decision: 'run',
      why,
      targets: run,
      news,
    })
  }

  next({ until }: TriggerMemory, now: number): number {
    return nextDue(this.#trigger, until ?? now)
  }
}

class DataWatch implements Watch {
  readonly #trigger: Extract<NamedTrigger, { kind: 'new-data' }>
  readonly #dir: string
  /** The look that was seen to, while it is known: only its digest outlives the process. */
  #before: DataLook | undefined
  /** The look that was last told of. */
  #told: DataLook | undefined
  #last: DataLook | undefined
  /** How many looks in a row have found a change. */
  #changing = 0
  /** When to look again, by `performance.now()`: a clock that is set does not matter. */
  #again = -Infinity
  isSettled = false

  constructor(trigger: Extract<NamedTrigger, { kind: 'new-data' }>, dir: string) {
    this.#trigger = trigger
    this.#dir = dir
  }

  async look({ seen }: TriggerMemory): Promise<Due | undefined> {
    const started = performance.now()
    if (started < this.#again) return undefined
    const look = await lookAt(this.#dir, this.#trigger.data)
    const ended = performance.now()
    this.#changing = this.#last?.digest === look.digest ? 0 : this.#changing + 1
    const isReady = this.#changing % LONGEST_SETTLING === 0
    this.isSettled = isReady || this.#changing > LONGEST_SETTLING
    this.#last = look
    const { every } = this.#trigger
    const pause = isReady ? every : Math.min(every, SETTLING)
    // Where there is much to look at, it is looked at less often.
    this.#again = ended + Math.max(pause, 20 * (ended - started))
    for (const known of [this.#told, look]) if (known?.digest === seen) this.#before = known
    if (look.digest === seen) return undefined
    // Before there has been any data, there is nothing to run on. What still changes is waited for.
    if (!isReady || (seen === undefined && look.files.size === 0)) return undefined
    const { name, kind, run } = this.#trigger
    const before = this.#before?.digest === seen ? this.#before : undefined
    const why =
      before === undefined && seen !== undefined
        ? 'the data is not what it was when the loop was last up'
        : describeChange(before, look)
    this.#told = look
    // More may come while this is seen to, so it is looked at again soon.
    this.isSettled = false
    this.#again = ended + Math.max(Math.min(every, SETTLING), 20 * (ended - started))
    return { trigger: name, kind, decision: 'run', why, targets: run, news: { seen: look.digest } }
  }

  next(_: TriggerMemory, now: number): number {
    return now + Math.max(0, this.#again - performance.now())
  }
}

class DriftWatch implements Watch {
  readonly isSettled = true
  readonly #trigger: Extract<NamedTrigger, { kind: 'drift' }>
  readonly #engine: Engine
  readonly #pipeline: string
  /** The latest run when there was nothing to decide. */
  #latest: string | undefined

  constructor(trigger: Extract<NamedTrigger, { kind: 'drift' }>, engine: Engine, pipeline: string) {
    this.#trigger = trigger
    this.#engine = engine
    this.#pipeline = pipeline
  }

  async look(memory: TriggerMemory): Promise<Due | undefined> {
    const { name, kind, monitor, from, run } = this.#trigger
    const ids = await this.#engine.runIds()
    if (ids[0] === this.#latest) return undefined
    for (const id of ids.slice(0, RECENT)) {
      const { steps, status, pipeline } = await this.#engine.runRecord(id)
      if (pipeline !== this.#pipeline) continue
      // It is looked at again once it has ended.
      if (status === 'running') return undefined
      const output = Object.hasOwn(steps, monitor) ? steps[monitor]?.output : undefined
      if (output === undefined) continue
      if (output.digest === memory.judged) break
      const judgement = readJudgement(await this.#output(id))
      const judgedWhy = judgement === undefined ? undefined : describe(monitor, judgement)
      const isDue = judgement !== undefined && isAsBad(judgement.status, from)
      return {
        trigger: name,
        kind,
        decision: isDue ? 'run' : 'wait',
        why: judgedWhy ?? `the output of ${monitor} has no status`,
        targets: run,
        judged: id,
        ...(judgement !== undefined && { judgement }),
        // What has no status says nothing of whether things are as they were.
        news: { ...memory, judged: output.digest, ...(judgement && { status: judgement.status }) },
      }
    }
    this.#latest = ids[0]
    return undefined
  }

  next(_: TriggerMemory, now: number): number {
    return now + LOOK_AT_RUNS
  }

  /** What it returned, or nothing where that is not kept any more. */
  async #output(id: string): Promise<unknown> {
    try {
      return await this.#engine.output(id, this.#trigger.monitor)
    } catch {
      return undefined
    }
  }
}

function describe(monitor: string, { status, reasons = [] }: Judgement): string {
  const [first] = reasons
  return first === undefined
    ? `${monitor} says ${status}`
    : `${monitor} says ${status}: ${oneLine(first)}`
}
