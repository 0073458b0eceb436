import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { FileDigests } from '../store/inputs/project-files.ts'
import type { Claim } from '../store/claims/claims.ts'
import { availableParallelism, totalmem } from 'node:os'
import { timeOf, type Time } from '@stepwell/base/quantity'
import { accept, acceptedOf, revoke, type AcceptedStep, type AcceptRequest } from './accept.ts'
import { actionOf } from '../define/label.ts'
import { listCache, type CacheListing } from './cache-entries.ts'
import { cleanLeft, type CleanReport, type CleanRequest } from './clean.ts'
import { leftWarnings } from './left-outs.ts'
import { reportCode, type CodeReport } from './code-report.ts'
import { copyOuts, type CopyRequest } from './export-outs.ts'
import { diffRuns } from './diff.ts'
import { collectGarbage, type GarbageReport, type GarbageRequest } from './gc.ts'
import { explainStep, type Explanation } from './explain.ts'
import { digestText } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import type { Demand } from '../define/demand.ts'
import { estimateRun } from '../plan/estimate.ts'
import type { RunEvent } from '../record/event.ts'
import { amountsOf } from '../define/execution.ts'
import type { StepKey } from '../identity/fingerprint.ts'
import { CommandExecutor } from '../executor/command/command-executor.ts'
import type { Executor } from '../executor/executor.ts'
import { InlineExecutor } from '../executor/inline/inline-executor.ts'
import { isLoadingModules } from '../executor/inline/loading.ts'
import { RoutingExecutor } from '../executor/routing-executor.ts'
import { workersOf } from '../executor/worker/workers.ts'
import { Halt, type OnFailure } from '../run/cancellation.ts'
import { namesOf, type Pipeline } from '../define/pipeline.ts'
import { pipelineStatus, type PipelineStatus } from './pipeline-status.ts'
import type { Plan } from '../plan/plan.ts'
import { planMoved } from '../plan/plan-drift.ts'
import { planSteps } from '../plan/plan-pipeline.ts'
import { ProjectState, type StateOptions } from './project.ts'
import type { ProcessIdentity } from '@stepwell/base/process-identity'
import { outputOf, readOutput } from './read-output.ts'
import { capacityOf } from '../run/capacity.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { RunDiff } from '../record/run-diff.ts'
import { restoreProject, type RestoredOut, type RestoreRequest } from './restore.ts'
import { Run } from '../run/run.ts'
import type { Downloads } from '../store/inputs/downloads.ts'
import { OfflineDownloads } from '../store/inputs/offline-downloads.ts'
import { endServices } from '../run/services.ts'
import { RunRecorder } from '../run/recorder.ts'
import { executeRun, type ExecuteRunOptions } from '../run/execute-run.ts'
import {
  keepSnapshot,
  lastKnown,
  prepare,
  situationOf,
  warningsOf,
  type PlanRequest,
  type Situation,
} from './session.ts'
import { identityOf } from '@stepwell/base/process'
import type { OutPlaces } from '../decide/out-paths.ts'
import { createState } from '../store/layout.ts'
import { explainTrouble, ignoreTrouble } from '../store/storage-error.ts'
import { decodeValue } from '../value/codec.ts'
import { mendCache, readCache, type VerifyReport, type VerifyRequest } from './verify.ts'
import { watchedBy, type Watched } from './watch-list.ts'

// Runs that are looked through for how a step ended the last time.
const RECENT = 50

export interface EngineOptions extends StateOptions {
  /** How many steps are executed at once, from 1 up. @default the number of cores */
  readonly concurrency?: number
  /** How much there is of what steps name in `resources`, in place of what the pipeline says. */
  readonly limits?: Readonly<Record<string, number | string>>
  /**
   * The id of a process that keeps services up after a run: later runs take over those whose keys are the
   * same. `stopServices` stops them; if the process has died, the next run does. @default none
   */
  readonly keeper?: number
  /** Take what `url()` inputs were the last time, and ask no server. @default false */
  readonly offline?: boolean
  /** How long a step may take to end once it was told to stop. @default '5 s' */
  readonly grace?: Time
  /** What executes the steps of a pipeline. @default one that calls them in this thread */
  readonly executor?: (pipeline: Pipeline, place: ExecutorPlace) => Executor
}

