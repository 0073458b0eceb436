import type { InputRecord } from '../define/input-record.ts'
import type { Failure } from '@stepwell/base/failure'
import type { Artifact, Outputs } from '../value/artifact.ts'
import type { Digest } from '@stepwell/base/digest'
import type { StepKey } from '../identity/fingerprint.ts'
import type { ProcessIdentity } from '@stepwell/base/process-identity'
import type { Reason } from '../identity/reason.ts'
import type { RunStatus, StepStatus } from './status.ts'
import type { ItemCounts } from './step-record.ts'

/** Something that happened in a run. `at` is in milliseconds since the epoch. */
export type RunEvent =
  | {
      readonly type: 'run-started'
      readonly at: number
      readonly run: string
      readonly pipeline: string
      readonly concurrency: number
      readonly process: ProcessIdentity
      /** Why it was begun, for people. */
      readonly because?: string
      /** In execution order. */
      readonly steps: readonly { readonly name: string; readonly action: string }[]
    }
  | {
      readonly type: 'warning'
      readonly at: number
      readonly step?: string
      readonly message: string
    }
  | {
      readonly type: 'step-started'
      readonly at: number
      readonly step: string
      /** From 1. */
      readonly attempt: number
      readonly reasons: readonly Reason[]
    }
  /** A service can be used: it stays up until it ends, or beyond the run when it ends as `ongoing`. */
  | { readonly type: 'step-ongoing'; readonly at: number; readonly step: string }
  /** A mapped step has come further with its items. */
  | {
      readonly type: 'step-items'
      readonly at: number
      readonly step: string
      readonly items: ItemCounts
      /** What is kept of them is filed under this. */
      readonly base: Digest
    }
  /** An attempt failed, and another one follows. */
  | {
      readonly type: 'step-retried'
      readonly at: number
      readonly step: string
      /** The attempt that failed, from 1, of at most `attempts`. */
      readonly attempt: number
      readonly attempts: number
      /** How long until the next one, in milliseconds. */
      readonly pause: number
      readonly error: Failure
    }
  | { readonly type: 'step-log'; readonly at: number; readonly step: string; readonly line: string }
  | {
      readonly type: 'step-metric'
      readonly at: number
      readonly step: string
      readonly name: string
      readonly value: number
    }
  | StepFinished
  | {
      readonly type: 'run-finished'
      readonly at: number
      readonly status: Exclude<RunStatus, 'running' | 'interrupted'>
    }

export interface StepFinished {
  readonly type: 'step-finished'
  readonly at: number
  readonly step: string
  readonly status: StepStatus
  readonly reasons: readonly Reason[]
  readonly inputs: readonly InputRecord[]
  readonly duration: number
  readonly metrics: Readonly<Record<string, number>>
  readonly key?: StepKey
  readonly output?: Artifact
  readonly picks?: Outputs['picks']
  readonly outs?: Outputs['outs']
  readonly error?: Failure
}
