import type { JobInput } from '../identity/job-input.ts'
import type { JobOut } from '../store/objects/import-outs.ts'
import type { Failure } from '@stepwell/base/failure'
import type { Outputs, ItemOutput } from '../value/artifact.ts'
import type { Command } from '../define/command-line.ts'
import type { Digest } from '@stepwell/base/digest'
import type { ExecutorKind } from '../define/execution.ts'

/**
 * A ready step to be executed. It carries digests, never handles, so that it can cross a thread or a
 * machine; executing equal jobs twice does no harm.
 */
export interface Job {
  readonly step: string
  /** Where its author wants it to be executed; one for other machines need not care. */
  readonly executor: ExecutorKind
  /** The digest of the code to execute: the executor that loads the code must find the same. */
  readonly code: Digest
  /** The command that it runs, unless it calls a function. */
  readonly command?: Command
  readonly inputs: Readonly<Record<string, JobInput>>
  /** Canonical JSON. */
  readonly params: string
  /** Fields of the output that need an artifact of their own. */
  readonly picks: readonly string[]
  /** Files and directories that it is to write, by name. */
  readonly outs: Readonly<Record<string, JobOut>>
  /** The directory for work in progress, absolute; made when the step asks for it. */
  readonly scratch: string
  /** Of a mapped step: what it is to be called with, one after the other, each as the input `item`. */
  readonly items?: readonly JobItem[]
}

export interface JobItem {
  readonly input: JobInput
  /** What it is called in the log. */
  readonly label: string
  /** As of the job. */
  readonly scratch: string
}

/** What an executor tells while a job runs. */
export interface JobEvents {
  log(line: string): void
  metric(name: string, value: number): void
}

/** A step's failure is a value; an executor throws only when its own machinery fails. */
export type JobResult = (
  | { readonly ok: true; readonly outputs: Outputs }
  /** Of a job with items: how each one went, in their order; those at the end that were not begun have none. */
  | { readonly ok: true; readonly items: readonly ItemResult[] }
  | { readonly ok: false; readonly failure: Failure }
) & {
  /** How long the step itself took, in milliseconds. */
  readonly duration: number
}

export type ItemResult =
  | { readonly ok: true; readonly output: ItemOutput }
  | { readonly ok: false; readonly failure: Failure }

/**
 * Runs a ready step somewhere. The outputs of a successful job, outs included, are durable in the
 * artifact store.
 */
export interface Executor {
  /**
   * The job is told to stop when the signal aborts; one that has not ended after a time of grace is
   * killed, or where that cannot be, left alone: what it does from then on counts for nothing. Either way
   * it resolves.
   */
  execute(job: Job, events: JobEvents, signal: AbortSignal): Promise<JobResult>
  /** Releases what it holds, such as threads. No job is under way. */
  close?(): Promise<void>
}
