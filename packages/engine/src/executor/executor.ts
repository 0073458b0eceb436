import type { Outputs } from '../artifact.ts'
import type { Digest } from '../digest.ts'
import type { Failure } from '../step-record.ts'

/**
 * A ready step to be executed. It carries digests, never handles, so that it can cross a thread or a
 * machine; executing equal jobs twice does no harm.
 */
export interface Job {
  readonly step: string
  readonly inputs: Readonly<Record<string, JobInput>>
  /** Canonical JSON. */
  readonly params: string
  /** Fields of the output that need an artifact of their own. */
  readonly picks: readonly string[]
}

export type JobInput =
  | { readonly kind: 'value'; readonly digest: Digest }
  | { readonly kind: 'file'; readonly path: string; readonly digest: Digest }
  | { readonly kind: 'env'; readonly value: string }

/** What an executor tells while a job runs. */
export interface JobEvents {
  log(line: string): void
  metric(name: string, value: number): void
}

/** A step's failure is a value; an executor throws only when its own machinery fails. */
export type JobResult = (
  | { readonly ok: true; readonly outputs: Outputs }
  | { readonly ok: false; readonly failure: Failure }
) & {
  /** How long the step itself took, in milliseconds. */
  readonly duration: number
}

/** Runs a ready step somewhere. The outputs of a successful job are durable in the artifact store. */
export interface Executor {
  execute(job: Job, events: JobEvents, signal: AbortSignal): Promise<JobResult>
}
