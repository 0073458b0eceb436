import type { InputRecord } from '../define/input-record.ts'
import type { StepKey } from '../identity/fingerprint.ts'
import type { Reason } from '../identity/reason.ts'

/**
 * What a run would do with a step: execute it, take its outputs from the cache, skip it, or find out only
 * when the output of a step before it is known.
 */
export type Decision = 'run' | 'cached' | 'skip' | 'depends'

/** An execution of a step that gave outputs. */
export interface LastExecution {
  readonly run: string
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number
  /** In milliseconds. */
  readonly duration: number
}

/** The items that a mapped step goes over, and those of them for which it is to be called. */
export interface PlannedItems {
  readonly total: number
  readonly new: number
}

export interface PlannedStep {
  readonly name: string
  readonly action: string
  readonly decision: Decision
  readonly reasons: readonly Reason[]
  /** Names of the steps it reads. */
  readonly upstream: readonly string[]
  readonly inputs: readonly InputRecord[]
  /** The text at which its code is pinned, if it is. */
  readonly pinned?: string
  /** Known when every input is. */
  readonly key?: StepKey
  /** Of a mapped step that is to run, once they are known. */
  readonly items?: PlannedItems
  /** The execution that made its outputs: those that are taken, else the latest ones. */
  readonly last?: LastExecution
}
