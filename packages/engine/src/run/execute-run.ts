import type { Demand } from '../define/demand.ts'
import { definition } from '../define/step.ts'
import { ranksOf } from './critical-path.ts'
import type { SnapshotEntry } from '../record/snapshot.ts'
import { schedule, type Scheduled } from './schedule.ts'
import { ignoreTrouble } from '../store/storage-error.ts'
import { StepRunner, type StepRunnerOptions } from './run-step.ts'

export interface ExecuteRunOptions extends StepRunnerOptions {
  /** How much there is of each resource. */
  readonly capacity: Demand
  /** Called with what each step that has outputs now was made from, once all has ended, however that was. */
  readonly keep: (entries: ReadonlyMap<string, SnapshotEntry>) => Promise<void>
}

/** Executes the steps of a run, and ends what they have begun. */
export async function executeRun(options: ExecuteRunOptions): Promise<void> {
  const { run, concurrency, capacity, onFailure, halt, executor, staging, keep } = options
  const runner = new StepRunner(options)
  try {
    const limits = {
      concurrency,
      capacity,
      keepGoing: onFailure === 'continue',
      signal: halt.stopping,
    }
    await schedule(scheduled(options), limits, runner)
  } finally {
    runner.close()
    await runner.endServices()
    await executor.close?.()
    await staging.close(run).catch(ignoreTrouble)
    await keep(runner.entries)
  }
}

/** The steps as the scheduler takes them: those on the longest way come first. */
function scheduled({
  steps,
  snapshot,
}: Pick<StepRunnerOptions, 'steps' | 'snapshot'>): Scheduled[] {
  const durations = new Map(
    steps.flatMap(({ name }) => {
      const last = snapshot.steps[name]?.entries[0]
      return last === undefined ? [] : [[name, last.duration] as const]
    }),
  )
  const ranks = ranksOf(steps, durations)
  return steps.map(({ name, step, upstream, downstream }) => ({
    name,
    upstream,
    downstream,
    demand: definition(step).execution.demand,
    priority: ranks.get(name) ?? 0,
  }))
}
