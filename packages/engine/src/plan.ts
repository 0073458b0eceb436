import type { Estimate } from './estimate.ts'
import type { PlannedStep } from './planned-step.ts'

/** A pipeline known to be acyclic, ordered and narrowed to its targets, with a decision for each step. */
export interface Plan {
  readonly pipeline: string
  readonly warnings: readonly string[]
  /** In execution order. */
  readonly steps: readonly PlannedStep[]
  /** How long the run is going to take. */
  readonly estimate: Estimate
}
