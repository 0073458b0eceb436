import type { RunEvent } from './event.ts'
import type { Executor, JobOut, JobResult } from './executor/executor.ts'
import { paramsOf, type Identity } from './identify.ts'
import type { OrderedStep } from './order.ts'
import { definition, type Step } from './step.ts'
import type { StagedOuts } from './store/staging.ts'
import type { ArtifactStore } from './store/store.ts'

export interface JobSurroundings {
  readonly artifacts: ArtifactStore
  readonly executor: Executor
  readonly signal: AbortSignal
  readonly emit: (event: RunEvent) => void
}

/**
 * Hands a step to the executor, and tells what it logs and measures.
 *
 * @param metrics takes what it measures
 */
export async function executeJob(
  { name, step, picks }: OrderedStep,
  { jobInputs, trees }: Identity,
  staged: StagedOuts,
  metrics: Record<string, number>,
  { artifacts, executor, signal, emit }: JobSurroundings,
): Promise<JobResult> {
  // A step is given listings by their digests, and later ones are compared with them.
  for (const { text } of trees.values()) await artifacts.put(new TextEncoder().encode(text))
  // What a step says after its end is not part of it.
  let speaking = true
  try {
    return await executor.execute(
      {
        step: name,
        inputs: jobInputs,
        params: paramsOf(name, step),
        picks,
        outs: jobOuts(step, staged),
        scratch: staged.scratch,
      },
      {
        log: (line) => {
          if (speaking) emit({ type: 'step-log', at: Date.now(), step: name, line })
        },
        metric: (metric, value) => {
          if (!speaking) return
          metrics[metric] = value
          emit({ type: 'step-metric', at: Date.now(), step: name, name: metric, value })
        },
      },
      signal,
    )
  } finally {
    speaking = false
  }
}

function jobOuts(step: Step, { paths }: StagedOuts): Record<string, JobOut> {
  return Object.fromEntries(
    Object.entries(definition(step).outs).map(([name, { kind, path }]) => {
      const staged = paths[name]
      if (staged === undefined) throw new TypeError(`the out ${name} has no place`)
      return [name, { kind, path, staged }]
    }),
  )
}
