import { StepwellError, type Engine, type RunRecord } from '@stepwell/engine'
import { setTimeout as wait } from 'node:timers/promises'
import { messageOf } from '@stepwell/base/errors'
import type { Alert } from './alert.ts'
import { Alerts } from './alerts.ts'
import type { Decision } from './decision.ts'
import { nextDue, seenUntil, watchOf, type Due, type Watch } from './due.ts'
import { LoopFiles, type LoopMemory } from './loop-files.ts'
import { monitorsOf, type Loop } from './loop.ts'
import { oneLine } from './one-line.ts'
import { engineRunner, type Runner } from './runner.ts'

/** Something that happened in a loop. `at` is in milliseconds since the epoch. */
export type LoopEvent =
  | { readonly type: 'decided'; readonly at: number; readonly decisions: readonly Decision[] }
  | { readonly type: 'ended'; readonly at: number; readonly decisions: readonly Decision[] }
  /** A run could not be carried out at all; it is tried again. */
  | { readonly type: 'failed'; readonly at: number; readonly why: string; readonly again: number }
  | { readonly type: 'alerted'; readonly alert: Alert; readonly problem?: string }
  /** There is nothing to do now. `next`: when a schedule is due, if there is one. */
  | { readonly type: 'idle'; readonly at: number; readonly next?: number }

export interface LoopPlace {
  /** On the project directory of the pipeline. */
  readonly engine: Engine
  /** @default runs in this process */
  readonly runner?: Runner
  /** Does what is due now, until nothing is any more, and ends. @default false: goes on */
  readonly once?: boolean
  readonly tell?: (event: LoopEvent) => void
  /** Aborted to end the loop when what runs has come to its end. */
  readonly finish?: AbortSignal
  /** Aborted to end it and to stop what runs. */
  readonly kill?: AbortSignal
}

// A clock that is set, or a machine that slept, is noticed after so long.
const LONGEST_NAP = 30_000
const FIRST_RETRY = 5000
const LONGEST_RETRY = 300_000

/**
 * Runs a pipeline again whenever a trigger of its loop says so, until it is told to end. There is one loop
 * for each pipeline of a project at a time. What was under way when it was killed is done by the next one.
 *
 * @throws StepwellError STEPWELL_LOOP_TAKEN; with `once`, what kept a run from being carried out.
 */
export async function runLoop(loop: Loop, place: LoopPlace): Promise<void> {
  const { pipeline } = loop
  const claim = place.engine.claim(claimOf(pipeline.name))
  if (typeof claim === 'string') {
    throw new StepwellError({
      code: 'STEPWELL_LOOP_TAKEN',
      summary: `there is a loop for pipeline \`${pipeline.name}\` already`,
      details: claim,
      hint: 'end that one first; `stepwell schedule --list` shows what it does',
    })
  }
  const going = new GoingLoop(loop, place)
  try {
    await going.goOn()
  } finally {
    await going.close().finally(() => claim.release())
  }
}

/** By what a loop is claimed. */
export function claimOf(pipeline: string): string {
  return `loop ${pipeline}`
}

class GoingLoop {
  readonly #loop: Loop
  readonly #place: LoopPlace
  readonly #runner: Runner
  readonly #files: LoopFiles
  readonly #watches: ReadonlyMap<string, Watch>
  readonly #since = Date.now()
  readonly #finish: AbortSignal
  readonly #kill: AbortSignal
  readonly #alerts: Alerts
  #memory: LoopMemory
  #retry = FIRST_RETRY
  #isIdle = false

