import type { Claim } from '../store/claims/claims.ts'
import { failureOf } from '@stepwell/base/failure'
import type { Outputs } from '../value/artifact.ts'
import { derivePicks } from '../decide/picks.ts'
import { describeValue } from '../value/summary.ts'
import { StepwellError } from '@stepwell/base/errors'
import type { Halt, OnFailure } from './cancellation.ts'
import { uncacheable } from '../decide/resolve-inputs.ts'
import type { OrderedStep } from '../define/order.ts'
import { isOwnFault } from '../decide/step-fault.ts'
import { MapRun, type MapSurroundings } from './map-execution.ts'
import type { StepAttempts } from './attempt.ts'
import type { StepCommits } from './commit.ts'
import type { Mapped, Settled } from './step-execution.ts'
import type { ExecutionTable } from './execution-table.ts'
import { encodeValue } from '../value/codec.ts'
import type { MapWork } from '../define/work.ts'

export interface MappedStepsOptions extends Omit<
  MapSurroundings,
  'work' | 'reuse' | 'keepGoing' | 'signal' | 'stopping' | 'staged' | 'metrics'
> {
  /** Steps to execute whatever is known. */
  readonly forced: ReadonlySet<string>
  readonly halt: Halt
  readonly onFailure: OnFailure
}

/** The mapped steps of one run, which are executed in parts. */
export class MappedSteps {
  readonly #options: MappedStepsOptions
  readonly #table: ExecutionTable
  readonly #commits: StepCommits
  readonly #attempts: StepAttempts

  constructor(
    options: MappedStepsOptions,
    table: ExecutionTable,
    commits: StepCommits,
    attempts: StepAttempts,
  ) {
    this.#options = options
    this.#table = table
    this.#commits = commits
    this.#attempts = attempts
  }

  /** @param claim released when all parts have ended */
  async begin(
    ordered: OrderedStep,
    work: MapWork,
    before: Settled,
    claim: Claim,
  ): Promise<'failed' | { readonly parts: number }> {
    const { name } = ordered
    const { forced, onFailure, halt } = this.#options
    const { executing, staged } = this.#attempts.start(ordered, before)
    const { identity, reasons, metrics } = executing
    const isCached = uncacheable(ordered, identity) === undefined
    let run: MapRun
    try {
      run = await MapRun.begin(ordered, identity, {
        ...this.#options,
        work,
        reuse: { read: isCached && !forced.has(name), write: isCached },
        keepGoing: onFailure === 'continue',
        signal: halt.killing,
        stopping: halt.stopping,
        staged,
        metrics,
      })
    } catch (error) {
      await staged.failed(error)
      if (!(error instanceof StepwellError) || error.code !== 'STEPWELL_MAP') throw error
      return this.#table.fail(name, reasons, failureOf(error))
    }
    this.#table.set(name, { ...executing, state: 'mapped', run, staged, claim })
    this.#tell(name, run)
    return { parts: run.parts }
  }

  #tell(step: string, { counts, base }: MapRun): void {
    this.#options.emit({ type: 'step-items', at: Date.now(), step, items: counts, base })
  }

  /** Executes a batch of the items of a mapped step. */
  async perform(name: string, part: number): Promise<void> {
    const { run } = this.#table.in(name, 'mapped')
    await run.perform(part)
    this.#tell(name, run)
  }

  /** Puts together what the items of a mapped step gave. */
  async gather(name: string): Promise<'done' | 'failed' | 'cancelled'> {
    const ordered = this.#table.ordered(name)
    const mapped = this.#table.in(name, 'mapped')
    const { run, staged, reasons, identity, metrics } = mapped
    const duration = performance.now() - mapped.started
    try {
      const { problem } = run
      if (problem !== undefined) {
        await staged.failed(problem)
        const isStopped = problem === 'stopped' || this.#options.halt.killing.aborted
        if (!isStopped) return this.#table.fail(name, reasons, problem, { duration })
        const error = problem === 'stopped' ? {} : { error: problem }
        this.#table.finish(name, 'cancelled', { reasons, duration, ...error })
        return 'cancelled'
      }
      const outputs = await this.#gathered(ordered, run)
      const made = { outputs, metrics, duration }
      const remarks = await this.#commits.accept(ordered, identity, made, run.touched)
      this.#table.give(name, outputs)
      await staged.succeeded()
      const all = [...reasons, ...remarks]
      this.#table.finish(name, 'succeeded', { reasons: all, duration }, outputs)
      return 'done'
    } catch (error) {
      if (!isOwnFault(error)) throw error
      return this.#table.fail(name, reasons, failureOf(error), { duration })
    } finally {
      this.#release(name, mapped)
    }
  }

  async #gathered(ordered: OrderedStep, run: MapRun): Promise<Outputs> {
    const { artifacts } = this.#options
    const values = await run.gather()
    const bytes = encodeValue(values)
    const digest = await artifacts.put(bytes)
    const about = describeValue(values)
    const value = { kind: 'value', digest, size: bytes.length, about } as const
    const outputs: Outputs = { value, picks: {}, outs: {}, items: run.base }
    return await derivePicks(ordered, outputs, artifacts, async (part) => await artifacts.put(part))
  }

  /** Its items have ended, however that was. */
  #release(name: string, mapped: Mapped): void {
    mapped.claim.release()
    if (this.#table.at(name).state !== 'mapped') return
    // It holds nothing any more.
    const { started, identity, reasons, attempts, metrics } = mapped
    this.#table.set(name, { state: 'executing', started, identity, reasons, attempts, metrics })
  }
}
