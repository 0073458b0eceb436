import type { StepKey } from './fingerprint.ts'
import type { Reason } from './reason.ts'
import type { InputRecord } from './step-record.ts'

/**
 * What a run would do with a step: execute it, take its outputs from the cache, or find out only when
 * the output of a step before it is known.
 */
export type Decision = 'run' | 'cached' | 'depends'

export interface PlannedStep {
  readonly name: string
  readonly action: string
  readonly decision: Decision
  readonly reasons: readonly Reason[]
  readonly inputs: readonly InputRecord[]
  /** Known when every input is. */
  readonly key?: StepKey
  /** How long it took the last time, in milliseconds. */
  readonly lastDuration?: number
}

/** A pipeline known to be acyclic, ordered and narrowed to its targets, with a decision for each step. */
export interface Plan {
  readonly pipeline: string
  readonly warnings: readonly string[]
  /** In execution order. */
  readonly steps: readonly PlannedStep[]
}
