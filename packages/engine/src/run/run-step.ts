import type { Claims } from '../store/claims/claims.ts'
import type { StepEntry } from '../record/step-entry.ts'
import { failureOf } from '@stepwell/base/failure'
import type { CodeParts } from '../identity/code.ts'
import type { StepwellError } from '@stepwell/base/errors'
import type { ExecutorKind } from '../define/execution.ts'
import type { Executor } from '../executor/executor.ts'
import type { StepKey } from '../identity/fingerprint.ts'
import type { OnFailure } from './cancellation.ts'
import { uncacheable, type Identity } from '../decide/resolve-inputs.ts'
import { decide, reuse } from '../decide/decide.ts'
import { Interruption, type SettledWorld } from '../decide/world.ts'
import type { Given } from '../decide/given.ts'
import type { Pass, Reuse, Serve, SettledVerdict } from '../decide/verdict.ts'
import { actualWorld, type ActualWorldOptions } from './actual-world.ts'
import { MappedSteps } from './mapped-step.ts'
import type { OrderedStep } from '../define/order.ts'
import { isOwnFault } from '../decide/step-fault.ts'
import type { Pipeline } from '../define/pipeline.ts'
import type { Plan } from '../plan/plan.ts'
import { cachedMoved, stepMoved } from '../plan/plan-drift.ts'
import type { ProcessIdentity } from '@stepwell/base/process-identity'
import { restoreOuts } from '../decide/restore.ts'
import { RunServices } from './services.ts'
import { codesOf, type SnapshotEntry } from '../record/snapshot.ts'
import { definition, isService } from '../define/step.ts'
import { StepAttempts } from './attempt.ts'
import { StepCommits } from './commit.ts'
import { settledAs } from './step-execution.ts'
import { ExecutionTable, type Finish } from './execution-table.ts'
import type { ItemLedgers } from '../store/cache/map-cache.ts'
import type { JournalRecord } from '../store/cache/journal.ts'
import type { ServiceRecords } from '../store/state/service-records.ts'
import type { Staging } from '../store/workspace/staging.ts'

/** How an execution ended, or when it is to be tried again, in milliseconds. */
export type Executed =
  | 'done'
  | 'failed'
  | 'cancelled'
  | { readonly again: number }
  | { readonly after: Promise<void> }
  | { readonly parts: number }

export interface StepRunnerOptions extends ActualWorldOptions {
  readonly run: string
  readonly pipeline: Pipeline
  readonly steps: readonly OrderedStep[]
  readonly staging: Staging
  readonly executor: Executor
  readonly claims: Claims
  readonly ledgers: ItemLedgers
  readonly services: ServiceRecords
  /** How long a service may take to end once it was told to, in milliseconds. */
  readonly grace: number
  /** The process for which services stay up after the run. */
  readonly keeper?: ProcessIdentity
  /** How many are executed at once. */
  readonly concurrency: number
  /** Takes down an entry before the step cache has it. */
  readonly journal: (record: JournalRecord) => void
  /** Steps to execute whatever the cache holds. */
  readonly forced: ReadonlySet<string>
  /** Whether outs that were edited by hand stay so. */
  readonly keepEdits: boolean
  /** What each step must turn out to be. */
  readonly plan?: Plan
  /** Where steps are executed that do not say it. */
  readonly kind: ExecutorKind
  readonly onFailure: OnFailure
}

/**
 * The life of each step of one run, from its inputs to its commit: whether and how it is executed. The scheduler decides
 * when.
 */
export class StepRunner {
  readonly #options: StepRunnerOptions
  readonly #codes: Readonly<Record<string, CodeParts>>
  readonly #plannedAsCached: ReadonlySet<string>
  readonly #table: ExecutionTable
  readonly #commits: StepCommits
  readonly #attempts: StepAttempts
  readonly #mapped: MappedSteps
  readonly #services: RunServices
  readonly #world: SettledWorld

