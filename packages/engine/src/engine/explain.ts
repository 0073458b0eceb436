import { firstCauses, inputsBehind, type StepsBehind } from '../record/first-cause.ts'
import type { Plan } from '../plan/plan.ts'
import type { PlannedStep } from '../plan/planned-step.ts'
import type { Reason } from '../identity/reason.ts'
import type { RunFiles } from '../store/runs/run-files.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { StepRecord } from '../record/step-record.ts'

/** Why a step would run or not, and why it did the last time. */
export interface Explanation extends PlannedStep {
  /** The steps furthest upstream because of which it may run, with their own reasons. */
  readonly causes: readonly PlannedStep[]
  /** For inputs that changed in runs that are over: the steps furthest upstream there. */
  readonly pastCauses: readonly PastCause[]
  /** The run, of any process, that executes it now, and why. */
  readonly running?: {
    readonly run: string
    /** In milliseconds since the epoch. */
    readonly since: number
    readonly reasons: readonly Reason[]
  }
  /** Why it was executed the last time that it was, and how that ended. */
  readonly lastRun?: {
    readonly run: string
    /** In milliseconds since the epoch. */
    readonly at: number
    readonly status: StepRecord['status']
    /** In milliseconds. */
    readonly duration: number
    readonly reasons: readonly Reason[]
    readonly causes: readonly PastCause[]
    readonly error?: string
    readonly hint?: string
  }
}

/** A step upstream that was executed in a run that is over, for reasons of its own. */
export interface PastCause {
  readonly step: string
  readonly run: string
  readonly reasons: readonly Reason[]
}

/** Explains a step of a plan. Reads files only. */
export async function explainStep(
  plan: Plan,
  step: PlannedStep,
  runs: RunFiles,
): Promise<Explanation> {
  const { name } = step
  const running = await findRunning(plan.pipeline, name, runs)
  const record = await lastExecution(plan.pipeline, name, runs)
  const lastRun = record && explainLast(record, name)
  return {
    ...step,
    causes: causesInPlan(step, plan.steps),
    pastCauses: await pastCauses(plan, step, runs),
    ...(running !== undefined && { running }),
    ...(lastRun !== undefined && { lastRun }),
  }
}

/** Through what depends on others, the steps that run for reasons of their own. Nearer ones come first. */
export function causesInPlan(
  { reasons }: Pick<PlannedStep, 'reasons'>,
  steps: readonly PlannedStep[],
): PlannedStep[] {
  const byName = new Map(steps.map((planned) => [planned.name, planned]))
  const behind: StepsBehind = (reason) => (reason.kind === 'upstream' ? reason.steps : [])
  const from = reasons.flatMap((reason) => behind(reason, ''))
  const causes = firstCauses(from, (step) => byName.get(step)?.reasons, behind)
  return causes.flatMap((cause) => byName.get(cause) ?? [])
}

/** For inputs whose steps have run already: why those gave something else, from the run that they did in. */
async function pastCauses(
  { pipeline, steps }: Plan,
  { name, reasons }: PlannedStep,
  runs: RunFiles,
): Promise<PastCause[]> {
  const behind = inputsBehind([], (read) => steps.some((step) => step.name === read))
  const causes = new Map<string, PastCause>()
  for (const read of new Set(reasons.flatMap((reason) => behind(reason, name)))) {
    const record = await lastExecution(pipeline, read, runs)
    for (const cause of record === undefined ? [] : causesInRun(record, [read]))
      causes.set(`${cause.run} ${cause.step}`, cause)
  }
  return [...causes.values()]
}

/** The first causes in a run, among steps that were executed there and those that led to them. */
function causesInRun(record: RunRecord, from: readonly string[]): PastCause[] {
  const isExecuted = (name: string): boolean => stepIn(record, name)?.status === 'succeeded'
  const behind = inputsBehind([record], isExecuted)
  const reasonsOf = (name: string): readonly Reason[] | undefined => {
    const step = stepIn(record, name)
    return step?.status === 'cached' ? undefined : step?.reasons
  }
  return firstCauses(from, reasonsOf, behind).map((step) => ({
    step,
    run: record.id,
    reasons: stepIn(record, step)?.reasons ?? [],
  }))
}

/** The record of the latest run in which a step was executed. */
async function lastExecution(
  pipeline: string,
  name: string,
  runs: RunFiles,
): Promise<RunRecord | undefined> {
  for await (const record of runs.latest(Infinity)) {
    const status = record.pipeline === pipeline ? stepIn(record, name)?.status : undefined
    if (status === 'succeeded' || status === 'failed') return record
  }
  return undefined
}

function explainLast(record: RunRecord, name: string): Explanation['lastRun'] {
  const step = stepIn(record, name)
  if (step === undefined) return undefined
  const { status, reasons, duration, error } = step
  const behind = inputsBehind([record], (read) => stepIn(record, read) !== undefined)
  const from = reasons.flatMap((reason) => behind(reason, name))
  return {
    run: record.id,
    at: record.startedAt,
    status,
    duration,
    reasons,
    causes: causesInRun(record, from),
    ...(error !== undefined && { error: error.message }),
    ...(error?.hint !== undefined && { hint: error.hint }),
  }
}

async function findRunning(
  pipeline: string,
  name: string,
  runs: RunFiles,
): Promise<Explanation['running']> {
  for (const record of await runs.unfinished()) {
    if (record.pipeline !== pipeline || record.status !== 'running') continue
    const step = stepIn(record, name)
    if (step?.status !== 'running') continue
    const since = step.startedAt ?? record.startedAt
    return { run: record.id, since, reasons: step.reasons }
  }
  return undefined
}

function stepIn({ steps }: RunRecord, name: string): StepRecord | undefined {
  return Object.hasOwn(steps, name) ? steps[name] : undefined
}
