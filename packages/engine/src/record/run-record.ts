import type { RunEvent } from './event.ts'
import type { ProcessIdentity } from '@stepwell/base/process-identity'
import type { RunStatus } from './status.ts'
import type { StepRecord } from './step-record.ts'

/** One evaluation of a pipeline: a fold of its events. */
export interface RunRecord {
  readonly id: string
  readonly pipeline: string
  readonly status: RunStatus
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly endedAt?: number
  readonly process: ProcessIdentity
  /** Why it was started, in the words of the user or trigger that started it. */
  readonly because?: string
  readonly warnings: readonly string[]
  /** In execution order. */
  readonly steps: Readonly<Record<string, StepRecord>>
}

/** The record of the events so far, or `undefined` before the first one. */
export function foldEvents(events: Iterable<RunEvent>): RunRecord | undefined {
  let run: RunFold | undefined
  for (const event of events) {
    if (event.type === 'run-started') run = new RunFold(event)
    else run?.apply(event)
  }
  return run?.record
}

/** Folds the events of one run as they come. */
export class RunFold {
  readonly #steps = new Map<string, StepRecord>()
  readonly #warnings: string[] = []
  #run: Omit<RunRecord, 'steps' | 'warnings'>

  constructor(started: Extract<RunEvent, { type: 'run-started' }>) {
    const { run, pipeline, at, process, because, steps } = started
    const why = because === undefined ? {} : { because }
    this.#run = { id: run, pipeline, status: 'running', startedAt: at, process, ...why }
    for (const { name, action } of steps) {
      this.#steps.set(name, {
        name,
        action,
        status: 'waiting',
        reasons: [],
        inputs: [],
        metrics: {},
        duration: 0,
      })
    }
  }

  get record(): RunRecord {
    // `fromEntries` defines members, so that no name can reach a prototype.
    return { ...this.#run, warnings: [...this.#warnings], steps: Object.fromEntries(this.#steps) }
  }

  apply(event: RunEvent): void {
    switch (event.type) {
      case 'step-started':
        this.#change(event.step, {
          status: 'running',
          reasons: event.reasons,
          startedAt: event.at,
          ...(event.attempt > 1 && { attempts: event.attempt }),
        })
        break
      case 'step-ongoing':
        this.#change(event.step, { status: 'ongoing' })
        break
      case 'step-items':
        this.#change(event.step, { items: event.items, itemBase: event.base })
        break
      case 'step-retried':
        this.#change(event.step, { status: 'waiting', error: event.error })
        break
      case 'step-metric': {
        const { metrics } = this.#steps.get(event.step) ?? { metrics: {} }
        this.#change(event.step, { metrics: { ...metrics, [event.name]: event.value } })
        break
      }
      case 'step-finished': {
        const { type: _type, step, at, ...rest } = event
        this.#end(step, { ...rest, endedAt: at })
        break
      }
      case 'warning':
        this.#warnings.push(event.message)
        break
      case 'run-finished':
        this.#run = { ...this.#run, status: event.status, endedAt: event.at }
        // What had not ended when the run could not go on never will.
        for (const { name, status, endedAt } of this.#steps.values()) {
          if (endedAt !== undefined) continue
          if (status === 'running' || status === 'waiting' || status === 'ongoing')
            this.#change(name, { status: 'cancelled' })
        }
        break
      case 'run-started':
      case 'step-log':
        break
    }
  }

  /** A step that succeeds has no error: what an earlier attempt failed with is in the events. */
  #end(name: string, how: Partial<StepRecord>): void {
    const { error: _error, ...step } = this.#steps.get(name) ?? {}
    if ('name' in step) this.#steps.set(name, { ...step, ...how })
  }

  #change(name: string, change: Partial<StepRecord>): void {
    const step = this.#steps.get(name)
    if (step !== undefined) this.#steps.set(name, { ...step, ...change })
  }
}