/** What an executor works with. */
export interface ExecutorPlace {
  /** How many jobs it is given at once, at most. */
  readonly concurrency: number
  /** How long a step may take to end once it was told to stop, in milliseconds. */
  readonly grace: number
  readonly artifacts: ArtifactStore
  readonly digests: FileDigests
  /** The project directory. */
  readonly dir: string
  /** Tells who follows the run. */
  readonly warn: (message: string) => void
}

export interface RunRequest extends PlanRequest {
  /** Leave outs that were edited by hand as they are; what reads them gets them so. @default false */
  readonly keepEdits?: boolean
  /**
   * Runs what was planned and nothing else: its targets and what it forces, which then must not be
   * given here. The run rejects with STEPWELL_PLAN_MOVED, and executes nothing, when a plan made now
   * would differ; a step that turns out to be another one later fails with the same code.
   */
  readonly plan?: Plan
  /** What becomes of the run once a step has failed. @default 'finish' */
  readonly onFailure?: OnFailure
  /** Why it is begun: for people, and kept in its record. */
  readonly because?: string
  /** Cancels the run, as `stop('kill')` does: nothing new is started, and what runs is stopped. */
  readonly signal?: AbortSignal
}

/** How to wait for another process that has the project. */
export interface WaitRequest {
  readonly signal?: AbortSignal
  /** Called once, when the wait grows long, with the process that is waited for. */
  readonly waiting?: (owner: string) => void
}

/**
 * Opens an engine on a project directory. Several engines may be open in one process, also on the same
 * directory. Close it when done, or declare it with `await using`.
 *
 * @throws TypeError for an option out of range; StepwellError STEPWELL_FORMAT, STEPWELL_STATE.
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const { concurrency } = options
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new TypeError(`Expected \`concurrency\` to be an integer from 1 up, got ${concurrency}`)
  }
  return await Promise.resolve(new Engine(options))
}

/** Plans and runs pipelines on one project directory. */
export class Engine implements AsyncDisposable {
  readonly #state: ProjectState
  readonly #concurrency: number
  readonly #limits: Demand
  readonly #grace: number
  readonly #downloads: Downloads
  readonly #keeper: ProcessIdentity | undefined
  readonly #executor: NonNullable<EngineOptions['executor']>
  readonly #active = new Set<Promise<unknown>>()
  #closed = false

  /** Use `openEngine`. */
  constructor(options: EngineOptions) {
    this.#state = new ProjectState(options)
    this.#concurrency = options.concurrency ?? availableParallelism()
    this.#limits = amountsOf(options.limits ?? {}, '`limits` of openEngine()')
    this.#grace = timeOf(options.grace ?? 5000, '`grace` of openEngine()')
    const { downloads } = this.#state
    this.#downloads = options.offline === true ? new OfflineDownloads(downloads) : downloads
    this.#keeper = options.keeper === undefined ? undefined : identityOf(options.keeper)
    this.#executor = options.executor ?? defaultExecutor
  }

  /** The project directory, absolute, symbolic links resolved. */
  get dir(): string {
    return this.#state.dir
  }

