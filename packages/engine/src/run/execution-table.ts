import { declaredInputs } from '../decide/inputs/input.ts'
import type { Failure } from '@stepwell/base/failure'
import type { Outputs } from '../value/artifact.ts'
import type { RunEvent, StepFinished } from '../record/event.ts'
import type { Halt, OnFailure } from './cancellation.ts'
import { impossible } from '@stepwell/base/invariant'
import type { OrderedStep } from '../define/order.ts'
import { namesOf, type Pipeline } from '../define/pipeline.ts'
import type { Reason } from '../identity/reason.ts'
import { warningOf } from '../identity/reason-warning.ts'
import { leftBy, type Snapshot } from '../record/snapshot.ts'
import type { Step } from '../define/step.ts'
import { identityOf, type StepExecution } from './step-execution.ts'

export interface ExecutionTableOptions {
  readonly pipeline: Pipeline
  readonly steps: readonly OrderedStep[]
  /** The last known state. */
  readonly snapshot: Snapshot
  readonly halt: Halt
  readonly onFailure: OnFailure
  readonly emit: (event: RunEvent) => void
}

/** What was measured of a step, where it differs from what its state says. */
export interface Measured {
  /** How long its execution took, in milliseconds. @default the time since it came to be in its state */
  readonly duration?: number
  readonly metrics?: Readonly<Record<string, number>>
}

export interface Finish extends Measured, Pick<StepFinished, 'reasons' | 'error'> {}

/** How far the steps of one run are, and how they end: each in exactly one way, which is told. */
export class ExecutionTable {
  readonly #options: ExecutionTableOptions
  readonly #steps: ReadonlyMap<string, OrderedStep>
  readonly #executions = new Map<string, StepExecution>()
  /** What the steps that read a step are given. */
  readonly #outputs = new Map<string, Outputs>()
  /** Steps that ended the run as a failure does, by the service that failed. */
  readonly #blocked = new Map<string, string>()
  readonly #failed = new AbortController()
  readonly nameOf: (step: Step) => string

  constructor(options: ExecutionTableOptions) {
    this.#options = options
    this.#steps = new Map(options.steps.map((ordered) => [ordered.name, ordered]))
    const names = namesOf(options.pipeline)
    this.nameOf = (step) => names.get(step) ?? ''
  }

  /** Aborts when a failure keeps anything more from being started. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  get all(): Iterable<StepExecution> {
    return this.#executions.values()
  }

  /** Whether a step takes part in this run. */
  has(name: string): boolean {
    return this.#steps.has(name)
  }

  ordered(name: string): OrderedStep {
    return this.#steps.get(name) ?? impossible(`no step \`${name}\` in this run`)
  }

  begin(name: string): void {
    this.set(name, { state: 'pending', started: performance.now() })
  }

  set(name: string, execution: StepExecution): void {
    this.#executions.set(name, execution)
  }

  /** How far a step is. */
  at(name: string): StepExecution {
    return this.#executions.get(name) ?? { state: 'pending', started: performance.now() }
  }

  /** How far a step is that must be in one of some states. */
  in<S extends StepExecution['state']>(
    name: string,
    ...states: readonly S[]
  ): Extract<StepExecution, { readonly state: S }> {
    const execution = this.at(name)
    return isIn(execution, states)
      ? execution
      : impossible(`step \`${name}\` is ${execution.state}, not ${states.join(' or ')}`)
  }

  /** How a step has ended, if it has. */
  statusOf(name: string): StepFinished['status'] | undefined {
    const execution = this.at(name)
    return execution.state === 'ended' ? execution.status : undefined
  }

  /** Passes outputs on to the steps that read a step. */
  give(name: string, outputs: Outputs): void {
    this.#outputs.set(name, outputs)
  }

  /** What a step gave so far, if it did. */
  given(name: string): Outputs | undefined {
    return this.#outputs.get(name)
  }

  /** What a step gave; of one that takes no part, what it left the last time. */
  outputs(name: string): Outputs {
    if (!this.#steps.has(name)) return leftBy(name, this.#options.snapshot)
    return this.#outputs.get(name) ?? impossible(`step \`${name}\` has no outputs`)
  }

  fail(
    name: string,
    reasons: readonly Reason[],
    error: Failure,
    measured: Measured = {},
  ): 'failed' {
    const { onFailure, halt } = this.#options
    if (onFailure === 'kill') halt.kill(name)
    if (onFailure !== 'continue') this.#failed.abort()
    this.finish(name, 'failed', { ...measured, reasons, error })
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
    const execution = this.at(name)
    if (execution.state === 'settled') execution.claim?.release()
    const by =
      failed === undefined ? this.#options.halt.failed : (this.#blocked.get(failed) ?? failed)
    this.finish(name, 'cancelled', { reasons: [{ kind: 'stopped', by: by ?? null }] })
    return 'cancelled'
  }

  finish(step: string, status: StepFinished['status'], how: Finish, outputs?: Outputs): void {
    const execution = this.at(step)
    const { started } = execution
    const { reasons, error, duration = performance.now() - started } = how
    const metrics = how.metrics ?? ('metrics' in execution ? execution.metrics : {})
    const identity = identityOf(execution)
    this.set(step, { state: 'ended', started, status, identity, reasons })
    this.#options.emit({
      type: 'step-finished',
      at: Date.now(),
      step,
      status,
      inputs: identity?.inputs ?? declaredInputs(this.ordered(step).step, this.nameOf),
      duration,
      metrics,
      ...(identity !== undefined && { key: identity.key }),
      reasons,
      ...(error !== undefined && { error }),
      ...(outputs !== undefined && shown(outputs)),
    })
  }

  warn(step: string, problem: Reason): void {
    const message = warningOf(step, problem)
    if (message !== undefined)
      this.#options.emit({ type: 'warning', at: Date.now(), step, message })
  }
}

function isIn<S extends StepExecution['state']>(
  execution: StepExecution,
  states: readonly S[],
): execution is Extract<StepExecution, { readonly state: S }> {
  return states.some((state) => state === execution.state)
}

function shown({ value, picks, outs }: Outputs): Pick<StepFinished, 'output' | 'picks' | 'outs'> {
  return { output: value, picks, ...(Object.keys(outs).length > 0 && { outs }) }
}
