import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { Download, Downloads } from '../store/inputs/downloads.ts'
import type { ProjectFiles } from '../store/inputs/project-files.ts'
import type { Claims } from '../store/claims/claims.ts'
import type { StepCache } from '../store/cache/step-cache.ts'
import type { StepEntry } from '../record/step-entry.ts'
import { shownUrl } from '../define/shown-url.ts'
import { failureOf } from '@stepwell/base/failure'
import { reasonsOfHit } from '../identity/acceptance.ts'
import { adoptOuts, nothingGiven, type Adopted } from '../decide/adopt.ts'
import type { Outputs } from '../value/artifact.ts'
import { checkHit } from '../decide/check-hit.ts'
import type { CodeParts, PipelineCode } from '../identity/code.ts'
import { askCondition } from '../decide/condition.ts'
import { derivePicks } from '../decide/picks.ts'
import { StepwellError } from '@stepwell/base/errors'
import type { RunEvent } from '../record/event.ts'
import type { ExecutorKind } from '../define/execution.ts'
import type { Executor } from '../executor/executor.ts'
import { LEFT_ALONE, unlessLeftAlone } from '@stepwell/base/grace'
import type { StepKey } from '../identity/fingerprint.ts'
import type { Halt, OnFailure } from './cancellation.ts'
import {
  artifactIn,
  identify,
  outIn,
  uncacheable,
  type Identity,
  type ServiceState,
} from '../decide/resolve-inputs.ts'
import { impossible } from '@stepwell/base/invariant'
import { MappedSteps } from './mapped-step.ts'
import type { OrderedStep } from '../define/order.ts'
import type { OutPlaces } from '../decide/out-paths.ts'
import { isOwnFault } from '../decide/step-fault.ts'
import type { Pipeline } from '../define/pipeline.ts'
import type { Plan } from '../plan/plan.ts'
import { cachedMoved, stepMoved } from '../plan/plan-drift.ts'
import type { ProcessIdentity } from '@stepwell/base/process-identity'
import { compareIngredients, type Reason } from '../identity/reason.ts'
import { restoreOuts } from '../decide/restore.ts'
import { RunServices } from './services.ts'
import { serviceOutputs } from '../decide/service-output.ts'
import {
  codesOf,
  findReusable,
  lossOf,
  type Snapshot,
  type SnapshotEntry,
} from '../record/snapshot.ts'
import { definition, isService } from '../define/step.ts'
import { functionOf } from '../define/work.ts'
import { StepAttempts } from './attempt.ts'
import { StepCommits } from './commit.ts'
import type { Life } from './step-execution.ts'
import { StepLives } from './execution-table.ts'
import type { ItemLedgers } from '../store/cache/map-cache.ts'
import type { JournalRecord } from '../store/cache/journal.ts'
import type { ServiceRecords } from '../store/state/service-records.ts'
import type { Staging } from '../store/workspace/staging.ts'
import type { Workspace } from '../store/workspace/workspace.ts'
import { withFiles } from '../decide/changed-files.ts'

/** How an execution ended, or when it is to be tried again, in milliseconds. */
export type Executed =
  | 'done'
  | 'failed'
  | 'cancelled'
  | { readonly again: number }
  | { readonly after: Promise<void> }
  | { readonly parts: number }

export interface StepRunnerOptions {
  readonly run: string
  /** The project directory. */
  readonly dir: string
  readonly pipeline: Pipeline
  readonly steps: readonly OrderedStep[]
  readonly code: PipelineCode
  /** The last known state, to say what changed since. */
  readonly snapshot: Snapshot
  readonly cache: StepCache
  readonly artifacts: ArtifactStore
  readonly files: ProjectFiles
  readonly downloads: Downloads
  readonly workspace: Workspace
  readonly staging: Staging
  readonly executor: Executor
  readonly claims: Claims
  readonly ledgers: ItemLedgers
  readonly services: ServiceRecords
  /** How long a service may take to end once it was told to, in milliseconds. */
  readonly grace: number
  /** The process for whose sake services stay up after the run. */
  readonly keeper?: ProcessIdentity
  /** How many are executed at once. */
  readonly concurrency: number
  /** Takes down an entry before the step cache has it. */
  readonly journal: (record: JournalRecord) => void
  /** Steps to execute whatever the cache holds. */
  readonly forced: ReadonlySet<string>
  /** Whether outs that were edited by hand stay so. */
  readonly keepEdits: boolean
  /** Where steps of the pipeline write. */
  readonly places: OutPlaces
  /** What each step must turn out to be. */
  readonly plan?: Plan
  /** Where steps are executed that do not say it. */
  readonly kind: ExecutorKind
  readonly halt: Halt
  readonly onFailure: OnFailure
  readonly emit: (event: RunEvent) => void
}

