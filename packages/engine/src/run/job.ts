import { MOST_TIMER } from '@stepwell/base/delay'
import { paramsOf } from '../define/params.ts'
import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { JobOut } from '../store/objects/import-outs.ts'
import { failureOf, type Failure } from '@stepwell/base/failure'
import type { RunEvent } from '../record/event.ts'
import type { Executor, Job, JobItem, JobResult } from '../executor/executor.ts'
import { codeDigest, type PipelineCode } from '../identity/code.ts'
import { StepwellError } from '@stepwell/base/errors'
import { sortedEntries } from '@stepwell/base/json'
import type { ExecutorKind } from '../define/execution.ts'
import { noteLeft, withFreeScratch } from '../executor/command/left-scratch.ts'
import { type Identity } from '../decide/resolve-inputs.ts'
import { Secrets } from '../executor/secrets.ts'
import { LogLimit } from '../executor/log-limit.ts'
import type { OrderedStep } from '../define/order.ts'
import { definition, type Step } from '../define/step.ts'
import { commandOf } from '../define/work.ts'
import type { StagedOuts } from '../store/workspace/staging.ts'

export interface JobSurroundings {
  readonly artifacts: ArtifactStore
  readonly code: PipelineCode
  readonly executor: Executor
  /** Where steps are executed that do not say it. */
  readonly kind: ExecutorKind
  /** Stops it. */
  readonly signal: AbortSignal
  readonly emit: (event: RunEvent) => void
}

/**
 * Hands a step to the executor, and tells what it logs and measures.
 *
 * @param metrics takes what it measures
 * @param items of a mapped step, those of this job
 */
export async function executeJob(
  ordered: OrderedStep,
  identity: Pick<Identity, 'jobInputs' | 'trees'>,
  staged: Pick<StagedOuts, 'paths' | 'scratch' | 'inPlace'>,
  metrics: Record<string, number>,
  { artifacts, code, executor, kind, signal, emit }: JobSurroundings,
  items?: readonly JobItem[],
): Promise<JobResult> {
  const { name, step } = ordered
  const { execution } = definition(step)
  const own = await jobOf(ordered, identity, staged, { artifacts, code, kind })
  const job: Job = { ...own, ...(items !== undefined && { items }) }
  const refused = await makeRoom(name, staged, signal, emit)
  if (refused !== undefined) return { ok: false, failure: refused, duration: 0 }
  // What a step says after its end is not part of it.
  let speaking = true
  const log = new LogLimit()
  const limit = timeLimit(execution.timeout)
  try {
    const result = await executor.execute(
      withFreeScratch(job),
      {
        log: (line) => {
          const admitted = speaking ? log.admit(line) : undefined
          if (admitted === undefined) return
          emit({ type: 'step-log', at: Date.now(), step: name, line: admitted })
        },
        metric: (metric, value) => {
          if (!speaking) return
          metrics[metric] = value
          emit({ type: 'step-metric', at: Date.now(), step: name, name: metric, value })
        },
      },
      AbortSignal.any([signal, limit.signal]),
    )
    noteLeft(job, result)
    await removeSecrets(job, staged, result)
    // What it ended with was caused by this.
    if (result.ok || signal.aborted || !limit.signal.aborted) return result
    return { ...result, failure: failureOf(tooLong(name, execution.timeout ?? 0, result.failure)) }
  } finally {
    limit.end()
    speaking = false
  }
}

/** What a step leaves that failed is put aside, or found again by the next attempt: no secret may be in there. */
async function removeSecrets(
  { inputs, scratch, items = [], outs, command }: Job,
  { inPlace }: Pick<StagedOuts, 'inPlace'>,
  { ok }: JobResult,
): Promise<void> {
  const secrets = Secrets.among(inputs)
  const paths = [scratch, ...items.map((item) => item.scratch)]
  if (!ok) {
    const kept = new Set(inPlace === undefined ? [] : command?.inPlace?.keeps)
    paths.push(...Object.entries(outs).flatMap(([n, { staged }]) => (kept.has(n) ? [] : [staged])))
  }
  for (const path of paths) await secrets.removeFrom(path)
}

/** Of a step that writes in place: why it cannot. */
async function makeRoom(
  step: string,
  { inPlace }: Pick<StagedOuts, 'inPlace'>,
  signal: AbortSignal,
  emit: (event: RunEvent) => void,
): Promise<Failure | undefined> {
  try {
    await inPlace?.begin({
      signal,
      waiting: (owner) => {
        const message = `step \`${step}\` waits for ${owner}, which changes one of its outs`
        emit({ type: 'warning', at: Date.now(), step, message })
      },
    })
    return undefined
  } catch (error) {
    if (error instanceof StepwellError || signal.aborted) return failureOf(error)
    throw error
  }
}

/** What is to be executed of a step whose inputs are known. */
export async function jobOf(
  { name, step, picks }: OrderedStep,
  { jobInputs, trees }: Pick<Identity, 'jobInputs' | 'trees'>,
  staged: Pick<StagedOuts, 'paths' | 'scratch'>,
  { artifacts, code, kind }: Pick<JobSurroundings, 'artifacts' | 'code' | 'kind'>,
): Promise<Job> {
  // A step is given listings by their digests, and later ones are compared with them.
  for (const { text } of trees.values()) await artifacts.put(new TextEncoder().encode(text))
  const { execution, work } = definition(step)
  const command = commandOf(work)
  return {
    step: name,
    executor: execution.executor ?? kind,
    code: codeDigest(code, name),
    ...(command !== undefined && { command }),
    inputs: jobInputs,
    params: paramsOf(name, step),
    picks,
    outs: jobOuts(step, staged),
    scratch: staged.scratch,
  }
}

/** Aborts once a time is over. */
function timeLimit(ms: number | undefined): { readonly signal: AbortSignal; end(): void } {
  const over = new AbortController()
  // Longer times do not fit into a timer, and are not going to be over.
  const timer = ms === undefined || ms > MOST_TIMER ? undefined : setTimeout(() => over.abort(), ms)
  return { signal: over.signal, end: () => clearTimeout(timer) }
}

function tooLong(step: string, timeout: number, { code, message }: Failure): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_TIMEOUT',
    summary: `step \`${step}\` was stopped since it took longer than its timeout`,
    details: `${timeout} ms${code === 'STEPWELL_NOT_STOPPED' ? `; ${message}` : ''}`,
    hint: 'give it more time by `timeout`, or less to do',
  })
}

function jobOuts(step: Step, { paths }: Pick<StagedOuts, 'paths'>): Record<string, JobOut> {
  return Object.fromEntries(
    sortedEntries(definition(step).outs).map(([name, { kind, path }]) => {
      const staged = paths[name]
      if (staged === undefined) throw new TypeError(`the out ${name} has no place`)
      return [name, { kind, path, staged }]
    }),
  )
}