  constructor(options: StepRunnerOptions) {
    this.#options = options
    this.#codes = codesOf(options.code)
    const cached = options.plan?.steps.filter(({ decision }) => decision === 'cached') ?? []
    this.#plannedAsCached = new Set(cached.map(({ name }) => name))
    const table = new ExecutionTable(options)
    this.#table = table
    this.#commits = new StepCommits({
      ...options,
      warn: (step, problem) => table.warn(step, problem),
    })
    this.#attempts = new StepAttempts(options, table, this.#commits)
    this.#mapped = new MappedSteps(options, table, this.#commits, this.#attempts)
    this.#services = new RunServices(options, table)
    this.#world = actualWorld(options, table, (service) => this.#services.isUp(service))
  }

  /** What each step that has outputs now was made from. */
  get entries(): ReadonlyMap<string, SnapshotEntry> {
    return this.#commits.entries
  }

  /** Decides what becomes of a step; nothing of it passes through the queue. */
  async settle(name: string): Promise<'done' | 'failed' | 'skipped' | 'cancelled' | 'execute'> {
    const ordered = this.#table.ordered(name)
    this.#table.begin(name)
    const verdict = await this.#decide(ordered)
    if (verdict === undefined) return this.#table.cancel(name, undefined)
    if (verdict.kind === 'pass') return await this.#pass(name, verdict)
    const { identity } = verdict
    if (identity !== undefined) {
      const reasons = verdict.kind === 'execute' ? verdict.reasons : []
      this.#table.set(name, settledAs(identity, reasons, this.#table.at(name).started))
    }
    const moved = this.#moved(name, verdict)
    if (moved !== undefined) return this.#table.fail(name, [], failureOf(moved))
    switch (verdict.kind) {
      case 'fail':
        return this.#table.fail(name, [], verdict.failure)
      case 'skip':
        this.#table.finish(name, 'skipped', { reasons: verdict.reasons })
        return 'skipped'
      case 'serve':
        return await this.#serve(ordered, verdict)
      case 'reuse':
        return await this.#reuse(ordered, verdict)
      case 'execute':
        for (const reason of verdict.reasons) this.#table.warn(name, reason)
        return 'execute'
    }
  }

  /** `undefined` when the run is stopped meanwhile. */
  async #decide(ordered: OrderedStep): Promise<SettledVerdict | undefined> {
    const { forced, halt } = this.#options
    try {
      const how = { forced: forced.has(ordered.name) }
      const verdict = await decide(ordered, how, this.#world)
      const isCutOff = verdict.kind === 'fail' && verdict.failure.code === 'STEPWELL_URL'
      return isCutOff && halt.killing.aborted ? undefined : verdict
    } catch (error) {
      if (error instanceof Interruption) return undefined
      throw error
    }
  }

  /** Why a step is not what was planned. */
  #moved(name: string, verdict: Exclude<SettledVerdict, Pass>): StepwellError | undefined {
    const { plan } = this.#options
    const { identity } = verdict
    if (plan === undefined || identity === undefined) return undefined
    const moved = stepMoved(plan, name, identity.ingredients, this.#codes)
    if (moved !== undefined || verdict.kind !== 'execute') return moved
    return this.#plannedAsCached.has(name) ? cachedMoved(name, verdict.reasons) : undefined
  }

  /** What the steps that read a service are given is known before it is up. */
  async #serve({ name, downstream }: OrderedStep, verdict: Serve): Promise<'done' | 'execute'> {
    await this.#keep(verdict)
    this.#table.give(name, verdict.outputs)
    if (downstream.length === 0 || this.#options.forced.has(name)) return 'execute'
    this.#services.defer(name)
    return 'done'
  }

  /** It has no key, and so leaves no entry. */
  async #pass(name: string, { because, ...given }: Pass): Promise<'done'> {
    await this.#keep(given)
    this.#table.give(name, given.outputs)
    this.#table.finish(name, 'cached', { reasons: [{ kind: 'adopted', because }], duration: 0 })
    return 'done'
  }

  async #reuse(ordered: OrderedStep, verdict: Reuse): Promise<'done' | 'failed'> {
    const { name } = ordered
    try {
      await this.#keep(verdict)
      const { from } = verdict
      const taken = 'run' in from ? await this.#hit(name, from, verdict) : undefined
      const how = taken ?? (await this.#adopt(ordered, verdict))
      this.#table.finish(name, 'cached', how, this.#table.outputs(name))
      return 'done'
    } catch (error) {
      if (!isOwnFault(error)) throw error
      return this.#table.fail(name, [], failureOf(error))
    }
  }

  /** Takes what is in the project for what the step would make. */
  async #adopt(ordered: OrderedStep, { identity, outputs, reasons }: Reuse): Promise<Finish> {
    await this.#commits.accept(ordered, identity, { outputs, metrics: {}, duration: 0 })
    this.#table.give(ordered.name, outputs)
    return { reasons, duration: 0 }
  }

  /** Takes an entry of the step cache, and sees to it that the outs are in place. */
  async #hit(name: string, entry: StepEntry, verdict: Reuse): Promise<Finish> {
    const { workspace, keepEdits } = this.#options
    const { identity, outputs } = verdict
    const restored = await restoreOuts(verdict, workspace, keepEdits)
    await this.#commits.take(name, identity, entry, outputs)
    this.#table.give(name, { ...outputs, outs: restored.outs })
    for (const reason of restored.reasons) this.#table.warn(name, reason)
    return { reasons: [...verdict.reasons, ...restored.reasons], metrics: { ...entry.metrics } }
  }

  async #keep({ bytes }: Given): Promise<void> {
    for (const each of bytes.values()) await this.#options.artifacts.put(each)
  }

  /** 4. Execute; 5. on success only, commit: bytes first, then the entry that promises them. */
  async execute(name: string): Promise<Executed> {
    const ordered = this.#table.ordered(name)
    const before = this.#table.in(name, 'settled')
    const { identity } = before
    if (isService(ordered.step)) {
      const how = await this.#services.bringUp(name, null)
      return how === 'up' ? 'done' : how
    }
    // It is not waited for in here: who has it may be waiting for the place that this takes.
    const claim = before.claim ?? this.#options.claims.tryTake(identity.key)
    if (claim === undefined) return { after: this.#waitForClaim(name, identity.key) }
    this.#table.set(name, { ...before, claim: undefined })
    let keepsClaim = false
    try {
      const settled = await this.#settleAgain(ordered, identity)
      if (settled !== undefined) return settled
      // Nothing is started once the run was stopped, not even what had its turn.
      if (this.#options.halt.stopping.aborted) {
        return this.#table.cancel(name, undefined)
      }
      const missing = await this.#services.bringUpFor(ordered)
      // The scheduler takes the service for done.
      if (missing?.how === 'failed') return this.#table.block(name, missing.service)
      if (missing !== undefined) {
        return this.#table.cancel(name, undefined)
      }
      const { work } = definition(ordered.step)
      if (work.kind !== 'map') {
        return await this.#attempts.execute(ordered, before)
      }
      const begun = await this.#mapped.begin(ordered, work, before, claim)
      // It is released when all parts have ended.
      keepsClaim = typeof begun !== 'string'
      return begun
    } finally {
      if (!keepsClaim) claim.release()
    }
  }

  /**
   * Waits until no other step executes equal work, here or in another process, or nothing more is to be
   * started.
   */
  async #waitForClaim(step: string, key: StepKey): Promise<void> {
    const { claims, halt, emit } = this.#options
    const signal = AbortSignal.any([halt.stopping, this.#table.failed])
    try {
      const claim = await claims.take(key, {
        signal,
        waiting: (owner) => {
          const message = `step \`${step}\` waits for ${owner}, which is making the same`
          emit({ type: 'warning', at: Date.now(), step, message })
        },
      })
      this.#table.set(step, { ...this.#table.in(step, 'settled'), claim })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Takes what has been made since the step was decided, in this run or in another one. */
  async #settleAgain(
    ordered: OrderedStep,
    identity: Identity,
  ): Promise<'done' | 'failed' | 'cancelled' | undefined> {
    const { cache, forced } = this.#options
    const { name } = ordered
    if (uncacheable(ordered, identity) !== undefined) return undefined
    // Asked in any case: a new index is filled from the journals, before this run adds to its own.
    const entry = await cache.get(identity.key)
    if (entry === undefined) return undefined
    if (forced.has(name) && !this.#commits.has(identity.key)) return undefined
    try {
      const verdict = await reuse(ordered, identity, entry, this.#world)
      return verdict.kind === 'reuse' ? await this.#reuse(ordered, verdict) : undefined
    } catch (error) {
      if (error instanceof Interruption) return this.#table.cancel(name, undefined)
      if (!isOwnFault(error)) throw error
      return this.#table.fail(name, [], failureOf(error))
    }
  }

  /** Executes a batch of the items of a mapped step. */
  async executePart(name: string, part: number): Promise<void> {
    await this.#mapped.perform(name, part)
  }

  /** Puts together what the items of a mapped step gave. */
  async gather(name: string): Promise<'done' | 'failed' | 'cancelled'> {
    return await this.#mapped.gather(name)
  }

  /** Stops services. All steps have ended. */
  async endServices(): Promise<void> {
    await this.#services.close()
  }

  /** Releases what unfinished steps hold. */
  close(): void {
    for (const execution of this.#table.all) if ('claim' in execution) execution.claim?.release()
  }

  skip(name: string, blockers: readonly string[]): void {
    this.#table.skip(name, blockers)
  }

  cancel(name: string, failed: string | undefined): void {
    this.#table.cancel(name, failed)
  }
}
