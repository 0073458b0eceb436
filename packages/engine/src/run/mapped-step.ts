import type { Claim } from '../store/claims/claims.ts'
import { failureOf } from '@stepwell/base/failure'
import type { Outputs } from '../value/artifact.ts'
import { derivePicks } from '../decide/picks.ts'
import { describeValue } from '../value/summary.ts'
import { StepwellError } from '@stepwell/base/errors'
import type { Halt, OnFailure } from './cancellation.ts'
import { uncacheable, type Identity } from '../decide/resolve-inputs.ts'
import { impossible } from '@stepwell/base/invariant'
import type { OrderedStep } from '../define/order.ts'
import { isOwnFault } from '../decide/step-fault.ts'
import { MapRun, type MapSurroundings } from './map-execution.ts'
import type { StepAttempts } from './attempt.ts'
import type { StepCommits } from './commit.ts'
import type { Life } from './step-execution.ts'
import type { StepLives } from './execution-table.ts'
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
  readonly #lives: StepLives
  readonly #commits: StepCommits
  readonly #attempts: StepAttempts

  constructor(
    options: MappedStepsOptions,
    lives: StepLives,
    commits: StepCommits,
    attempts: StepAttempts,
  ) {
    this.#options = options
    this.#lives = lives
    this.#commits = commits
    this.#attempts = attempts
  }

  /** @param claim let go of when all parts have ended */
  async begin(
    ordered: OrderedStep,
    work: MapWork,
    life: Life,
    identity: Identity,
    claim: Claim,
  ): Promise<'failed' | { readonly parts: number }> {
    const { name } = ordered
    const { forced, onFailure, halt } = this.#options
    const staged = this.#attempts.start(ordered, life, identity)
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
        metrics: life.metrics,
      })
    } catch (error) {
      await staged.failed(error)
      if (!(error instanceof StepwellError) || error.code !== 'STEPWELL_MAP') throw error
      return this.#lives.fail(name, life.reasons, failureOf(error))
    }
    life.mapping = { run, staged, claim }
    this.#tell(name, run)
    return { parts: run.parts }
  }

  #tell(step: string, { counts, base }: MapRun): void {
    this.#options.emit({ type: 'step-items', at: Date.now(), step, items: counts, base })
  }

  /** Executes a batch of the items of a mapped step. */
  async perform(name: string, part: number): Promise<void> {
    const { run } = this.#lives.life(name).mapping ?? impossible(`step \`${name}\` has no parts`)
    await run.perform(part)
    this.#tell(name, run)
  }

  /** Puts together what the items of a mapped step gave. */
  async gather(name: string): Promise<'done' | 'failed' | 'cancelled'> {
    const ordered = this.#lives.ordered(name)
    const life = this.#lives.life(name)
    const { mapping, identity } = life
    if (mapping === undefined || identity === undefined) return impossible(`no parts of ${name}`)
    const { run, staged } = mapping
    const { reasons } = life
    try {
      life.duration = performance.now() - life.started
      const { problem } = run
      if (problem !== undefined) {
        await staged.failed(problem)
        const isStopped = problem === 'stopped' || this.#options.halt.killing.aborted
        if (!isStopped) return this.#lives.fail(name, reasons, problem)
        const error = problem === 'stopped' ? {} : { error: problem }
        this.#lives.finish(name, 'cancelled', { reasons, ...error })
        return 'cancelled'
      }
      const outputs = await this.#gathered(ordered, run)
      await this.#commits.accept(ordered, life, identity, outputs, run.touched)
      await staged.succeeded()
      this.#lives.finish(name, 'succeeded', { reasons: life.reasons }, outputs)
      return 'done'
    } catch (error) {
      if (!isOwnFault(error)) throw error
      return this.#lives.fail(name, reasons, failureOf(error))
    } finally {
      this.end(life)
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

  /** Lets go of what a step holds while its parts are executed. */
  end(life: Life): void {
    life.mapping?.claim.release()
    life.mapping = undefined
  }
}
