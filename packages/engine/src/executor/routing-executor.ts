import type { ExecutorKind } from '../define/execution.ts'
import type { Executor, Job, JobEvents, JobResult } from './executor.ts'

/** By what a job may be executed: a command by one of its own, a function where its author wants it. */
export type Adapters = Readonly<Record<ExecutorKind | 'command', Executor>>

/** Passes each job to the executor that is made for it. */
export class RoutingExecutor implements Executor {
  readonly #adapters: Adapters

  constructor(adapters: Adapters) {
    this.#adapters = adapters
  }

  async execute(job: Job, events: JobEvents, signal: AbortSignal): Promise<JobResult> {
    const kind = job.command === undefined ? job.executor : 'command'
    return await this.#adapters[kind].execute(job, events, signal)
  }

  async close(): Promise<void> {
    for (const adapter of new Set(Object.values(this.#adapters))) await adapter.close?.()
  }
}
