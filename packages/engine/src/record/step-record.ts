import type { InputRecord } from '../define/input-record.ts'
import type { Failure } from '@stepwell/base/failure'
import type { Artifact, Outputs } from '../value/artifact.ts'
import type { Digest } from '@stepwell/base/digest'
import type { StepKey } from '../identity/fingerprint.ts'
import type { Reason } from '../identity/reason.ts'
import type { StepStatus } from './status.ts'

/** How far a mapped step is with its items. */
export interface ItemCounts {
  readonly total: number
  /** What they gave was known. */
  readonly cached: number
  readonly executed: number
  readonly failed: number
}

export interface StepRecord {
  readonly name: string
  /** What the step does. */
  readonly action: string
  readonly status: StepStatus | 'waiting' | 'running'
  readonly reasons: readonly Reason[]
  readonly inputs: readonly InputRecord[]
  readonly output?: Artifact
  readonly picks?: Outputs['picks']
  readonly outs?: Outputs['outs']
  readonly key?: StepKey
  readonly metrics: Readonly<Record<string, number>>
  /** In milliseconds: of the execution, or of the decision that none was needed. */
  readonly duration: number
  /** How often it was tried, where that was more than once. */
  readonly attempts?: number
  /** Of a mapped step that was executed. */
  readonly items?: ItemCounts
  /** What is kept of these items is filed under this. */
  readonly itemBase?: Digest
  readonly error?: Failure
  /** When it began to be executed, and when it ended, in milliseconds since the epoch. */
  readonly startedAt?: number
  readonly endedAt?: number
}