  /** Runs a pipeline. It begins at once; see `Run` for how to follow it. */
  run(pipeline: Pipeline, request: RunRequest = {}): Run {
    this.#checkOpen()
    if (isLoadingModules()) throw ranWhileLoading(pipeline)
    if (
      request.plan !== undefined &&
      (request.targets ?? request.force ?? request.only) !== undefined
    ) {
      throw new TypeError('Expected no `targets` and no `force` beside a `plan`, which has its own')
    }
    const names = namesOf(pipeline)
    const halt = new Halt()
    const run = new Run(
      (emit) =>
        this.#carryOut(pipeline, request, halt, emit).catch((error: unknown) => {
          throw explainTrouble(error, this.#state.dirs.root)
        }),
      (handle, record) => readOutput(handle, names, record, this.#state.artifacts),
      halt,
    )
    const active = run.result.catch(() => undefined).finally(() => this.#active.delete(active))
    this.#active.add(active)
    return run
  }

  /**
   * What a run would do, and why. Reads the last known state only; never waits for a run under way.
   * @throws StepwellError STEPWELL_TARGET_UNKNOWN, STEPWELL_CYCLE, STEPWELL_PARAMS.
   */
  async plan(pipeline: Pipeline, request: PlanRequest = {}): Promise<Plan> {
    return await this.#planIn(await situationOf(pipeline, request, this.#state))
  }

  /**
   * Why one step would run or not, back to the first causes upstream, and why it was executed the last time.
   * Reads the last known state and the records of runs.
   * @throws StepwellError as `plan`.
   */
  async explain(pipeline: Pipeline, step: string): Promise<Explanation> {
    const plan = await this.plan(pipeline, { targets: [step] })
    const planned = plan.steps.find(({ name }) => name === step)
    if (planned === undefined) throw new TypeError('Expected the name of one step')
    return await explainStep(plan, planned, this.#state.runs)
  }

  /**
   * What the analysis finds behind a step: what its code reaches, and why that cannot be told where it
   * cannot. Reads source files only.
   * @throws StepwellError STEPWELL_TARGET_UNKNOWN, STEPWELL_CYCLE, STEPWELL_PARAMS.
   */
  async code(pipeline: Pipeline, step: string): Promise<CodeReport> {
    const { code } = await prepare(pipeline, [step], this.#state)
    return reportCode(code, step)
  }

  /**
   * What a run depends on in the file system, for a watcher. Reads source files only.
   * @throws StepwellError STEPWELL_TARGET_UNKNOWN, STEPWELL_CYCLE, STEPWELL_PARAMS.
   */
  async watched(pipeline: Pipeline, targets?: readonly string[]): Promise<Watched> {
    return await watchedBy(pipeline, targets, this.#state)
  }

  /**
   * Accepts that the changes of some steps make no difference: their last outputs stand for their present
   * keys, until that is revoked. All of them are accepted, or none.
   *
   * @throws StepwellError STEPWELL_ACCEPT, STEPWELL_TARGET_UNKNOWN; TypeError without a reason.
   */
  async accept(
    pipeline: Pipeline,
    steps: readonly string[],
    request: AcceptRequest,
  ): Promise<readonly AcceptedStep[]> {
    return await this.#alone({}, async () => await accept(pipeline, steps, request, this.#state))
  }

  /**
   * Revokes what was accepted of some steps, so that they run. Returns the steps and keys.
   * @throws StepwellError STEPWELL_ACCEPT, STEPWELL_TARGET_UNKNOWN.
   */
  async revoke(pipeline: Pipeline, steps: readonly string[]): Promise<readonly AcceptedStep[]> {
    return await this.#alone({}, async () => await revoke(pipeline, steps, this.#state))
  }

  /** What is accepted of a pipeline's steps now, oldest first. Never waits for a run under way. */
  async accepted(pipeline: Pipeline): Promise<AcceptedStep[]> {
    return await acceptedOf(pipeline, this.#state)
  }

  /**
   * Deletes what no kept run needs: entries of the step cache with their bytes, records of runs, and
   * leftovers. While a run goes on, nothing is deleted, and the report says so.
   */
  async gc(request: GarbageRequest & WaitRequest = {}): Promise<GarbageReport> {
    return await this.#alone(request, async () => await collectGarbage(request, this.#state))
  }

  /** What is in the step cache, largest first. Waits for a process that holds it. */
  async cacheEntries(): Promise<CacheListing> {
    return await listCache(this.#state)
  }

  /**
   * Reads all that is stored and compares it with its digests; puts aside what is damaged. Runs need
   * not wait while it reads.
   */
  async verify(request: VerifyRequest & WaitRequest = {}): Promise<VerifyReport> {
    const findings = await readCache(request, this.#state)
    return await this.#alone(request, async () => await mendCache(findings, this.#state))
  }

  /**
   * Puts the outs of steps back into the project, as they were after the last run, or after a given one;
   * executes nothing.
   * @throws StepwellError STEPWELL_TARGET_UNKNOWN, STEPWELL_RUN_UNKNOWN, STEPWELL_ARTIFACT,
   *   STEPWELL_OUT_PLACE.
   */
  async restore(
    pipeline: Pipeline,
    request: RestoreRequest & WaitRequest = {},
  ): Promise<RestoredOut[]> {
    return await this.#alone(
      request,
      async () => await restoreProject(pipeline, request, this.#state),
    )
  }

  /**
   * Removes what steps left that no step makes any more, since they were removed, renamed, or write elsewhere. What
   * was edited since stays, unless that is forced: then it is put aside. While a run goes on, nothing is removed, and the
   * report says so.
   * @throws StepwellError STEPWELL_CLEAN_KEEP.
   */
  async clean(pipeline: Pipeline, request: CleanRequest & WaitRequest = {}): Promise<CleanReport> {
    return await this.#alone(request, async () => await cleanLeft(pipeline, request, this.#state))
  }

  /**
   * Protects a run, with all that it used, from garbage collection, or ends that. Returns its id.
   * @throws StepwellError STEPWELL_RUN_UNKNOWN.
   */
  async pin(id: string, isPinned = true, request: WaitRequest = {}): Promise<string> {
    // A collector may be deleting the run: it is looked up once no collector is at work.
    return await this.#alone(request, async () => {
      const record = await this.#state.runs.read(id)
      await this.#state.pins.set(record.id, isPinned)
      return record.id
    })
  }

  /**
   * Where the pipeline stands: what is fresh, stale, or being run by any process. Reads files only; never
   * waits for a run under way.
   */
  async status(pipeline: Pipeline): Promise<PipelineStatus> {
    const plan = await this.plan(pipeline)
    const own = (await this.#state.runs.unfinished()).filter(
      (run) => run.pipeline === pipeline.name,
    )
    const live = own.filter(({ status }) => status === 'running')
    return await pipelineStatus(plan, live, this.#recent(pipeline.name))
  }

  async *#recent(pipeline: string): AsyncGenerator<RunRecord, void, undefined> {
    for await (const record of this.#state.runs.latest(RECENT)) {
      if (record.pipeline === pipeline) yield record
    }
  }

  /** Ids of the recorded runs, latest first. */
  async runIds(): Promise<string[]> {
    return await this.#state.runs.list()
  }

  /** Of the latest runs, those that go on now or were interrupted; latest first. */
  async unfinishedRuns(): Promise<RunRecord[]> {
    return await this.#state.runs.unfinished()
  }

  /** @throws StepwellError STEPWELL_RUN_UNKNOWN. */
  async runRecord(id: string): Promise<RunRecord> {
    return await this.#state.runs.read(id)
  }

  /**
   * What a step returned in a recorded run.
   * @throws StepwellError STEPWELL_RUN_UNKNOWN, STEPWELL_NO_OUTPUT, STEPWELL_ARTIFACT where the bytes are
   *   gone.
   */
  async output(id: string, step: string): Promise<unknown> {
    const { output } = outputOf(await this.#state.runs.read(id), step)
    return decodeValue(await this.#state.artifacts.get(output.digest))
  }

  /**
   * What two runs have in different ways, of what their steps are made of, what they gave, and how they
   * ended. Reads files only; never waits for a run under way.
   */
  async diff(from: RunRecord, to: RunRecord): Promise<RunDiff> {
    return await diffRuns(from, to, this.#state)
  }

  /**
   * Writes the outs of a run to another place. Returns their paths.
   * @throws StepwellError STEPWELL_RUN_UNKNOWN, STEPWELL_ARTIFACT where the bytes are gone.
   */
  async copyOuts(id: string, request: CopyRequest): Promise<string[]> {
    return await copyOuts(id, request, this.#state)
  }

  /** What a step logged in a run, or `undefined` when it logged nothing there. */
  async log(id: string, step: string): Promise<string | undefined> {
    return await this.#state.runs.log(id, step)
  }

  /**
   * What a step logs in a run of any process: what there is, then what comes, until the step or the run
   * has ended. Returns the record of the run at that time: `interrupted` when its process died.
   *
   * @throws StepwellError STEPWELL_RUN_UNKNOWN.
   */
  follow(
    id: string,
    step: string,
    signal: AbortSignal = new AbortController().signal,
  ): AsyncGenerator<string, RunRecord, undefined> {
    return this.#state.runs.follow(id, step, signal)
  }

  /**
   * Takes exclusive ownership of a named resource of the project, until it is released or the process is
   * gone. If another process has it, returns a description of that process.
   */
  claim(what: string): Claim | string {
    this.#checkOpen()
    createState(this.#state.dirs)
    return this.#state.claims.attempt(claimKey(what))
  }

  /** The process that has it, in words; `undefined` if no process does. */
  claimant(what: string): string | undefined {
    return this.#state.claims.claimant(claimKey(what))
  }

  /** Stops the services that runs have left up for the `keeper` of this engine. Returns their names. */
  async stopServices(): Promise<string[]> {
    return await endServices(this.#state.services, this.#grace, this.#keeper)
  }

  /** Waits for the runs under way, then closes the step cache. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#active)
    await this.#state.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #planIn(situation: Situation): Promise<Plan> {
    this.#capacity(situation)
    const { pipeline, request, code } = situation
    const { artifacts, files, dir } = this.#state
    const { steps, evidence } = await planSteps({
      ...situation,
      artifacts,
      files,
      downloads: this.#downloads,
      workspace: this.#state.workspace('plan'),
      dir,
      ledgers: this.#state.ledgers,
      known: this.#state.known(),
    })
    return {
      pipeline: pipeline.name,
      targets: request.targets ?? [],
      force: request.force ?? [],
      only: request.only ?? false,
      warnings: [...warningsOf(code), ...(await leftWarnings(situation, this.#state))],
      steps,
      estimate: estimateRun(steps, this.#concurrency),
      evidence,
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new TypeError('Expected an open engine: this one has been closed')
  }

  async #carryOut(
    pipeline: Pipeline,
    { plan, keepEdits = false, onFailure = 'finish', because, signal, ...own }: RunRequest,
    halt: Halt,
    tell: (event: RunEvent) => void,
  ): Promise<RunRecord> {
    const state = this.#state
    const { cache, artifacts, files, digests, staging, claims, dir, dirs } = state
    const version = state.snapshots.version(pipeline.name)
    const before = await situationOf(pipeline, plan ?? own, state)
    const { steps, code } = before
    const capacity = this.#capacity(before)
    const moved = plan && planMoved(plan, await this.#planIn(before))
    if (moved !== undefined) throw moved
    createState(dirs)
    const recorder = new RunRecorder(state.runs, tell, {
      pipeline: pipeline.name,
      concurrency: this.#concurrency,
      ...(because !== undefined && { because }),
      steps: steps.map(({ name, step }) => ({ name, action: actionOf(step) })),
    })
    for (const warning of warningsOf(code)) recorder.warn(warning)
    for (const warning of await leftWarnings(before, state)) recorder.warn(warning)
    // From here on the run is on record, and a collector finds it; one that is at work now is waited for.
    // What was read before may be gone since.
    signal?.addEventListener('abort', kill)
    if (signal?.aborted) kill()
    const isTidy = await this.#tidy(before.places, recorder, halt.stopping)
    const isSame = version === state.snapshots.version(pipeline.name)
    const situation = isSame ? before : { ...before, snapshot: await lastKnown(pipeline, state) }
    const executor = this.#executor(pipeline, {
      artifacts,
      digests,
      dir,
      concurrency: this.#concurrency,
      grace: this.#grace,
      warn: recorder.warn,
    })
    const options: ExecuteRunOptions = {
      ...situation,
      run: recorder.id,
      dir,
      cache,
      artifacts,
      files,
      downloads: this.#downloads,
      workspace: state.workspace(recorder.id, {
        signal: halt.killing,
        waiting: (owner) =>
          recorder.warn(`the run waits for ${owner}, which writes an out in place`),
      }),
      staging,
      executor,
      claims,
      ledgers: state.ledgers,
      services: state.services,
      grace: this.#grace,
      ...(this.#keeper !== undefined && { keeper: this.#keeper }),
      concurrency: this.#concurrency,
      journal: recorder.commit,
      keepEdits,
      ...(plan !== undefined && { plan }),
      kind: pipeline.options.executor ?? 'inline',
      halt,
      onFailure,
      emit: recorder.emit,
      capacity,
      // It spares looking things up. What was done counts without it. A collector must find it, so it comes
      // before the end of the record.
      keep: async (entries) => {
        if (isTidy) await keepSnapshot(situation, entries, state).catch(ignoreTrouble)
      },
    }
    const unlisten = state.listen(recorder.warn)
    try {
      if (isTidy) await situation.keepCode()
      for (const name of await endServices(state.services, this.#grace)) {
        recorder.warn(
          `the service \`${name}\` was still up after its run was killed: it is stopped`,
        )
      }
      await executeRun(options)
      return await recorder.end()
    } catch (error) {
      await recorder.break(explainTrouble(error, dirs.root))
      throw error
    } finally {
      unlisten()
      signal?.removeEventListener('abort', kill)
    }

    function kill(): void {
      halt.kill()
    }
  }

  /** @throws StepwellError STEPWELL_RESOURCES. */
  #capacity({ pipeline, steps }: Situation): Demand {
    return capacityOf(steps, {
      cpu: this.#concurrency,
      memory: totalmem(),
      ...amountsOf(pipeline.options.limits ?? {}, '`limits` of pipeline()'),
      ...this.#limits,
    })
  }

  /** Tidies the project once no other process does; `false` when the run was cancelled before. */
  async #tidy(places: OutPlaces, { warn }: RunRecorder, signal: AbortSignal): Promise<boolean> {
    const waiting = (owner: string): void => {
      warn(`the run waits for ${owner}, which tidies the project`)
    }
    try {
      const warnings = await this.#alone({ signal, waiting }, async () => {
        // What cannot be deleted now is deleted another time.
        return (await this.#state.tidy(places).catch(ignoreTrouble)) ?? []
      })
      for (const warning of warnings) warn(warning)
      return true
    } catch (error) {
      // Each step finds out by itself that the run was cancelled. Nothing is changed here, because another
      // process may be at work.
      if (!signal.aborted) throw error
      return false
    }
  }

  /** Does something that no run may see half done. */
  async #alone<T>(request: WaitRequest, work: () => Promise<T>): Promise<T> {
    createState(this.#state.dirs)
    const { signal = new AbortController().signal, waiting = () => undefined } = request
    const claim = await this.#state.hold({ signal, waiting })
    try {
      return await work()
    } finally {
      claim.release()
    }
  }
}

/** No step has this key. */
function claimKey(what: string): StepKey {
  return digestText(`stepwell claim ${what}`) as StepKey
}

/** A worker imports the module that made the pipeline: a run that this begins would never end. */
function ranWhileLoading({ name }: Pipeline): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_RUN_BY_IMPORT',
    summary: `importing the module of pipeline \`${name}\` runs it`,
    details: 'a thread or process that is to execute its steps imports that module, too',
    hint: 'call run() in a module of its own, which imports the pipeline',
  })
}

function defaultExecutor(pipeline: Pipeline, place: ExecutorPlace): Executor {
  const inline = new InlineExecutor({ steps: pipeline.steps, ...place })
  const command = new CommandExecutor(place)
  return new RoutingExecutor({ inline, ...workersOf(pipeline, place, inline), command })
}
