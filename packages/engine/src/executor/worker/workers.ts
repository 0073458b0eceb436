import type { ArtifactStore } from '../../store/objects/artifact-store.ts'
import type { Pipeline } from '../../define/pipeline.ts'
import { DiskArtifacts } from '../../store/objects/disk-artifacts.ts'
import type { Executor } from '../executor.ts'
import { WorkerExecutor } from './worker-executor.ts'

export interface WorkersPlace {
  readonly artifacts: ArtifactStore
  /** The project directory. */
  readonly dir: string
  readonly grace: number
  readonly warn: (message: string) => void
}

/**
 * What executes steps in threads and in processes. Those share an artifact store by the files that it is
 * in; where it is not, `inline` does it, and that is told once.
 */
export function workersOf(
  pipeline: Pipeline,
  { artifacts, warn, ...place }: WorkersPlace,
  inline: Executor,
): { readonly thread: Executor; readonly process: Executor } {
  if (artifacts instanceof DiskArtifacts) {
    const options = { ...place, pipeline, artifacts }
    return {
      thread: new WorkerExecutor({ ...options, kind: 'thread' }),
      process: new WorkerExecutor({ ...options, kind: 'process' }),
    }
  }
  let isTold = false
  const instead: Executor = {
    execute: async (job, events, signal) => {
      if (!isTold) {
        isTold = true
        warn(
          `step \`${job.step}\` cannot have a ${job.executor} of its own; such steps are executed inline, ` +
            'since other threads and processes have no part in the artifact store that the engine was given',
        )
      }
      return await inline.execute(job, events, signal)
    },
  }
  return { thread: instead, process: instead }
}
