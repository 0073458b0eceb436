import { realpathSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { Acceptance } from './acceptance.ts'
import { acceptSteps } from './accept-steps.ts'
import { actionOf } from './action.ts'
import { findCode, type KnownCode } from './code/manifest.ts'
import type { PipelineCode } from './code.ts'
import { reportCode, type CodeReport } from './code-report.ts'
import { StepwellError } from './errors.ts'
import { estimateRun } from './estimate.ts'
import type { RunEvent } from './event.ts'
import type { Executor } from './executor/executor.ts'
import { InlineExecutor } from './executor/inline-executor.ts'
import type { StepKey } from './fingerprint.ts'
import { paramsOf } from './identify.ts'
import { orderSteps, type OrderedStep } from './order.ts'
import { pickField } from './pick.ts'
import type { Pipeline } from './pipeline.ts'
import { pipelineStatus, type PipelineStatus } from './pipeline-status.ts'
import type { Plan } from './plan.ts'
import { planMoved } from './plan-moved.ts'
import { planSteps } from './plan-steps.ts'
import { recentOutputs } from './recent-outputs.ts'
import type { RunRecord } from './run.ts'
import { Run } from './run-handle.ts'
import { RunRecorder } from './run-recorder.ts'
import { StepRunner } from './run-step.ts'
import { schedule } from './schedule.ts'
import { nextSnapshot, withoutRevoked } from './snapshot.ts'
import type { Picked, Step } from './step.ts'
import { checkOuts, outPaths } from './check-outs.ts'
import { AcceptanceLog } from './store/acceptance-log.ts'
import { AuditedCache } from './store/audited-cache.ts'
import { DiskClaims } from './store/disk-claims.ts'
import { DiskArtifacts } from './store/disk-artifacts.ts'
import { DiskSnapshots } from './store/disk-snapshots.ts'
import { DiskDownloads } from './store/downloads.ts'
import { RememberingFileDigests } from './store/file-digests.ts'
import { LevelIndex, type IndexOptions } from './store/level-index.ts'
import { entryRecord, LevelStepCache } from './store/level-step-cache.ts'
import { createState, stateDirs, type StateDirs } from './store/project.ts'
import { DiskProjectFiles } from './store/project-files.ts'
import { Recycle } from './store/recycle.ts'
import { RunFiles } from './store/run-files.ts'
import { Staging } from './store/staging.ts'
import type {
  ArtifactStore,
  FileDigests,
  LinkMode,
  Snapshot,
  SnapshotEntry,
  StepCache,
} from './store/store.ts'
import { explainTrouble, ignoreTrouble } from './store/trouble.ts'
import { Workspace } from './store/workspace.ts'
import { decodeValue } from './value.ts'
import { whoAmI } from './who.ts'

// Runs that are looked through for how a step ended the last time.
const RECENT = 50

export interface EngineOptions {
  /**
   * The project directory: what file inputs are relative to, and where `.stepwell` is kept.
   * @default the working directory
   */
  readonly dir?: string
  /** How many steps are executed at once, from 1 up. @default the number of cores */
  readonly concurrency?: number
  /** How long to wait for another process that holds the step cache, in milliseconds. @default 60000 */
  readonly lockTimeout?: number
  /** Where artifacts are kept. @default files in `.stepwell/objects` */
  readonly artifacts?: ArtifactStore
  /** Where outputs are found by step key. @default LevelDB in `.stepwell/index` */
  readonly cache?: StepCache
  /**
   * How outs come from the artifact store into the project: `copy`, by shared blocks where the file
   * system can, or `hard` links, which take no room; those are read-only, and one that is written all the
   * same costs a rerun. @default 'copy'
   */
  readonly link?: LinkMode
  /** What executes the steps of a pipeline. @default one that calls them in this thread */
  readonly executor?: (pipeline: Pipeline, place: ExecutorPlace) => Executor
}

/** What an executor works with. */
export interface ExecutorPlace {
  readonly artifacts: ArtifactStore
  readonly digests: FileDigests
  /** The project directory. */
  readonly dir: string
}

export interface PlanRequest {
  /** Names of the steps wanted; what they need comes with them. @default all steps */
  readonly targets?: readonly string[]
  /** Execute even what is cached: steps by name, or `'all'` that take part. @default none */
  readonly force?: readonly string[] | 'all'
}

export interface AcceptRequest {
  /** Why the changes make no difference to the outputs, for people. */
  readonly because: string
  /** Accept changes of params, inputs and environment too. @default false: of code and versions only */
  readonly anyChange?: boolean
}

/** A step whose outputs were made under another key, and stand for its present one. */
export interface AcceptedStep extends Acceptance {
  readonly step: string
  readonly key: StepKey
  /** The run that made the outputs. */
  readonly run: string
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
  /** Cancels the run: nothing new is started, and running steps are told by their own signal. */
  readonly signal?: AbortSignal
}

/**
 * Opens an engine on a project directory. Several engines may be open in one process, also on the same
 * directory. Close it when done, or declare it with `await using`.
 *
 * @throws TypeError for an option out of range; StepwellError STEPWELL_FORMAT, STEPWELL_STATE.
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const { dir = process.cwd(), concurrency } = options
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new TypeError(`Expected \`concurrency\` to be an integer from 1 up, got ${concurrency}`)
  }
  const absolute = resolve(dir)
  if (!statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) {
    throw new StepwellError({
      code: 'STEPWELL_STATE',
      what: `the project directory ${absolute} does not exist`,
      todo: 'create it, or correct the path',
    })
  }
  return await Promise.resolve(new Engine(realpathSync(absolute), options))
}

/** Plans and runs pipelines on one project directory. */
export class Engine implements AsyncDisposable {
  /** The project directory, absolute, symbolic links resolved. */
  readonly dir: string
  readonly #dirs: StateDirs
  readonly #concurrency: number
  readonly #artifacts: ArtifactStore
  readonly #cache: StepCache
  readonly #executor: NonNullable<EngineOptions['executor']>
  readonly #digests: RememberingFileDigests
  readonly #files: DiskProjectFiles
  readonly #downloads: DiskDownloads
  readonly #recycle: Recycle
  readonly #staging: Staging
  readonly #link: LinkMode
  readonly #snapshots: DiskSnapshots
  readonly #runs: RunFiles
  readonly #accepted: AcceptanceLog
  readonly #index: LevelIndex
  readonly #indexOptions: IndexOptions
  readonly #claims: DiskClaims
  readonly #active = new Set<Promise<unknown>>()
  readonly #listeners = new Set<(warning: string) => void>()
  #closed = false

  /** Use `openEngine`. */
  constructor(dir: string, options: EngineOptions) {
    const dirs = stateDirs(dir)
    this.dir = dir
    this.#dirs = dirs
    this.#concurrency = options.concurrency ?? availableParallelism()
    this.#digests = new RememberingFileDigests(dir)
    this.#artifacts = options.artifacts ?? new DiskArtifacts(dirs.objects, this.#digests)
    this.#files = new DiskProjectFiles(dir, this.#digests)
    this.#downloads = new DiskDownloads(dir, dirs.downloads, this.#digests)
    this.#recycle = new Recycle(dirs.recycle)
    this.#staging = new Staging(dirs, this.#recycle)
    this.#link = options.link ?? 'copy'
    this.#snapshots = new DiskSnapshots(dirs.state)
    this.#runs = new RunFiles(dirs.runs)
    this.#claims = new DiskClaims(dirs.claims)
    this.#indexOptions = {
      ...(options.lockTimeout !== undefined && { lockTimeout: options.lockTimeout }),
      warn: (message) => {
        for (const listener of this.#listeners) listener(message)
      },
      refill: () => this.#entriesOfRuns(),
    }
    this.#index = LevelIndex.share(dirs.root, this.#indexOptions)
    this.#accepted = new AcceptanceLog(dirs.accepted)
    this.#cache = new AuditedCache(options.cache ?? new LevelStepCache(this.#index), this.#accepted)
    this.#executor =
      options.executor ?? (({ steps }, place) => new InlineExecutor({ steps, ...place }))
  }

  /** Runs a pipeline. It begins at once; see `Run` for how to follow it. */
  run(pipeline: Pipeline, request: RunRequest = {}): Run {
    if (this.#closed) throw new TypeError('Expected an open engine: this one has been closed')
    if (request.plan !== undefined && (request.targets ?? request.force) !== undefined) {
      throw new TypeError('Expected no `targets` and no `force` beside a `plan`, which has its own')
    }
    const names = new Map([...pipeline.steps].map(([name, step]) => [step, name]))
    const run = new Run(
      (emit) =>
        this.#carryOut(pipeline, request, emit).catch((error: unknown) => {
          throw explainTrouble(error, this.#dirs.root)
        }),
      (handle, record) => this.#read(handle, names, record),
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
    return await this.#planIn(await this.#situation(pipeline, request))
  }

  /**
   * What the analysis finds behind a step: what its code reaches, and why that cannot be told where it
   * cannot. Reads source files only.
   * @throws StepwellError STEPWELL_TARGET_UNKNOWN, STEPWELL_CYCLE, STEPWELL_PARAMS.
   */
  async code(pipeline: Pipeline, step: string): Promise<CodeReport> {
    const { code } = await prepare(pipeline, [step], this.#dirs)
    return reportCode(code, step)
  }

  /**
   * Takes somebody's word that what changed in some steps makes no difference: their last outputs stand
   * for their present keys, as long as that is not revoked. All of them are accepted, or none.
   *
   * @throws StepwellError STEPWELL_ACCEPT, STEPWELL_TARGET_UNKNOWN; TypeError without a reason.
   */
  async accept(
    pipeline: Pipeline,
    steps: readonly string[],
    { because, anyChange = false }: AcceptRequest,
  ): Promise<readonly AcceptedStep[]> {
    if (typeof because !== 'string' || because.trim() === '') {
      throw new TypeError('Expected `because` to say why the change makes no difference')
    }
    const situation = await this.#situation(pipeline, { targets: steps })
    const entries = await acceptSteps({
      ...situation,
      names: new Set(steps),
      because: because.trim(),
      by: whoAmI(),
      anyChange,
      cache: this.#cache,
      artifacts: this.#artifacts,
      files: this.#files,
      downloads: this.#downloads,
      workspace: this.#workspace('plan'),
      dir: this.dir,
      outPaths: outPaths(pipeline),
    })
    createState(this.#dirs)
    const accepted = [...entries].flatMap(([step, { key, run, accepted: acceptance }]) =>
      acceptance === undefined ? [] : [{ step, key, run, ...acceptance }],
    )
    // The entry first: the line in the trail is what makes it count.
    for (const [, { key, reusable: _, ...entry }] of entries) await this.#cache.put(key, entry)
    for (const one of accepted) {
      this.#accepted.append({ type: 'accepted', pipeline: pipeline.name, ...one })
    }
    await this.#keep(situation, entries)
    return accepted
  }

  /**
   * Takes back what was accepted of some steps, so that they run. Gives the steps and keys.
   * @throws StepwellError STEPWELL_ACCEPT, STEPWELL_TARGET_UNKNOWN.
   */
  async revoke(pipeline: Pipeline, steps: readonly string[]): Promise<readonly AcceptedStep[]> {
    const situation = await this.#situation(pipeline, { targets: steps })
    const all = await this.accepted(pipeline)
    const revoked = all.filter(({ step }) => steps.includes(step))
    const none = steps.find((name) => !revoked.some(({ step }) => step === name))
    if (none !== undefined) {
      throw new StepwellError({
        code: 'STEPWELL_ACCEPT',
        what: `nothing is accepted of step \`${none}\``,
        todo: '`stepwell accept --list` says what is',
      })
    }
    for (const { step, key } of revoked) {
      // One that was made anew meanwhile is nobody's word any more.
      const isAccepted = (await this.#cache.get(key))?.accepted !== undefined
      // The trail first: from here on the entry does not count, wherever a copy of it comes from.
      const line = { pipeline: pipeline.name, step, key, at: Date.now(), by: whoAmI() }
      this.#accepted.append({ type: 'revoked', ...line })
      if (isAccepted) await this.#cache.delete(key)
    }
    const { snapshot } = situation
    const stands = (key: StepKey): boolean => this.#accepted.stands(key)
    await this.#keep({ ...situation, snapshot: withoutRevoked(snapshot, stands) }, new Map())
    return revoked
  }

  /** What is accepted of a pipeline's steps now, oldest first. Never waits for a run under way. */
  async accepted(pipeline: Pipeline): Promise<AcceptedStep[]> {
    const { steps } = await this.#snapshots.read(pipeline.name)
    const standing = new Map<StepKey, AcceptedStep>()
    for (const { type, pipeline: name, ...record } of this.#accepted.read()) {
      if (name !== pipeline.name) continue
      standing.delete(record.key)
      if (type === 'accepted') standing.set(record.key, record as AcceptedStep)
    }
    for (const [step, { entries }] of Object.entries(steps)) {
      for (const { key, run, accepted } of entries) {
        // A step that was renamed since has what was accepted under its old name.
        if (accepted === undefined) standing.delete(key)
        else if (standing.has(key)) standing.set(key, { step, key, run, ...accepted })
      }
    }
    return [...standing.values()]
  }

  /**
   * Where the pipeline stands: what is fresh, stale, or being run by any process. Reads files only; never
   * waits for a run under way.
   */
  async status(pipeline: Pipeline): Promise<PipelineStatus> {
    const plan = await this.plan(pipeline)
    const own = (await this.#runs.unfinished()).filter((run) => run.pipeline === pipeline.name)
    const live = own.filter(({ status }) => status === 'running')
    return await pipelineStatus(plan, live, this.#recent(pipeline.name))
  }

  async *#recent(pipeline: string): AsyncGenerator<RunRecord, void, undefined> {
    for await (const record of this.#runs.latest(RECENT)) {
      if (record.pipeline === pipeline) yield record
    }
  }

  /** Ids of the recorded runs, latest first. */
  async runIds(): Promise<string[]> {
    return await this.#runs.list()
  }

  /** Of the latest runs, those that go on now or were interrupted; latest first. */
  async unfinishedRuns(): Promise<RunRecord[]> {
    return await this.#runs.unfinished()
  }

  /** @throws StepwellError STEPWELL_RUN_UNKNOWN. */
  async runRecord(id: string): Promise<RunRecord> {
    return await this.#runs.read(id)
  }

  /** What a step logged in a run, or `undefined` when it logged nothing there. */
  async log(id: string, step: string): Promise<string | undefined> {
    return await this.#runs.log(id, step)
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
    return this.#runs.follow(id, step, signal)
  }

  /** Waits for the runs under way, then lets go of the step cache. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#active)
    await this.#index.close(this.#indexOptions)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The pipeline and its last known state, in which a request is planned and carried out. */
  async #situation(pipeline: Pipeline, request: PlanRequest): Promise<Situation> {
    const { steps, code, keep } = await prepare(pipeline, request.targets, this.#dirs)
    const { files, ...known } = await this.#snapshots.read(pipeline.name)
    const snapshot = withoutRevoked(known, (key) => this.#accepted.stands(key))
    this.#digests.recall(Object.entries(files))
    const forced = forcedSteps(steps, request.force)
    return { pipeline, request, steps, code, keepCode: keep, snapshot, forced }
  }

  async #planIn(situation: Situation): Promise<Plan> {
    const { pipeline, request, code } = situation
    const { steps, evidence } = await planSteps({
      ...situation,
      artifacts: this.#artifacts,
      files: this.#files,
      downloads: this.#downloads,
      workspace: this.#workspace('plan'),
      dir: this.dir,
      outPaths: outPaths(pipeline),
      recent: recentOutputs(await this.#runs.unfinished()),
    })
    return {
      pipeline: pipeline.name,
      targets: request.targets ?? [],
      force: request.force ?? [],
      warnings: warningsOf(code),
      steps,
      estimate: estimateRun(steps, this.#concurrency),
      evidence,
    }
  }

  async #carryOut(
    pipeline: Pipeline,
    { plan, keepEdits = false, signal = new AbortController().signal, ...own }: RunRequest,
    tell: (event: RunEvent) => void,
  ): Promise<RunRecord> {
    const situation = await this.#situation(pipeline, plan ?? own)
    const { steps, code, keepCode, snapshot, forced } = situation
    const moved = plan && planMoved(plan, await this.#planIn(situation))
    if (moved !== undefined) throw moved
    createState(this.#dirs)
    await this.#tidy()
    const recorder = new RunRecorder(this.#runs, tell, {
      pipeline: pipeline.name,
      concurrency: this.#concurrency,
      steps: steps.map(({ name, step }) => ({ name, action: actionOf(step) })),
    })
    for (const warning of warningsOf(code)) recorder.warn(warning)
    await keepCode()
    const runner = new StepRunner({
      run: recorder.id,
      dir: this.dir,
      steps,
      code,
      snapshot,
      cache: this.#cache,
      artifacts: this.#artifacts,
      files: this.#files,
      downloads: this.#downloads,
      workspace: this.#workspace(recorder.id),
      staging: this.#staging,
      executor: this.#executor(pipeline, {
        artifacts: this.#artifacts,
        digests: this.#digests,
        dir: this.dir,
      }),
      claims: this.#claims,
      journal: recorder.commit,
      forced,
      keepEdits,
      outPaths: outPaths(pipeline),
      ...(plan !== undefined && { plan }),
      signal,
      emit: recorder.emit,
    })
    this.#listeners.add(recorder.warn)
    try {
      await schedule(steps, { concurrency: this.#concurrency, signal }, runner)
      return await recorder.end()
    } catch (error) {
      await recorder.break(explainTrouble(error, this.#dirs.root))
      throw error
    } finally {
      this.#listeners.delete(recorder.warn)
      await this.#staging.close(recorder.id).catch(ignoreTrouble)
      // It spares looking things up. What was done counts without it.
      await this.#keep(situation, runner.entries).catch(ignoreTrouble)
    }
  }

  /** The project as a run, or a plan, finds and leaves it. */
  #workspace(run: string): Workspace {
    return new Workspace({
      dir: this.dir,
      temporary: this.#staging.temporary(run),
      artifacts: this.#artifacts,
      digests: this.#digests,
      recycle: this.#recycle,
      link: this.#link,
    })
  }

  /** What the index held, as far as its bytes are there still. */
  async *#entriesOfRuns(): AsyncGenerator<[key: string, value: string], void, undefined> {
    for await (const { key, entry } of this.#runs.journals()) {
      const state = await this.#artifacts.check(entry.outputs.value.digest)
      if (state === 'present') yield entryRecord(key, entry)
    }
  }

  /** Puts aside what runs left that were killed, and lets go of what has been aside for long. */
  async #tidy(): Promise<void> {
    await this.#staging.recover(async (id) => {
      try {
        return (await this.#runs.read(id)).status === 'running'
      } catch (error) {
        if (error instanceof StepwellError) return false
        throw error
      }
    })
    await this.#recycle.purge()
  }

  async #keep(
    { pipeline, snapshot, code }: Situation,
    entries: ReadonlyMap<string, SnapshotEntry>,
  ): Promise<void> {
    const next = nextSnapshot(snapshot, pipeline, code, entries)
    await this.#snapshots.write(pipeline.name, next, this.#digests.remembered)
  }

  async #read(
    handle: Step | Picked,
    names: ReadonlyMap<Step, string>,
    record: RunRecord,
  ): Promise<unknown> {
    const name = names.get(handle.kind === 'pick' ? handle.step : handle)
    const { output, picks = {} } = record.steps[name ?? ''] ?? {}
    if (name === undefined || output === undefined) {
      throw new StepwellError({
        code: 'STEPWELL_NO_OUTPUT',
        what: `there is no output of step \`${name ?? '?'}\` in run ${record.id}`,
        facts: `the run ${record.status}`,
        todo: 'look at its record for why',
      })
    }
    const field = handle.kind === 'pick' ? handle.field : undefined
    const picked = field === undefined ? undefined : picks[field]
    const value = decodeValue(await this.#artifacts.get((picked ?? output).digest))
    return field === undefined || picked !== undefined ? value : pickField(name, value, field)
  }
}

interface Situation {
  readonly pipeline: Pipeline
  readonly request: PlanRequest
  readonly steps: OrderedStep[]
  readonly code: PipelineCode
  /** Keeps what was found out about the code. */
  readonly keepCode: () => Promise<void>
  readonly snapshot: Snapshot
  readonly forced: ReadonlySet<string>
}

async function prepare(
  pipeline: Pipeline,
  targets: readonly string[] | undefined,
  { project, code }: StateDirs,
): Promise<KnownCode & { readonly steps: OrderedStep[] }> {
  if (pipeline?.kind !== 'pipeline') {
    throw new TypeError('Expected a pipeline made by pipeline()')
  }
  const steps = orderSteps(pipeline, targets)
  for (const { name, step } of steps) paramsOf(name, step)
  checkOuts(pipeline, project)
  return { steps, ...(await findCode(pipeline, project, code)) }
}

function forcedSteps(steps: readonly OrderedStep[], force: PlanRequest['force']): Set<string> {
  const names = steps.map(({ name }) => name)
  if (force === 'all') return new Set(names)
  const unknown = force?.find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw new StepwellError({
      code: 'STEPWELL_TARGET_UNKNOWN',
      what: `step ${JSON.stringify(unknown)} cannot be forced, it does not take part in this run`,
      todo: `those that do are ${names.join(', ')}`,
    })
  }
  return new Set(force)
}

/** Doubts about the code, each told once, and what they mean. */
function warningsOf({ doubts, steps }: PipelineCode): string[] {
  const pins = [...steps.values()].filter(({ pinned }) => pinned !== undefined).length
  const save = pins > 0 ? ', save those whose code is pinned' : ''
  const all = (pins < steps.size ? doubts : []).map(
    ({ what, place, todo }) =>
      `no step of this pipeline is cached${save}: ${what} at ${place}; ${todo}`,
  )
  const own = [...steps].flatMap(([name, code]) =>
    code.doubts.map(
      ({ what, place, todo }) => `step \`${name}\` is not cached: ${what} at ${place}; ${todo}`,
    ),
  )
  return [...new Set([...all, ...own])]
}
