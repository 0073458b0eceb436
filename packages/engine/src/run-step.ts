import type { Outputs } from './artifact.ts'
import { checkHit } from './check-hit.ts'
import type { CodeParts, PipelineCode } from './code.ts'
import { derivePicks } from './derive-picks.ts'
import { StepwellError } from './errors.ts'
import type { RunEvent, StepFinished } from './event.ts'
import type { Executor } from './executor/executor.ts'
import type { StepKey } from './fingerprint.ts'
import {
  artifactIn,
  declaredInputs,
  identify,
  paramsOf,
  uncacheable,
  type Identity,
} from './identify.ts'
import type { OrderedStep } from './order.ts'
import { compareIngredients, type Reason } from './reason.ts'
import { failureOf, type Failure } from './step-record.ts'
import { codesOf, findReusable } from './snapshot.ts'
import type { Step } from './step.ts'
import { changed } from './store/file-input.ts'
import type {
  ArtifactStore,
  FileDigests,
  Snapshot,
  SnapshotEntry,
  StepCache,
  StepEntry,
} from './store/store.ts'

export interface StepRunnerOptions {
  readonly run: string
  /** The project directory. */
  readonly dir: string
  readonly steps: readonly OrderedStep[]
  readonly code: PipelineCode
  /** The last known state, to say what changed since. */
  readonly snapshot: Snapshot
  readonly cache: StepCache
  readonly artifacts: ArtifactStore
  readonly digests: FileDigests
  readonly executor: Executor
  /** Executions under way in this engine, by key: equal work is done once. */
  readonly inFlight: Map<StepKey, Promise<void>>
  /** Steps to execute whatever the cache holds. */
  readonly forced: ReadonlySet<string>
  readonly signal: AbortSignal
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
  readonly #lives = new Map<string, Life>()
  readonly #entries = new Map<string, SnapshotEntry>()
  /** Keys whose outputs were committed in this run. */
  readonly #committed = new Set<StepKey>()

  constructor(options: StepRunnerOptions) {
    this.#options = options
    this.#codes = codesOf(options.code)
    this.#steps = new Map(options.steps.map((ordered) => [ordered.name, ordered]))
    const names = new Map(options.steps.map(({ name, step }) => [step, name]))
    this.#nameOf = (step) => names.get(step) ?? impossible('a step without a name')
  }

  /** What each step that has outputs now was made from. */
  get entries(): ReadonlyMap<string, SnapshotEntry> {
    return this.#entries
  }

  /** 1. Resolve inputs to digests; 2. fingerprint and key; 3. look up, and check what was found. */
  async settle(name: string): Promise<'done' | 'failed' | 'execute'> {
    const ordered = this.#ordered(name)
    const life = begin()
    this.#lives.set(name, life)
    let identity: Identity
    try {
      identity = await identify(ordered, {
        code: this.#options.code,
        digests: this.#options.digests,
        nameOf: this.#nameOf,
        outputOf: (upstream, field) => artifactIn(this.#outputs(upstream), field),
      })
    } catch (error) {
      // A missing input is the step's failure. Anything else is the store's, and ends the run.
      if (!(error instanceof StepwellError)) throw error
      return this.#fail(name, [], failureOf(error))
    }
    life.identity = identity
    const never = uncacheable(ordered, identity)
    if (this.#options.forced.has(name)) life.reasons = [{ kind: 'forced' }]
    else if (never !== undefined) life.reasons = [never]
    else return await this.#lookUp(ordered, life, identity)
    return 'execute'
  }

  async #lookUp(
    ordered: OrderedStep,
    life: Life,
    identity: Identity,
  ): Promise<'done' | 'failed' | 'execute'> {
    const { cache, artifacts, dir, snapshot } = this.#options
    // What was there after the last run need not be asked of the database.
    const known = findReusable(snapshot, ordered.name, identity.key)
    const entry = known ?? (await cache.get(identity.key))
    if (entry === undefined) {
      life.reasons = this.#compare(ordered.name, identity)
      return 'execute'
    }
    const problems = await checkHit(ordered, entry.outputs, artifacts, dir)
    if (problems.length > 0) {
      life.reasons = problems
      for (const problem of problems) this.#warn(ordered.name, problem)
      return 'execute'
    }
    return await this.#hit(ordered, life, identity, entry)
  }

  async #hit(
    ordered: OrderedStep,
    life: Life,
    { key, ingredients }: Identity,
    entry: StepEntry,
  ): Promise<'done' | 'failed'> {
    const { name } = ordered
    const { artifacts } = this.#options
    let outputs: Outputs
    try {
      outputs = await derivePicks(ordered, entry.outputs, artifacts, async (bytes) => {
        return await artifacts.put(bytes)
      })
    } catch (error) {
      if (!(error instanceof StepwellError && error.code === 'STEPWELL_PICK')) throw error
      return this.#fail(name, [], failureOf(error))
    }
    if (outputs !== entry.outputs) await this.#options.cache.put(key, { ...entry, outputs })
    life.outputs = outputs
    life.metrics = { ...entry.metrics }
    this.#entries.set(name, { ...entry, key, ingredients, outputs, reusable: true })
    const reasons: Reason[] = [{ kind: 'unchanged', run: entry.run, at: entry.at }]
    this.#finish(name, 'cached', { reasons, output: outputs.value, picks: outputs.picks })
    return 'done'
  }