/**
 * The life of each step of one run, from its inputs to its commit: whether and how it is executed. When
 * is not decided here.
 */
export class StepRunner {
  readonly #options: StepRunnerOptions
  readonly #codes: Readonly<Record<string, CodeParts>>
  readonly #plannedAsCached: ReadonlySet<string>
  readonly #lives: StepLives
  readonly #commits: StepCommits
  readonly #attempts: StepAttempts
  readonly #mapped: MappedSteps
  readonly #services: RunServices
  readonly #downloads = new Map<string, Promise<Download>>()

  constructor(options: StepRunnerOptions) {
    this.#options = options
    this.#codes = codesOf(options.code)
    const cached = options.plan?.steps.filter(({ decision }) => decision === 'cached') ?? []
    this.#plannedAsCached = new Set(cached.map(({ name }) => name))
    const lives = new StepLives(options)
    this.#lives = lives
    this.#commits = new StepCommits({
      ...options,
      warn: (step, problem) => lives.warn(step, problem),
    })
    this.#attempts = new StepAttempts(options, lives, this.#commits)
    this.#mapped = new MappedSteps(options, lives, this.#commits, this.#attempts)
    this.#services = new RunServices(options, {
      ordered: (name) => lives.ordered(name),
      life: (name) => lives.life(name),
      statusOf: (name) => lives.statusOf(name),
      finish: (name, status, how) => lives.finish(name, status, how, lives.life(name).outputs),
      fail: (name, reasons, error) => void lives.fail(name, reasons, error),
    })
  }

  /** What each step that has outputs now was made from. */
  get entries(): ReadonlyMap<string, SnapshotEntry> {
    return this.#commits.entries
  }

  /** 1. Resolve inputs to digests; 2. fingerprint and key; 3. look up, and check what was found. */
  async settle(name: string): Promise<'done' | 'failed' | 'skipped' | 'cancelled' | 'execute'> {
    const { code, files, places, halt } = this.#options
    const ordered = this.#lives.ordered(name)
    const life = this.#lives.begin(name)
    const excuse = this.#options.forced.has(name)
      ? undefined
      : await definition(ordered.step).passOver?.()
    if (excuse !== undefined) return await this.#passOver(name, life, excuse)
    let identity: Identity
    try {
      identity = await identify(ordered, {
        code,
        files,
        outPaths: places.paths,
        nameOf: this.#lives.nameOf,
        outputOf: (upstream, field) => artifactIn(this.#lives.outputs(upstream), field),
        outOf: (upstream, out) => outIn(this.#lives.outputs(upstream), out),
        serviceOf: (upstream) => this.#serviceOf(upstream),
        download: async (url) => await this.#download(name, url),
      })
    } catch (error) {
      // A missing input is the step's failure. Anything else is the store's, and ends the run.
      if (!(error instanceof StepwellError)) throw error
      if (halt.killing.aborted && error.code === 'STEPWELL_URL') {
        return this.#lives.cancel(name, undefined)
      }
      return this.#lives.fail(name, [], failureOf(error))
    }
    life.identity = identity
    const { plan } = this.#options
    const moved = plan && stepMoved(plan, name, identity.ingredients, this.#codes)
    if (moved !== undefined) return this.#lives.fail(name, [], failureOf(moved))
    const wanted = await this.#unlessKilled(
      definition(ordered.step).when !== undefined,
      askCondition(ordered, identity, this.#options),
    )
    if (wanted === LEFT_ALONE) {
      return this.#lives.cancel(name, undefined)
    }
    if (typeof wanted !== 'boolean') return this.#lives.fail(name, [], wanted)
    if (!wanted) {
      this.#lives.finish(name, 'skipped', { reasons: [{ kind: 'condition' }] })
      return 'skipped'
    }
    if (isService(ordered.step)) return await this.#settleService(ordered, life)
    const never = uncacheable(ordered, identity)
    if (this.#options.forced.has(name)) life.reasons = [{ kind: 'forced' }]
    else if (never !== undefined) life.reasons = [never]
    else {
      const settled = await this.#lookUp(ordered, life, identity)
      if (settled !== 'execute') return settled
    }
    if (this.#plannedAsCached.has(name)) {
      return this.#lives.fail(name, life.reasons, failureOf(cachedMoved(name, life.reasons)))
    }
    return 'execute'
  }

  /** What asks a function of the step's author may never end: it is left alone when the run is stopped. */
  async #unlessKilled<T>(asksAuthor: boolean, work: Promise<T>): Promise<T | typeof LEFT_ALONE> {
    return asksAuthor ? await unlessLeftAlone(work, this.#options.halt.killing, 0) : await work
  }

  /** Why what was found cannot be used. */
  async #check(ordered: OrderedStep, outputs: Outputs): Promise<Reason[]> {
    const { artifacts, workspace, dir } = this.#options
    const checked = checkHit(ordered, outputs, artifacts, workspace, dir)
    const asksAuthor = functionOf(definition(ordered.step).work)?.stale !== undefined
    const problems = await this.#unlessKilled(asksAuthor, checked)
    if (problems !== LEFT_ALONE) return problems
    return [{ kind: 'effect', why: 'its effect could not be checked before the run was stopped' }]
  }

  /** What those that read a service are given is known before it is up. */
  async #settleService(ordered: OrderedStep, life: Life): Promise<'done' | 'failed' | 'execute'> {
    const { name, downstream } = ordered
    const { artifacts, forced } = this.#options
    try {
      life.outputs = await serviceOutputs(ordered, async (bytes) => await artifacts.put(bytes))
    } catch (error) {
      if (!isOwnFault(error)) throw error
      return this.#lives.fail(name, [], failureOf(error))
    }
    if (downstream.length === 0 || forced.has(name)) return 'execute'
    this.#services.defer(name)
    return 'done'
  }

  #serviceOf(name: string): ServiceState | undefined {
    if (!this.#lives.has(name)) return undefined
    const { step } = this.#lives.ordered(name)
    if (!isService(step)) return undefined
    const identity =
      this.#lives.life(name).identity ?? impossible(`service \`${name}\` was not settled`)
    const holds = async (): Promise<boolean> =>
      // It may read what it was given whenever it likes.
      this.#services.isUp(name) && (await identity.moved()) === undefined
    return { key: identity.key, holds }
  }

  /** Each address is asked once: all steps of a run are given the same. */
  async #download(step: string, url: string): Promise<Download> {
    const { downloads, halt } = this.#options
    const asked = this.#downloads.get(url) ?? downloads.fetch(url, halt.killing)
    const isFirst = !this.#downloads.has(url)
    this.#downloads.set(url, asked)
    const download = await asked
    if (isFirst && download.stale !== undefined) {
      const message = `${shownUrl(url)} cannot be asked: ${download.stale}; what was downloaded before is used`
      this.#options.emit({ type: 'warning', at: Date.now(), step, message })
    }
    return download
  }

  async #lookUp(
    ordered: OrderedStep,
    life: Life,
    identity: Identity,
  ): Promise<'done' | 'failed' | 'execute'> {
    const { cache, snapshot } = this.#options
    // What was there after the last run need not be asked of the database; what was accepted may have
    // been revoked since.
    const known = findReusable(snapshot, ordered.name, identity.key)
    const isSure = known !== undefined && known.accepted === undefined
    const entry = isSure ? known : await cache.get(identity.key)
    if (entry === undefined) {
      const adopted = await adoptOuts(ordered, this.#options)
      if (adopted !== undefined) return await this.#adopt(ordered, life, identity, adopted)
      life.reasons = await this.#compare(ordered.name, identity)
      return 'execute'
    }
    const problems = await this.#check(ordered, entry.outputs)
    if (problems.length > 0) {
      life.reasons = problems
      for (const problem of problems) this.#lives.warn(ordered.name, problem)
      return 'execute'
    }
    return await this.#hit(ordered, life, identity, entry)
  }

  /** It has no key, and so leaves no entry. */
  async #passOver(name: string, life: Life, because: string): Promise<'done'> {
    life.duration = 0
    life.outputs = await nothingGiven(this.#options.artifacts)
    this.#lives.finish(name, 'cached', { reasons: [{ kind: 'adopted', because }] })
    return 'done'
  }

  /** Takes what is in the project for what the step would make. */
  async #adopt(
    ordered: OrderedStep,
    life: Life,
    identity: Identity,
    { outputs, because }: Adopted,
  ): Promise<'done'> {
    const { name } = ordered
    life.duration = 0
    await this.#commits.accept(ordered, life, identity, outputs)
    this.#lives.finish(name, 'cached', { reasons: [{ kind: 'adopted', because }] }, outputs)
    return 'done'
  }

  async #hit(
    ordered: OrderedStep,
    life: Life,
    identity: Identity,
    entry: StepEntry,
  ): Promise<'done' | 'failed'> {
    const { name } = ordered
    const { artifacts, workspace, keepEdits } = this.#options
    let outputs: Outputs
    let restored: Awaited<ReturnType<typeof restoreOuts>>
    try {
      outputs = await derivePicks(ordered, entry.outputs, artifacts, async (bytes) => {
        return await artifacts.put(bytes)
      })
      restored = await restoreOuts(outputs, workspace, keepEdits)
    } catch (error) {
      if (!isOwnFault(error)) throw error
      return this.#lives.fail(name, [], failureOf(error))
    }
    await this.#commits.take(name, identity, entry, outputs)
    life.outputs = { ...outputs, outs: restored.outs }
    life.metrics = { ...entry.metrics }
    const reasons = [...reasonsOfHit(entry), ...restored.reasons]
    for (const reason of restored.reasons) this.#lives.warn(name, reason)
    this.#lives.finish(name, 'cached', { reasons }, life.outputs)
    return 'done'
  }

  /** 4. Execute; 5. on success only, commit: bytes first, then the entry that promises them. */
  async execute(name: string): Promise<Executed> {
    const ordered = this.#lives.ordered(name)
    const life = this.#lives.life(name)
    const identity = life.identity ?? impossible(`step \`${name}\` was not settled`)
    if (isService(ordered.step)) {
      const how = await this.#services.bringUp(name, null)
      return how === 'up' ? 'done' : how
    }
    // It is not waited for in here: who has it may be waiting for the place that this takes.
    const claim = life.claim ?? this.#options.claims.tryTake(identity.key)
    life.claim = undefined
    if (claim === undefined) return { after: this.#waitForClaim(name, life, identity.key) }
    let keepsClaim = false
    try {
      const settled = await this.#settleAgain(ordered, life, identity)
      if (settled !== undefined) return settled
      // Nothing is started once the run was stopped, not even what had its turn.
      if (this.#options.halt.stopping.aborted) {
        return this.#lives.cancel(name, undefined)
      }
      const missing = await this.#services.bringUpFor(ordered)
      // The scheduler takes the service for done.
      if (missing?.how === 'failed') return this.#lives.block(name, missing.service)
      if (missing !== undefined) {
        return this.#lives.cancel(name, undefined)
      }
      const { work } = definition(ordered.step)
      if (work.kind !== 'map') {
        return await this.#attempts.execute(ordered, life, identity)
      }
      const begun = await this.#mapped.begin(ordered, work, life, identity, claim)
      // It is let go of when all parts have ended.
      keepsClaim = typeof begun !== 'string'
      return begun
    } finally {
      if (!keepsClaim) claim.release()
    }
  }

  /** Waits until nobody else executes equal work, here or in another process, or nothing more is to be started. */
  async #waitForClaim(step: string, life: Life, key: StepKey): Promise<void> {
    const { claims, halt, emit } = this.#options
    const signal = AbortSignal.any([halt.stopping, this.#lives.failed])
    try {
      life.claim = await claims.take(key, {
        signal,
        waiting: (owner) => {
          const message = `step \`${step}\` waits for ${owner}, which is making the same`
          emit({ type: 'warning', at: Date.now(), step, message })
        },
      })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Takes what has been made since the step was looked up, in this run or in another one. */
  async #settleAgain(
    ordered: OrderedStep,
    life: Life,
    identity: Identity,
  ): Promise<'done' | 'failed' | undefined> {
    const { cache, forced } = this.#options
    const { key } = identity
    if (uncacheable(ordered, identity) !== undefined) return undefined
    // Asked in any case: a new index is filled from the journals, before this run adds to its own.
    const entry = await cache.get(key)
    if (entry === undefined) return undefined
    if (forced.has(ordered.name) && !this.#commits.has(key)) return undefined
    const problems = await this.#check(ordered, entry.outputs)
    return problems.length > 0 ? undefined : await this.#hit(ordered, life, identity, entry)
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

  /** Lets go of what steps hold that did not come to their end. */
  close(): void {
    for (const life of this.#lives.all) {
      life.claim?.release()
      this.#mapped.end(life)
    }
  }

  skip(name: string, blockers: readonly string[]): void {
    this.#lives.skip(name, blockers)
  }

  cancel(name: string, failed: string | undefined): void {
    this.#lives.cancel(name, failed)
  }

  async #compare(name: string, identity: Identity): Promise<Reason[]> {
    const { snapshot, artifacts } = this.#options
    const before = snapshot.steps[name]?.entries[0]
    if (before === undefined) return [{ kind: 'new' }]
    const reasons = compareIngredients(before.ingredients, identity.ingredients, {
      ...snapshot.codes,
      ...this.#codes,
    })
    if (reasons.length === 0) return [lossOf(before)]
    return await withFiles(reasons, before.ingredients, identity, artifacts)
  }
}
