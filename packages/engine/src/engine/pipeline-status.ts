import type { Failure } from '@stepwell/base/failure'
import type { Plan } from '../plan/plan.ts'
import type { LastExecution, PlannedStep } from '../plan/planned-step.ts'
import type { Reason } from '../identity/reason.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { StepRecord } from '../record/step-record.ts'

/**
 * `fresh`: its outputs are those that a run would give. `stale`: it would run, or may. `failed`: it
 * would, and failed the last time. `never`: nothing is known of it. `skipped`: its condition does not hold,
 * or that of a step that it needs.
 */
export type StepState = 'fresh' | 'stale' | 'running' | 'failed' | 'never' | 'skipped'

export interface PipelineStatus {
  readonly pipeline: string
  readonly warnings: readonly string[]
  /** In execution order. */
  readonly steps: readonly StepSituation[]
  /** Runs of the pipeline that go on now, latest first. */
  readonly live: readonly LiveRun[]
}

export interface StepSituation extends Pick<
  PlannedStep,
  'name' | 'action' | 'decision' | 'reasons'
> {
  readonly state: StepState
  readonly reasons: readonly Reason[]
  /** The execution that made its outputs. */
  readonly last?: LastExecution
  /** How it went the last time that it was executed, if it failed. */
  readonly failure?: LastExecution & Pick<Failure, 'message' | 'hint'>
  /** In the state `running`: since when, in milliseconds since the epoch. */
  readonly since?: number
}

export interface LiveRun {
  readonly run: string
  readonly process: RunRecord['process']
  readonly startedAt: number
  /** How many of its steps have ended, and how many there are. */
  readonly ended: number
  readonly total: number
  /** Names of the steps that are executed now. */
  readonly running: readonly string[]
}

/**
 * Where a pipeline stands, from what a run would do and what the latest runs did.
 *
 * @param records of the pipeline, latest first; no more of them are read than it takes
 */
export async function pipelineStatus(
  { pipeline, warnings, steps }: Plan,
  live: readonly RunRecord[],
  records: AsyncIterable<RunRecord>,
): Promise<PipelineStatus> {
  const running = new Map<string, number>()
  for (const { steps: own, startedAt } of live) {
    for (const step of Object.values(own)) {
      if (isRunning(step)) running.set(step.name, step.startedAt ?? startedAt)
    }
  }
  const open = steps.filter(
    ({ name, decision }) => ['run', 'depends'].includes(decision) && !running.has(name),
  )
  const failures = await lastFailures(new Set(open.map(({ name }) => name)), records)
  return {
    pipeline,
    warnings,
    steps: steps.map((step) => {
      const { name, action, decision, reasons, last } = step
      const [since, failure] = [running.get(name), failures.get(name)]
      return {
        name,
        state: stateOf(step, since, failure),
        action,
        decision,
        reasons,
        ...(last !== undefined && { last }),
        ...(failure !== undefined && { failure }),
        ...(since !== undefined && { since }),
      }
    }),
    live: live.map(liveRun),
  }
}

function stateOf(
  { decision, last }: PlannedStep,
  since: number | undefined,
  failure: object | undefined,
): StepState {
  if (since !== undefined) return 'running'
  if (decision === 'cached') return 'fresh'
  if (decision === 'skip') return 'skipped'
  if (failure !== undefined) return 'failed'
  return last === undefined ? 'never' : 'stale'
}

/** Of those steps that failed when they were last executed: when, for how long, and why. */
async function lastFailures(
  open: Set<string>,
  records: AsyncIterable<RunRecord>,
): Promise<Map<string, StepSituation['failure'] & object>> {
  const failures = new Map<string, StepSituation['failure'] & object>()
  if (open.size === 0) return failures
  for await (const { id, startedAt, steps } of records) {
    for (const name of open) {
      const step = Object.hasOwn(steps, name) ? steps[name] : undefined
      if (step === undefined) continue
      if (step.status === 'failed') {
        failures.set(name, {
          run: id,
          at: step.endedAt ?? startedAt,
          duration: step.duration,
          message: step.error?.message ?? '',
          ...(step.error?.hint !== undefined && { hint: step.error.hint }),
        })
      }
      if (['failed', 'succeeded', 'cached'].includes(step.status)) open.delete(name)
    }
    if (open.size === 0) break
  }
  return failures
}

/** A service that is up runs, too. */
function isRunning({ status }: StepRecord): boolean {
  return status === 'running' || status === 'ongoing'
}

function liveRun({ id, process, startedAt, steps }: RunRecord): LiveRun {
  const all = Object.values(steps)
  const running = all.filter(isRunning).map(({ name }) => name)
  const waiting = all.filter(({ status }) => status === 'waiting').length
  const ended = all.length - running.length - waiting
  return { run: id, process, startedAt, ended, total: all.length, running }
}
