import { reasonsOfHit } from './acceptance.ts'
import type { Outputs } from './artifact.ts'
import { adoptOuts, type Adopted } from './adopt-outs.ts'
import { checkHit } from './check-hit.ts'
import type { CodeParts, PipelineCode } from './code.ts'
import { derivePicks } from './derive-picks.ts'
import { describeValue } from './describe.ts'
import { StepwellError } from './errors.ts'
import type { RunEvent, StepFinished } from './event.ts'
import { executeJob } from './execute-job.ts'
import { pauseAfter, type ExecutorKind } from './execution.ts'
import type { Executor } from './executor/executor.ts'
import { LEFT_ALONE, unlessLeftAlone } from './executor/leave-alone.ts'
import type { StepKey } from './fingerprint.ts'
import type { Halt, OnFailure } from './halt.ts'
import {
  artifactIn,
  declaredInputs,
  identify,
  outIn,
  uncacheable,
  type Identity,
  type ServiceState,
} from './identify.ts'
import type { OrderedStep } from './order.ts'
import { namesOf, type Pipeline } from './pipeline.ts'
import type { Plan } from './plan.ts'
import type { ProcessIdentity } from './process-identity.ts'
import { cachedMoved, stepMoved } from './plan-moved.ts'
import { compareIngredients, type Reason } from './reason.ts'
import { warningOf } from './reason-warning.ts'
import { restoreOuts } from './restore-outs.ts'
import { RunServices } from './run-services.ts'
import { serviceOutputs } from './service-outputs.ts'
import { MapRun } from './run-map.ts'
import { failureOf, type Failure } from './step-record.ts'
import { codesOf, findReusable, leftBy } from './snapshot.ts'
import { definition, type Step } from './step.ts'
import { askCondition } from './condition.ts'
import { beginLife, type Life } from './step-life.ts'
import { changed } from './store/file-input.ts'
import type { ServiceRecords } from './store/service-records.ts'
import type { ItemLedgers } from './store/item-ledger.ts'
import type { JournalRecord } from './store/journal.ts'
import type { StagedOuts, Staging } from './store/staging.ts'
import type {
  ArtifactStore,
  Claim,
  Claims,
  Download,
  Downloads,
  ProjectFiles,
  Snapshot,
  SnapshotEntry,
  StepCache,
  StepEntry,
} from './store/store.ts'
import type { Workspace } from './store/workspace.ts'
import { withFiles } from './tree-reasons.ts'
import { encodeValue } from './value.ts'

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
  /** Paths that steps of the pipeline write. */
  readonly outPaths: readonly string[]
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
  readonly #steps: ReadonlyMap<string, OrderedStep>
  readonly #nameOf: (step: Step) => string
  readonly #codes: Readonly<Record<string, CodeParts>>
  readonly #plannedAsCached: ReadonlySet<string>
  readonly #lives = new Map<string, Life>()
  readonly #ended = new Map<string, StepFinished['status']>()
  readonly #services: RunServices
  /** Steps that ended the run as a failure does, by the service that failed. */
  readonly #blocked = new Map<string, string>()
  readonly #entries = new Map<string, SnapshotEntry>()
  /** Keys whose outputs were committed in this run. */
  readonly #committed = new Set<StepKey>()
  readonly #downloads = new Map<string, Promise<Download>>()
  /** Aborts when a failure keeps anything more from being started. */
  readonly #failed = new AbortController()

  constructor(options: StepRunnerOptions) {
    this.#options = options
    this.#codes = codesOf(options.code)
    const cached = options.plan?.steps.filter(({ decision }) => decision === 'cached') ?? []
    this.#plannedAsCached = new Set(cached.map(({ name }) => name))
    this.#steps = new Map(options.steps.map((ordered) => [ordered.name, ordered]))
    const names = namesOf(options.pipeline)
    this.#nameOf = (step) => names.get(step) ?? impossible('a step without a name')
    this.#services = new RunServices(options, {
      ordered: (name) => this.#ordered(name),
      life: (name) => this.#life(name),
      statusOf: (name) => this.#ended.get(name),
      finish: (name, status, how) => {
        const { outputs } = this.#life(name)
        this.#finish(name, status, { ...how, ...(outputs !== undefined && shown(outputs)) })
      },
      fail: (name, reasons, error) => void this.#fail(name, reasons, error),
    })
  }

  /** What each step that has outputs now was made from. */
  get entries(): ReadonlyMap<string, SnapshotEntry> {
    return this.#entries
  }

  /** 1. Resolve inputs to digests; 2. fingerprint and key; 3. look up, and check what was found. */
  async settle(name: string): Promise<'done' | 'failed' | 'skipped' | 'cancelled' | 'execute'> {
    const { code, files, outPaths, halt } = this.#options
    const ordered = this.#ordered(name)
    const life = beginLife()
    this.#lives.set(name, life)
    let identity: Identity
    try {
      identity = await identify(ordered, {
        code,
        files,
        outPaths,
        nameOf: this.#nameOf,
        outputOf: (upstream, field) => artifactIn(this.#outputs(upstream), field),
        outOf: (upstream, out) => outIn(this.#outputs(upstream), out),
        serviceOf: (upstream) => this.#serviceOf(upstream),
        download: async (url) => await this.#download(url),
      })
    } catch (error) {
      // A missing input is the step's failure. Anything else is the store's, and ends the run.
      if (!(error instanceof StepwellError)) throw error
      if (halt.killing.aborted && error.code === 'STEPWELL_URL') {
        this.cancel(name, undefined)
        return 'cancelled'
      }
      return this.#fail(name, [], failureOf(error))
    }
    life.identity = identity
    const { plan } = this.#options
    const moved = plan && stepMoved(plan, name, identity.ingredients, this.#codes)
    if (moved !== undefined) return this.#fail(name, [], failureOf(moved))
    const wanted = await this.#unlessKilled(
      definition(ordered.step).when !== undefined,
      askCondition(ordered, identity, this.#options),
    )
    if (wanted === LEFT_ALONE) {
      this.cancel(name, undefined)
      return 'cancelled'
    }
    if (typeof wanted !== 'boolean') return this.#fail(name, [], wanted)
    if (!wanted) {
      this.#finish(name, 'skipped', { reasons: [{ kind: 'condition' }] })
      return 'skipped'
    }
    if (definition(ordered.step).service !== undefined)
      return await this.#settleService(ordered, life)
    const never = uncacheable(ordered, identity)
    if (this.#options.forced.has(name)) life.reasons = [{ kind: 'forced' }]
    else if (never !== undefined) life.reasons = [never]
    else {
      const settled = await this.#lookUp(ordered, life, identity)
      if (settled !== 'execute') return settled
    }
    if (this.#plannedAsCached.has(name)) {
      return this.#fail(name, life.reasons, failureOf(cachedMoved(name, life.reasons)))
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
    const asksAuthor = definition(ordered.step).run.stale !== undefined
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
      return this.#fail(name, [], failureOf(error))
    }
    if (downstream.length === 0 || forced.has(name)) return 'execute'
    this.#services.defer(name)
    return 'done'
  }

  #serviceOf(name: string): ServiceState | undefined {
    const ordered = this.#steps.get(name)
    if (ordered === undefined || definition(ordered.step).service === undefined) return undefined
    const identity = this.#life(name).identity ?? impossible(`service \`${name}\` was not settled`)
    const holds = async (): Promise<boolean> =>
      // It may read what it was given whenever it likes.
      this.#services.isUp(name) && (await identity.moved()) === undefined
    return { key: identity.key, holds }
  }

  /** Each address is asked once: all steps of a run are given the same. */
  async #download(url: string): Promise<Download> {
    const { downloads, halt } = this.#options
    const asked = this.#downloads.get(url) ?? downloads.fetch(url, halt.killing)
    this.#downloads.set(url, asked)
    return await asked
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
      for (const problem of problems) this.#warn(ordered.name, problem)
      return 'execute'
    }
    return await this.#hit(ordered, life, identity, entry)
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
    await this.#accept(ordered, life, identity, outputs)
    this.#finish(name, 'cached', { reasons: [{ kind: 'adopted', because }], ...shown(outputs) })
    return 'done'
  }

  async #hit(
    ordered: OrderedStep,
    life: Life,
    { key, ingredients }: Identity,
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
      return this.#fail(name, [], failureOf(error))
    }
    if (outputs !== entry.outputs) await this.#commit(key, { ...entry, outputs })
    life.outputs = { ...outputs, outs: restored.outs }
    life.metrics = { ...entry.metrics }
    this.#entries.set(name, { ...entry, key, ingredients, outputs, reusable: true })
    const reasons = [...reasonsOfHit(entry), ...restored.reasons]
    for (const reason of restored.reasons) this.#warn(name, reason)
    this.#finish(name, 'cached', { reasons, ...shown(life.outputs) })
    return 'done'
  }

  /** 4. Execute; 5. on success only, commit: bytes first, then the entry that promises them. */
  async execute(name: string): Promise<Executed> {
    const ordered = this.#ordered(name)
    const life = this.#life(name)
    const identity = life.identity ?? impossible(`step \`${name}\` was not settled`)
    if (definition(ordered.step).service !== undefined) {
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
        this.cancel(name, undefined)
        return 'cancelled'
      }
      const missing = await this.#services.bringUpFor(ordered)
      if (missing?.how === 'failed') {
        this.#blocked.set(name, missing.service)
        this.#finish(name, 'skipped', { reasons: [{ kind: 'blocked', by: [missing.service] }] })
        // It ends the run as a failure does: the scheduler takes the service for done.
        return 'failed'
      }
      if (missing !== undefined) {
        this.cancel(name, undefined)
        return 'cancelled'
      }
      if (definition(ordered.step).map === undefined) {
        return await this.#execute(ordered, life, identity)
      }
      const begun = await this.#beginMap(ordered, life, identity, claim)
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
    const signal = AbortSignal.any([halt.stopping, this.#failed.signal])
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
    if (forced.has(ordered.name) && !this.#committed.has(key)) return undefined
    const problems = await this.#check(ordered, entry.outputs)
    return problems.length > 0 ? undefined : await this.#hit(ordered, life, identity, entry)
  }

  async #commit(key: StepKey, entry: StepEntry): Promise<void> {
    this.#options.journal({ key, entry })
    await this.#options.cache.put(key, entry)
  }

  async #execute(ordered: OrderedStep, life: Life, identity: Identity): Promise<Executed> {
    const { name } = ordered
    const { reasons } = life
    const staged = this.#start(ordered, life, identity)
    let failure: Failure | undefined
    try {
      failure = await this.#perform(ordered, life, identity, staged)
    } catch (error) {
      await staged.failed(error)
      throw error
    }
    if (failure === undefined) {
      await staged.succeeded()
      const { outputs = impossible(`step \`${name}\` left no outputs`) } = life
      this.#finish(name, 'succeeded', { reasons, ...shown(outputs) })
      return 'done'
    }
    await staged.failed(failure)
    return this.#endAttempt(ordered, life, failure)
  }

  #start({ name, step }: OrderedStep, life: Life, { key }: Identity): StagedOuts {
    const { emit, staging, run } = this.#options
    life.started = performance.now()
    life.attempts += 1
    life.metrics = {}
    const { reasons, attempts } = life
    emit({ type: 'step-started', at: Date.now(), step: name, attempt: attempts, reasons })
    const { outs, command } = definition(step)
    return staging.open(run, name, key, outs, attempts, command?.inPlace?.keeps)
  }

  /** An attempt failed: another one follows, or that was all. */
  #endAttempt({ name, step }: OrderedStep, life: Life, failure: Failure): Executed {
    const { emit, halt } = this.#options
    const { reasons, attempts } = life
    if (halt.killing.aborted) {
      this.#finish(name, 'cancelled', { reasons, error: failure })
      return 'cancelled'
    }
    const { retry } = definition(step).execution
    let pause: number | undefined
    try {
      pause = halt.stopping.aborted ? undefined : pauseAfter(retry, attempts, failure)
    } catch (error) {
      // The function that was asked is the step's own.
      return this.#fail(name, reasons, failureOf(error))
    }
    if (pause === undefined) return this.#fail(name, reasons, failure)
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
    await this.#accept(ordered, life, identity, result.outputs)
    return await this.#place(name, result.outputs, staged)
  }

  /** Commits what a step made. */
  async #accept(
    ordered: OrderedStep,
    life: Life,
    identity: Identity,
    outputs: Outputs,
  ): Promise<void> {
    const entry: StepEntry = {
      outputs,
      metrics: life.metrics,
      ingredients: identity.ingredients,
      run: this.#options.run,
      at: Date.now(),
      duration: life.duration ?? 0,
    }
    const reusable = uncacheable(ordered, identity) === undefined
    if (reusable) {
      await this.#commit(identity.key, entry)
      this.#committed.add(identity.key)
    }
    this.#entries.set(ordered.name, { ...entry, key: identity.key, reusable })
    life.outputs = outputs
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
        this.#warn(name, { kind: 'restored', path: artifact.path, problem: 'edited', aside })
      }
      return undefined
    } catch (error) {
      if (!isOwnFault(error)) throw error
      return failureOf(error)
    }
  }

  async #beginMap(
    ordered: OrderedStep,
    life: Life,
    identity: Identity,
    claim: Claim,
  ): Promise<Executed> {
    const { name } = ordered
    const { forced, onFailure, halt } = this.#options
    const staged = this.#start(ordered, life, identity)
    const isCached = uncacheable(ordered, identity) === undefined
    let run: MapRun
    try {
      run = await MapRun.begin(ordered, identity, {
        ...this.#options,
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
      return this.#fail(name, life.reasons, failureOf(error))
    }
    life.mapping = { run, staged, claim }
    this.#tellItems(name, run)
    return { parts: run.parts }
  }

  #tellItems(step: string, { counts, base }: MapRun): void {
    this.#options.emit({ type: 'step-items', at: Date.now(), step, items: counts, base })
  }

  /** Executes a batch of the items of a mapped step. */
  async executePart(name: string, part: number): Promise<void> {
    const { run } = this.#life(name).mapping ?? impossible(`step \`${name}\` has no parts`)
    await run.perform(part)
    this.#tellItems(name, run)
  }

  /** Puts together what the items of a mapped step gave. */
  async gather(name: string): Promise<'done' | 'failed' | 'cancelled'> {
    const ordered = this.#ordered(name)
    const life = this.#life(name)
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
        if (!isStopped) return this.#fail(name, reasons, problem)
        const error = problem === 'stopped' ? {} : { error: problem }
        this.#finish(name, 'cancelled', { reasons, ...error })
        return 'cancelled'
      }
      const outputs = await this.#gathered(ordered, run)
      await this.#accept(ordered, life, identity, outputs)
      await staged.succeeded()
      this.#finish(name, 'succeeded', { reasons, ...shown(outputs) })
      return 'done'
    } catch (error) {
      if (!isOwnFault(error)) throw error
      return this.#fail(name, reasons, failureOf(error))
    } finally {
      this.#endMap(life)
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

  #endMap(life: Life): void {
    life.mapping?.claim.release()
    life.mapping = undefined
  }

  /** Stops services. All steps have ended. */
  async endServices(): Promise<void> {
    await this.#services.close()
  }

  /** Lets go of what steps hold that did not come to their end. */
  close(): void {
    for (const life of this.#lives.values()) {
      life.claim?.release()
      this.#endMap(life)
    }
  }

  skip(name: string, blockers: readonly string[]): void {
    this.#lives.set(name, beginLife())
    this.#finish(name, 'skipped', { reasons: [{ kind: 'blocked', by: blockers }] })
  }

  cancel(name: string, failed: string | undefined): void {
    if (!this.#lives.has(name)) this.#lives.set(name, beginLife())
    this.#life(name).claim?.release()
    const by =
      failed === undefined ? this.#options.halt.failed : (this.#blocked.get(failed) ?? failed)
    const reasons: Reason[] = [{ kind: 'stopped', by: by ?? null }]
    this.#finish(name, 'cancelled', { reasons })
  }

  async #compare(name: string, identity: Identity): Promise<Reason[]> {
    const { snapshot, artifacts } = this.#options
    const before = snapshot.steps[name]?.entries[0]
    if (before === undefined) return [{ kind: 'new' }]
    const reasons = compareIngredients(before.ingredients, identity.ingredients, {
      ...snapshot.codes,
      ...this.#codes,
    })
    if (reasons.length === 0) return [{ kind: 'lost' }]
    return await withFiles(reasons, before.ingredients, identity, artifacts)
  }

  #fail(name: string, reasons: readonly Reason[], error: Failure): 'failed' {
    const { onFailure, halt } = this.#options
    if (onFailure === 'kill') halt.kill(name)
    if (onFailure !== 'continue') this.#failed.abort()
    this.#finish(name, 'failed', { reasons, error })
    return 'failed'
  }

  #finish(
    step: string,
    status: StepFinished['status'],
    how: Pick<StepFinished, 'reasons' | 'output' | 'picks' | 'outs' | 'error'>,
  ): void {
    this.#ended.set(step, status)
    const { identity, started, duration, metrics } = this.#life(step)
    this.#options.emit({
      type: 'step-finished',
      at: Date.now(),
      step,
      status,
      inputs: identity?.inputs ?? declaredInputs(this.#ordered(step).step, this.#nameOf),
      duration: duration ?? performance.now() - started,
      metrics,
      ...(identity !== undefined && { key: identity.key }),
      ...how,
    })
  }

  #warn(step: string, problem: Reason): void {
    const message = warningOf(step, problem)
    if (message !== undefined)
      this.#options.emit({ type: 'warning', at: Date.now(), step, message })
  }

  #ordered(name: string): OrderedStep {
    return this.#steps.get(name) ?? impossible(`no step \`${name}\` in this run`)
  }

  #life(name: string): Life {
    return this.#lives.get(name) ?? impossible(`step \`${name}\` has not begun`)
  }

  #outputs(name: string): Outputs {
    const { snapshot } = this.#options
    if (!this.#steps.has(name)) return leftBy(name, snapshot)
    return this.#life(name).outputs ?? impossible(`step \`${name}\` has no outputs`)
  }
}

function shown({ value, picks, outs }: Outputs): Pick<StepFinished, 'output' | 'picks' | 'outs'> {
  return { output: value, picks, ...(Object.keys(outs).length > 0 && { outs }) }
}

/** Whether an error is the failure of a step, and not of the machinery. */
function isOwnFault(error: unknown): error is StepwellError {
  const own = [
    'STEPWELL_PICK',
    'STEPWELL_OUT_PLACE',
    'STEPWELL_OUT_PATH',
    // An edited out that is to be kept, and cannot be read.
    'STEPWELL_INPUT_MISSING',
    'STEPWELL_INPUT_TREE',
  ]
  return error instanceof StepwellError && own.includes(error.code)
}

/** For what the scheduler's order rules out. */
function impossible(problem: string): never {
  throw new TypeError(problem)
}