  constructor(loop: Loop, place: LoopPlace) {
    const { engine, runner, finish, kill } = place
    this.#loop = loop
    this.#place = place
    this.#runner = runner ?? engineRunner(engine, loop.pipeline)
    this.#files = new LoopFiles(engine.dir, loop.pipeline.name)
    this.#watches = new Map(
      loop.triggers.map((each) => [each.name, watchOf(each, engine, loop.pipeline.name)]),
    )
    this.#kill = kill ?? new AbortController().signal
    this.#finish = AbortSignal.any([this.#kill, ...(finish === undefined ? [] : [finish])])
    this.#memory = this.#files.memory()
    this.#alerts = new Alerts({
      pipeline: loop.pipeline.name,
      to: loop.alerts,
      dir: engine.dir,
      giveUp: this.#kill,
      sent: (alert, problem) =>
        this.#tell({ type: 'alerted', alert, ...(problem !== undefined && { problem }) }),
    })
  }

  async goOn(): Promise<void> {
    while (!this.#finish.aborted) {
      this.#checkClock()
      this.#announce()
      let due: Due[]
      try {
        due = await this.#look()
      } catch (error) {
        if (this.#place.once) throw error
        await this.#failed(error, [])
        continue
      }
      if (this.#finish.aborted) return
      if (due.length > 0) {
        this.#isIdle = false
        await this.#see(due)
        continue
      }
      if ([...this.#watches.values()].every(({ isSettled }) => isSettled)) {
        if (this.#place.once) return
        if (!this.#isIdle) this.#idle()
      }
      await this.#nap(this.#wakeAt() - Date.now())
    }
  }

  /** Waits for alerts that are on their way, unless it is to end at once. */
  async close(): Promise<void> {
    await this.#alerts.settled()
    this.#files.leave()
  }

  /** A schedule that is new counts from now on, and so does one after a clock was set right. */
  #checkClock(): void {
    for (const { name, kind } of this.#loop.triggers) {
      if (kind !== 'schedule') continue
      const memory = this.#memory[name] ?? {}
      const until = seenUntil(memory, Date.now())
      if (until !== memory.until) this.#learn({ [name]: { until } })
    }
  }

  async #look(): Promise<Due[]> {
    const due: Due[] = []
    for (const [name, watch] of this.#watches) {
      const found = await watch.look(this.#memory[name] ?? {}, Date.now())
      if (found !== undefined) due.push(found)
    }
    return due
  }

  /** Decides about what is due: all that is to be run is one run. */
  async #see(due: readonly Due[]): Promise<void> {
    const at = Date.now()
    const waiting = due.filter(({ decision }) => decision === 'wait')
    const running = due.filter(({ decision }) => decision === 'run')
    this.#tell({ type: 'decided', at, decisions: due.map((each) => decided(each, at)) })
    for (const each of due) {
      this.#alerts.ofStatus(each, this.#memory[each.trigger]?.status ?? 'ok')
    }
    this.#conclude(
      waiting,
      waiting.map((each) => decided(each, at)),
    )
    if (running.length === 0) return
    const targets = [...new Set(running.flatMap((each) => each.targets))]
    const because = running.map(({ trigger, why }) => `${trigger}: ${why}`).join('; ')
    let record: EndedRun
    try {
      const [finish, kill] = [this.#finish, this.#kill]
      const found = await this.#runner.run({ targets, because, finish, kill })
      if (!hasEnded(found)) throw brokenOff(found)
      record = found
      this.#retry = FIRST_RETRY
    } catch (error) {
      // What was stopped is seen to by the next loop, as if it had not begun.
      if (this.#finish.aborted) return
      if (this.#place.once) throw error
      await this.#failed(error, running)
      return
    }
    const { id, status } = record
    const failure = failureOf(record)
    const decisions = running.map((each) => ({
      ...decided(each, at),
      run: id,
      outcome: status,
      ...(failure !== undefined && { failure }),
    }))
    this.#conclude(running, decisions)
    this.#tell({ type: 'ended', at: Date.now(), decisions })
    this.#alerts.ofRun(running, record, failure)
  }

  async #failed(error: unknown, due: readonly Due[]): Promise<void> {
    const why = messageOf(error)
    // The first of several in a row.
    if (this.#retry === FIRST_RETRY && due.length > 0) this.#alerts.ofTrouble(due, why)
    const again = Date.now() + this.#retry
    this.#tell({ type: 'failed', at: Date.now(), why, again })
    await this.#pause(this.#retry)
    this.#retry = Math.min(this.#retry * 2, LONGEST_RETRY)
  }

  /** Keeps what was decided; from then on it is not decided again. */
  #conclude(due: readonly Due[], decisions: readonly Decision[]): void {
    if (due.length === 0) return
    // In this order: a crash in between costs a line twice, and loses none.
    this.#files.note(decisions)
    this.#learn(Object.fromEntries(due.map(({ trigger, news }) => [trigger, news])))
    this.#alerts.forget(due)
  }

  #learn(news: LoopMemory): void {
    this.#memory = { ...this.#memory, ...news }
    this.#files.remember(this.#memory)
  }

  #announce(): void {
    this.#files.announce({
      since: this.#since,
      monitors: monitorsOf(this.#loop),
      triggers: this.#loop.triggers.map((trigger) => {
        const { name, kind, run } = trigger
        const next = trigger.kind === 'schedule' ? this.#nextOf(trigger) : Infinity
        return { name, kind, run, ...(next < Infinity && { next }) }
      }),
    })
  }

  #idle(): void {
    this.#isIdle = true
    const times = this.#loop.triggers.map((trigger) =>
      trigger.kind === 'schedule' ? this.#nextOf(trigger) : Infinity,
    )
    const next = Math.min(...times)
    this.#tell({ type: 'idle', at: Date.now(), ...(next < Infinity && { next }) })
  }

  #nextOf(trigger: Parameters<typeof nextDue>[0] & { readonly name: string }): number {
    return nextDue(trigger, this.#memory[trigger.name]?.until ?? this.#since)
  }

  #wakeAt(): number {
    const now = Date.now()
    const times = [...this.#watches].map(([name, watch]) =>
      watch.next(this.#memory[name] ?? {}, now),
    )
    return Math.min(...times)
  }

  async #nap(ms: number): Promise<void> {
    await this.#pause(Math.min(Math.max(ms, 1), LONGEST_NAP))
  }

  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#finish }).catch(() => undefined)
  }

  #tell(event: LoopEvent): void {
    this.#place.tell?.(event)
  }
}

function decided({ trigger, kind, decision, why, judged, targets }: Due, at: number): Decision {
  return {
    at,
    trigger,
    kind,
    decision,
    why,
    ...(judged !== undefined && { judged }),
    ...(decision === 'run' && { targets }),
  }
}

type EndedRun = RunRecord & { readonly status: 'succeeded' | 'failed' }

function hasEnded(record: RunRecord): record is EndedRun {
  return record.status === 'succeeded' || record.status === 'failed'
}

function brokenOff({ id }: RunRecord): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_LOOP_RUN',
    summary: `run ${id} of the loop was broken off`,
    details: 'its process was killed, was out of memory, or exited',
    hint: 'look at what it printed; it is tried again',
  })
}

/** The first step that failed, and why. */
function failureOf({ steps }: RunRecord): string | undefined {
  for (const { name, status, error } of Object.values(steps)) {
    if (status === 'failed')
      return `${name}: ${oneLine(error?.message.split('\n')[0] ?? 'no message')}`
  }
  return undefined
}
