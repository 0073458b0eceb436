import type { Engine, Pipeline, RunRecord } from '@stepwell/engine'

export interface LoopRunRequest {
  /** Names of the steps wanted. */
  readonly targets: readonly string[]
  readonly because: string
  /** Aborted when nothing new is to be started: what runs may come to its end. */
  readonly finish: AbortSignal
  /** Aborted when what runs is to be stopped, too. */
  readonly kill: AbortSignal
}

/** Carries out the runs of a loop, one at a time. */
export interface Runner {
  /** Rejects when the run could not be carried out at all: then it is tried again. */
  run(request: LoopRunRequest): Promise<RunRecord>
}

/** Runs in this process, with the code as it was loaded. */
export function engineRunner(engine: Engine, pipeline: Pipeline): Runner {
  return {
    run: async ({ targets, because, finish, kill }) => {
      const run = engine.run(pipeline, { targets, because, signal: kill })
      const stop = (): void => run.stop('finish')
      finish.addEventListener('abort', stop)
      if (finish.aborted) stop()
      try {
        return await run.result
      } finally {
        finish.removeEventListener('abort', stop)
      }
    },
  }
}
