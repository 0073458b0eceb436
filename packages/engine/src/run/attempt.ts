import { failureOf, type Failure } from '@stepwell/base/failure'
import type { Outputs } from '../value/artifact.ts'
import { executeJob, type JobSurroundings } from './job.ts'
import { pauseAfter } from '../define/execution.ts'
import type { Halt } from './cancellation.ts'
import { uncacheable, type Identity } from '../decide/resolve-inputs.ts'
import { impossible } from '@stepwell/base/invariant'
import type { OrderedStep } from '../define/order.ts'
import { isOwnFault } from '../decide/step-fault.ts'
import { definition } from '../define/step.ts'
import { commandOf } from '../define/work.ts'
import type { StepCommits } from './commit.ts'
import type { Life } from './step-execution.ts'
import type { StepLives } from './execution-table.ts'
import { changed } from '../store/inputs/file-input.ts'
import type { StagedOuts, Staging } from '../store/workspace/staging.ts'
import type { Workspace } from '../store/workspace/workspace.ts'

export interface AttemptsOptions extends Omit<JobSurroundings, 'signal'> {
  readonly run: string
  readonly workspace: Workspace
  readonly staging: Staging
  readonly halt: Halt
}

/** Attempts at executing steps: each begins in a place of its own, and ends in a commit or a failure. */
export class StepAttempts {
  readonly #options: AttemptsOptions
  readonly #lives: StepLives
  readonly #commits: StepCommits

  constructor(options: AttemptsOptions, lives: StepLives, commits: StepCommits) {
    this.#options = options
    this.#lives = lives
    this.#commits = commits
  }

  /** Begins an attempt, with a place to write to. */
  start({ name, step }: OrderedStep, life: Life, { key }: Identity): StagedOuts {
    const { emit, staging, run } = this.#options
    life.started = performance.now()
    life.attempts += 1
    life.metrics = {}
    const { reasons, attempts } = life
    emit({ type: 'step-started', at: Date.now(), step: name, attempt: attempts, reasons })
    const { outs, work } = definition(step)
    return staging.open(run, name, key, outs, attempts, commandOf(work)?.inPlace?.keeps)
  }

  /** Executes a step once. */
  async execute(
    ordered: OrderedStep,
    life: Life,
    identity: Identity,
  ): Promise<'done' | 'failed' | 'cancelled' | { readonly again: number }> {
    const { name } = ordered
    const staged = this.start(ordered, life, identity)
    let failure: Failure | undefined
    try {
      failure = await this.#perform(ordered, life, identity, staged)
    } catch (error) {
      await staged.failed(error)
      throw error
    }
    if (failure === undefined) {
      await staged.succeeded()
      this.#lives.finish(name, 'succeeded', { reasons: life.reasons }, this.#lives.outputs(name))
      return 'done'
    }
    await staged.failed(failure)
    return this.#end(ordered, life, failure)
  }

  /** An attempt failed: another one follows, or that was all. */
  #end(
    { name, step }: OrderedStep,
    life: Life,
    failure: Failure,
  ): 'failed' | 'cancelled' | { readonly again: number } {
    const { emit, halt } = this.#options
    const { reasons, attempts } = life
    if (halt.killing.aborted) {
      this.#lives.finish(name, 'cancelled', { reasons, error: failure })
      return 'cancelled'
    }
    const { retry } = definition(step).execution
    let pause: number | undefined
    try {
      pause = halt.stopping.aborted ? undefined : pauseAfter(retry, attempts, failure)
    } catch (error) {
      // The function that was asked is the step's own.
      return this.#lives.fail(name, reasons, failureOf(error))
    }
    if (pause === undefined) return this.#lives.fail(name, reasons, failure)
    emit({
      type: 'step-retried',
      at: Date.now(),
      step: name,
      attempt: attempts,
      attempts: retry.attempts,
      pause,
      error: failure,
    })
    return { again: pause }
  }

  /** Calls the step, commits what it made, and puts its outs into place. */
  async #perform(
    ordered: OrderedStep,
    life: Life,
    identity: Identity,
    staged: StagedOuts,
  ): Promise<Failure | undefined> {
    const { name } = ordered
    const signal = this.#options.halt.killing
    const touched =
      uncacheable(ordered, identity) === undefined ? await identity.sight() : undefined
    const result = await executeJob(ordered, identity, staged, life.metrics, {
      ...this.#options,
      signal,
    })
    life.duration = result.duration
    if (!result.ok && signal.aborted) return result.failure
    const moved = await identity.moved()
    if (moved !== undefined) return failureOf(changed(moved))
    if (!result.ok) return result.failure
    if (!('outputs' in result)) return impossible(`step \`${name}\` has no items`)
    await this.#commits.accept(ordered, life, identity, result.outputs, await touched?.())
    return await this.#place(name, result.outputs, staged)
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
        this.#lives.warn(name, { kind: 'restored', path: artifact.path, problem: 'edited', aside })
      }
      return undefined
    } catch (error) {
      if (!isOwnFault(error)) throw error
      return failureOf(error)
    }
  }
}