  /** 4. Execute; 5. on success only, commit: bytes first, then the entry that promises them. */
  async execute(name: string): Promise<'done' | 'failed' | 'cancelled'> {
    const { inFlight } = this.#options
    const ordered = this.#ordered(name)
    const life = this.#life(name)
    const identity = life.identity ?? impossible(`step \`${name}\` was not settled`)
    if (uncacheable(ordered, identity) !== undefined)
      return await this.#execute(ordered, life, identity)
    // Equal keys at once: the second waits for the first and takes what it made.
    for (;;) {
      const other = inFlight.get(identity.key)
      if (other === undefined && !this.#committed.has(identity.key)) break
      await other
      const { reasons } = life
      const settled = await this.#lookUp(ordered, life, identity)
      if (settled !== 'execute') return settled
      life.reasons = reasons
      if (other === undefined) break
    }
    const executing = this.#execute(ordered, life, identity)
    inFlight.set(
      identity.key,
      executing.then(
        () => undefined,
        () => undefined,
      ),
    )
    try {
      return await executing
    } finally {
      inFlight.delete(identity.key)
    }
  }

  async #execute(
    ordered: OrderedStep,
    life: Life,
    identity: Identity,
  ): Promise<'done' | 'failed' | 'cancelled'> {
    const { name, step, picks } = ordered
    const { emit, executor, signal, cache, run } = this.#options
    life.started = performance.now()
    const { reasons } = life
    emit({ type: 'step-started', at: Date.now(), step: name, reasons })
    // What a step says after its end is not part of it.
    let speaking = true
    const result = await executor.execute(
      { step: name, inputs: identity.jobInputs, params: paramsOf(name, step), picks },
      {
        log: (line) => {
          if (speaking) emit({ type: 'step-log', at: Date.now(), step: name, line })
        },
        metric: (metric, value) => {
          if (!speaking) return
          life.metrics[metric] = value
          emit({ type: 'step-metric', at: Date.now(), step: name, name: metric, value })
        },
      },
      signal,
    )
    speaking = false
    life.duration = result.duration
    if (!result.ok && signal.aborted) {
      this.#finish(name, 'cancelled', { reasons, error: result.failure })
      return 'cancelled'
    }
    const moved = await this.#changedInput(identity)
    if (moved !== undefined) return this.#fail(name, reasons, failureOf(changed(moved)))
    if (!result.ok) return this.#fail(name, reasons, result.failure)
    const { outputs } = result
    const entry: StepEntry = {
      outputs,
      metrics: life.metrics,
      ingredients: identity.ingredients,
      run,
      at: Date.now(),
      duration: result.duration,
    }
    const reusable = uncacheable(ordered, identity) === undefined
    if (reusable) {
      await cache.put(identity.key, entry)
      this.#committed.add(identity.key)
    }
    life.outputs = outputs
    this.#entries.set(name, { ...entry, key: identity.key, reusable })
    this.#finish(name, 'succeeded', { reasons, output: outputs.value, picks: outputs.picks })
    return 'done'
  }

  skip(name: string, blockers: readonly string[]): void {
    this.#lives.set(name, begin())
    this.#finish(name, 'skipped', { reasons: [{ kind: 'blocked', by: blockers }] })
  }

  cancel(name: string, failed: string | undefined): void {
    if (!this.#lives.has(name)) this.#lives.set(name, begin())
    const reasons: Reason[] = [{ kind: 'stopped', by: failed ?? null }]
    this.#finish(name, 'cancelled', { reasons })
  }

  /** The path of an input file whose bytes are no longer those that the key was made of. */
  async #changedInput({ jobInputs }: Identity): Promise<string | undefined> {
    for (const input of Object.values(jobInputs)) {
      if (input.kind !== 'file') continue
      try {
        if ((await this.#options.digests.digest(input.path)) !== input.digest) return input.path
      } catch (error) {
        if (error instanceof StepwellError) return input.path
        throw error
      }
    }
    return undefined
  }

  #compare(name: string, { ingredients }: Identity): Reason[] {
    const { snapshot } = this.#options
    const before = snapshot.steps[name]?.entries[0]
    if (before === undefined) return [{ kind: 'new' }]
    const reasons = compareIngredients(before.ingredients, ingredients, {
      ...snapshot.codes,
      ...this.#codes,
    })
    return reasons.length > 0 ? reasons : [{ kind: 'lost' }]
  }

  #fail(name: string, reasons: readonly Reason[], error: Failure): 'failed' {
    this.#finish(name, 'failed', { reasons, error })
    return 'failed'
  }

  #finish(
    step: string,
    status: StepFinished['status'],
    how: Pick<StepFinished, 'reasons' | 'output' | 'picks' | 'error'>,
  ): void {
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
    if (problem.kind !== 'artifact') return
    const message = `the stored ${problem.output} of step \`${step}\` is ${problem.problem}; it is made again`
    this.#options.emit({ type: 'warning', at: Date.now(), step, message })
  }

  #ordered(name: string): OrderedStep {
    return this.#steps.get(name) ?? impossible(`no step \`${name}\` in this run`)
  }

  #life(name: string): Life {
    return this.#lives.get(name) ?? impossible(`step \`${name}\` has not begun`)
  }

  #outputs(name: string): Outputs {
    return this.#life(name).outputs ?? impossible(`step \`${name}\` has no outputs`)
  }
}

/** What is known of a step as the run goes on. */
interface Life {
  /** Milliseconds on the monotonic clock. */
  started: number
  /** How long the execution took, once it has ended, in milliseconds. */
  duration: number | undefined
  /** `undefined` when it was never looked at, or an input is missing. */
  identity: Identity | undefined
  reasons: readonly Reason[]
  metrics: Record<string, number>
  outputs: Outputs | undefined
}

function begin(): Life {
  return {
    started: performance.now(),
    duration: undefined,
    identity: undefined,
    reasons: [],
    metrics: {},
    outputs: undefined,
  }
}

/** For what the scheduler's order rules out. */
function impossible(problem: string): never {
  throw new TypeError(problem)
}
