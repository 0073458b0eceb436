import type { PlannedStep } from './planned-step.ts'

/**
 * How long a run is going to take, judged by the last time: the longer of the critical path and the
 * work shared out over the concurrency. No step that may run and has no history is in the numbers.
 */
export interface Estimate {
  /** Milliseconds, when only those steps run that are sure to. */
  readonly least: number
  /** Milliseconds, when those that depend on them run as well. */
  readonly most: number
  /** Steps at once. */
  readonly concurrency: number
  /** Steps that may run and have never succeeded before, so that their duration is unknown. */
  readonly unknown: readonly string[]
}

/** What is asked of a planned step, in an order in which each comes after what it reads. */
export type Estimated = Pick<PlannedStep, 'name' | 'decision' | 'upstream' | 'last'>

/** Estimates a run from what each step took the last time that it was executed. */
export function estimateRun(steps: readonly Estimated[], concurrency: number): Estimate {
  const may = steps.filter(({ decision }) => decision === 'run' || decision === 'depends')
  return {
    least: timeOf(steps, concurrency, ['run']),
    most: timeOf(steps, concurrency, ['run', 'depends']),
    concurrency,
    unknown: may.filter(({ last }) => last === undefined).map(({ name }) => name),
  }
}

function timeOf(
  steps: readonly Estimated[],
  concurrency: number,
  decisions: readonly PlannedStep['decision'][],
): number {
  /** When each step would end if nothing but what it reads held it up. */
  const ends = new Map<string, number>()
  let work = 0
  let path = 0
  for (const { name, decision, upstream, last } of steps) {
    const takes = decisions.includes(decision) ? (last?.duration ?? 0) : 0
    const begins = upstream.reduce((latest, read) => Math.max(latest, ends.get(read) ?? 0), 0)
    ends.set(name, begins + takes)
    work += takes
    path = Math.max(path, begins + takes)
  }
  return Math.max(path, work / concurrency)
}
