import type { Failure } from '@stepwell/base/failure'
import type { Job, JobResult } from '../executor.ts'

/** What a worker needs to know before its first job. */
export interface WorkerSetup {
  /** The name of the pipeline, and the modules of which one exports it. */
  readonly pipeline: string
  readonly makers: readonly string[]
  /** The project directory. */
  readonly dir: string
  /** Where artifacts are. */
  readonly objects: string
  /** Where it is kept what was found out about code. */
  readonly code: string
}

/** What a worker is told. Jobs are numbered, so that what comes late from one is not taken for the next. */
export type ToWorker =
  | { readonly type: 'setup'; readonly setup: WorkerSetup }
  | {
      readonly type: 'execute'
      readonly id: number
      readonly job: Job
      /** The environment as it is now, for a worker that does not share it. */
      readonly env?: Readonly<Record<string, string | undefined>>
    }
  | { readonly type: 'abort'; readonly id: number }

/** What a worker tells, in the order in which it happens. */
export type FromWorker =
  | { readonly type: 'began'; readonly id: number }
  | { readonly type: 'log'; readonly id: number; readonly line: string }
  | { readonly type: 'metric'; readonly id: number; readonly name: string; readonly value: number }
  | { readonly type: 'ended'; readonly id: number; readonly result: JobResult }
  /** Its machinery failed, not the step. */
  | { readonly type: 'broke'; readonly id: number; readonly failure: Failure }
  /** An error was not caught: the worker is about to die. */
  | { readonly type: 'crashed'; readonly failure: Failure }
