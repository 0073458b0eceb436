import { declaredInputs } from '../decide/inputs/input.ts'
import type { Failure } from '@stepwell/base/failure'
import type { Outputs } from '../value/artifact.ts'
import type { RunEvent, StepFinished } from '../record/event.ts'
import type { Identity } from '../decide/resolve-inputs.ts'
import type { Halt, OnFailure } from './cancellation.ts'
import { impossible } from '@stepwell/base/invariant'
import type { OrderedStep } from '../define/order.ts'
import { namesOf, type Pipeline } from '../define/pipeline.ts'
import type { Reason } from '../identity/reason.ts'
import { warningOf } from '../identity/reason-warning.ts'
import { leftBy, type Snapshot } from '../record/snapshot.ts'
import type { Step } from '../define/step.ts'
import { beginLife, type Life } from './step-execution.ts'

export interface StepLivesOptions {
  readonly pipeline: Pipeline
  readonly steps: readonly OrderedStep[]
  /** The last known state. */
  readonly snapshot: Snapshot
  readonly halt: Halt
  readonly onFailure: OnFailure
  readonly emit: (event: RunEvent) => void
}

/** The lives of the steps of one run, and how they end: each in exactly one way, which is told. */
export class StepLives {
  readonly #options: StepLivesOptions
  readonly #steps: ReadonlyMap<string, OrderedStep>
  readonly #lives = new Map<string, Life>()
  readonly #ended = new Map<string, StepFinished['status']>()
  /** Steps that ended the run as a failure does, by the service that failed. */
  readonly #blocked = new Map<string, string>()
  readonly #failed = new AbortController()
  readonly nameOf: (step: Step) => string

  constructor(options: StepLivesOptions) {
    this.#options = options
    this.#steps = new Map(options.steps.map((ordered) => [ordered.name, ordered]))
    const names = namesOf(options.pipeline)
    this.nameOf = (step) => names.get(step) ?? impossible('a step without a name')
  }

  /** Aborts when a failure keeps anything more from being started. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  get all(): Iterable<Life> {
    return this.#lives.values()
  }

  begin(name: string): Life {
    const life = beginLife()
    this.#lives.set(name, life)
    return life
  }

  /** Whether a step takes part in this run. */
  has(name: string): boolean {
    return this.#steps.has(name)
  }

  ordered(name: string): OrderedStep {
    return this.#steps.get(name) ?? impossible(`no step \`${name}\` in this run`)
  }

  life(name: string): Life {
    return this.#lives.get(name) ?? impossible(`step \`${name}\` has not begun`)
  }

  /** What a step was found to be when it was settled. */
  identity(name: string): Identity {
    return this.life(name).identity ?? impossible(`step \`${name}\` was not settled`)
  }

  /** How a step has ended, if it has. */
  statusOf(name: string): StepFinished['status'] | undefined {
    return this.#ended.get(name)
  }

  /** What a step gave; of one that takes no part, what it left the last time. */
  outputs(name: string): Outputs {
    if (!this.#steps.has(name)) return leftBy(name, this.#options.snapshot)
    return this.life(name).outputs ?? impossible(`step \`${name}\` has no outputs`)
  }

  fail(name: string, reasons: readonly Reason[], error: Failure): 'failed' {
    const { onFailure, halt } = this.#options
    if (onFailure === 'kill') halt.kill(name)
    if (onFailure !== 'continue') this.#failed.abort()
    this.finish(name, 'failed', { reasons, error })
    return 'failed'
  }

  /** Ends a step that needs a service which failed: that ends the run as a failure does. */
  block(name: string, service: string): 'failed' {
    this.#blocked.set(name, service)
    this.finish(name, 'skipped', { reasons: [{ kind: 'blocked', by: [service] }] })
    return 'failed'
  }

  skip(name: string, blockers: readonly string[]): void {
    this.begin(name)
    this.finish(name, 'skipped', { reasons: [{ kind: 'blocked', by: blockers }] })
  }

  /** @param failed the step whose failure ended the run, if one did */
  cancel(name: string, failed: string | undefined): 'cancelled' {
    const life = this.#lives.get(name) ?? this.begin(name)
    life.claim?.release()
    const by =
      failed === undefined ? this.#options.halt.failed : (this.#blocked.get(failed) ?? failed)
    this.finish(name, 'cancelled', { reasons: [{ kind: 'stopped', by: by ?? null }] })
    return 'cancelled'
  }

  finish(
    step: string,
    status: StepFinished['status'],
    how: Pick<StepFinished, 'reasons' | 'error'>,
    outputs?: Outputs,
  ): void {
    this.#ended.set(step, status)
    const { identity, started, duration, metrics } = this.life(step)
    this.#options.emit({
      type: 'step-finished',
      at: Date.now(),
      step,
      status,
      inputs: identity?.inputs ?? declaredInputs(this.ordered(step).step, this.nameOf),
      duration: duration ?? performance.now() - started,
      metrics,
      ...(identity !== undefined && { key: identity.key }),
      ...how,
      ...(outputs !== undefined && shown(outputs)),
    })
  }

  warn(step: string, problem: Reason): void {
    const message = warningOf(step, problem)
    if (message !== undefined)
      this.#options.emit({ type: 'warning', at: Date.now(), step, message })
  }
}

function shown({ value, picks, outs }: Outputs): Pick<StepFinished, 'output' | 'picks' | 'outs'> {
  return { output: value, picks, ...(Object.keys(outs).length > 0 && { outs }) }
}
