import { failureOf, type Failure } from '@stepwell/base/failure'
import type { Outputs } from '../value/artifact.ts'
import { executeJob, type JobSurroundings } from './job.ts'
import { pauseAfter } from '../define/execution.ts'
import type { Halt } from './cancellation.ts'
import { uncacheable } from '../decide/resolve-inputs.ts'
import type { OrderedStep } from '../define/order.ts'
import { isOwnFault } from '../decide/step-fault.ts'
import { definition } from '../define/step.ts'
import { commandOf } from '../define/work.ts'
import type { StepCommits } from './commit.ts'
import { nextAttempt, settledAs, type Executing, type Settled } from './step-execution.ts'
import type { ExecutionTable } from './execution-table.ts'
import type { Reason } from '../identity/reason.ts'
import { changed } from '../store/inputs/file-input.ts'
import type { StagedOuts, Staging } from '../store/workspace/staging.ts'
import type { Workspace } from '../store/workspace/workspace.ts'

export interface AttemptsOptions extends Omit<JobSurroundings, 'signal'> {
  readonly run: string
  readonly workspace: Workspace
  readonly staging: Staging
  readonly halt: Halt
}

/** An attempt that has begun, and the place that it writes to. */
export interface Started {
  readonly executing: Executing
  readonly staged: StagedOuts
}

interface Performed {
  readonly failure: Failure | undefined
  /** In milliseconds. */
  readonly duration: number
  /** What is to be said of it besides why it was executed. */
  readonly remarks?: readonly Reason[]
}

/** Attempts at executing steps: each begins in a place of its own, and ends in a commit or a failure. */
export class StepAttempts {
  readonly #options: AttemptsOptions
  readonly #table: ExecutionTable
  readonly #commits: StepCommits

  constructor(options: AttemptsOptions, table: ExecutionTable, commits: StepCommits) {
    this.#options = options
    this.#table = table
    this.#commits = commits
  }

  /** Begins an attempt, with a place to write to. */
  start({ name, step }: OrderedStep, before: Settled): Started {
    const { emit, staging, run } = this.#options
    const executing = nextAttempt(before, before.reasons)
    this.#table.set(name, executing)
    const { reasons, attempts, identity } = executing
    emit({ type: 'step-started', at: Date.now(), step: name, attempt: attempts, reasons })
    const { outs, work } = definition(step)
    const keeps = commandOf(work)?.inPlace?.keeps
    return { executing, staged: staging.open(run, name, identity.key, outs, attempts, keeps) }
  }

  /** Executes a step once. */
  async execute(
    ordered: OrderedStep,
    before: Settled,
  ): Promise<'done' | 'failed' | 'cancelled' | { readonly again: number }> {
    const { name } = ordered
    const { executing, staged } = this.start(ordered, before)
    let performed: Performed
    try {
      performed = await this.#perform(ordered, executing, staged)
    } catch (error) {
      await staged.failed(error)
      throw error
    }
    const { failure, duration, remarks = [] } = performed
    const reasons = [...executing.reasons, ...remarks]
    if (failure === undefined) {
      await staged.succeeded()
      this.#table.finish(name, 'succeeded', { reasons, duration }, this.#table.outputs(name))
      return 'done'
    }
    await staged.failed(failure)
    return this.#end(ordered, { ...executing, reasons }, failure, duration)
  }

  /** An attempt failed: another one follows, or that was all. */
  #end(
    { name, step }: OrderedStep,
    executing: Executing,
    failure: Failure,
    duration: number,
  ): 'failed' | 'cancelled' | { readonly again: number } {
    const { emit, halt } = this.#options
    const { reasons, attempts } = executing
    if (halt.killing.aborted) {
      this.#table.finish(name, 'cancelled', { reasons, error: failure, duration })
      return 'cancelled'
    }
    const { retry } = definition(step).execution
    let pause: number | undefined
    try {
      pause = halt.stopping.aborted ? undefined : pauseAfter(retry, attempts, failure)
    } catch (error) {
      // The function that was asked is the step's own.
      return this.#table.fail(name, reasons, failureOf(error), { duration })
    }
    if (pause === undefined) return this.#table.fail(name, reasons, failure, { duration })
    emit({
      type: 'step-retried',
      at: Date.now(),
      step: name,
      attempt: attempts,
      attempts: retry.attempts,
      pause,
      error: failure,
    })
    const { started, identity } = executing
    this.#table.set(name, { ...settledAs(identity, reasons, started), attempts })
    return { again: pause }
  }

  /** Calls the step, commits what it made, and puts its outs into place. */
  async #perform(
    ordered: OrderedStep,
    { identity, metrics }: Executing,
    staged: StagedOuts,
  ): Promise<Performed> {
    const { name } = ordered
    const signal = this.#options.halt.killing
    const touched =
      uncacheable(ordered, identity) === undefined ? await identity.sight() : undefined
    const result = await executeJob(ordered, identity, staged, metrics, {
      ...this.#options,
      signal,
    })
    const { duration } = result
    if (!result.ok && signal.aborted) return { failure: result.failure, duration }
    const moved = await identity.moved()
    if (moved !== undefined) return { failure: failureOf(changed(moved)), duration }
    if (!result.ok) return { failure: result.failure, duration }
    if (!('outputs' in result)) {
      throw new TypeError(`Expected the executor to give outputs of step \`${name}\`, got items`)
    }
    const { outputs } = result
    const made = { outputs, metrics, duration }
    const remarks = await this.#commits.accept(ordered, identity, made, await touched?.())
    this.#table.give(name, outputs)
    return { failure: await this.#place(name, outputs, staged), duration, remarks }
  }

  /** 6. Only what is committed comes into the project: from then on it can be restored. */
  async #place(name: string, { outs }: Outputs, staged: StagedOuts): Promise<Failure | undefined> {
    const { workspace } = this.#options
    const { paths, inPlace } = staged
    try {
      await inPlace?.settle()
      for (const [out, artifact] of Object.entries(outs)) {
        const aside =
          inPlace === undefined
            ? await workspace.place(artifact, paths[out])
            : await workspace.letGo(inPlace.before(out))
        if (aside === undefined) continue
        this.#table.warn(name, { kind: 'restored', path: artifact.path, problem: 'edited', aside })
      }
      return undefined
    } catch (error) {
      if (!isOwnFault(error)) throw error
      return failureOf(error)
    }
  }
}
