import type { CodeParts } from './code.ts'
import type { Estimate } from './estimate.ts'
import type { PlannedStep } from './planned-step.ts'
import type { Ingredients } from './reason.ts'

/** A pipeline known to be acyclic, ordered and narrowed to its targets, with a decision for each step. */
export interface Plan {
  readonly pipeline: string
  /** As asked for; empty for all steps. */
  readonly targets: readonly string[]
  /** As asked for. */
  readonly force: readonly string[] | 'all'
  /** Whether it is of the targets alone, without what they need. */
  readonly only: boolean
  readonly warnings: readonly string[]
  /** In execution order. */
  readonly steps: readonly PlannedStep[]
  /** How long the run is going to take. */
  readonly estimate: Estimate
  /** What the decisions were taken from, to say later what is no longer so. */
  readonly evidence: Evidence
}

export interface Evidence {
  /**
   * What each step is made of, by its name; without the outputs of steps that are still to run. A step
   * with an input that cannot be had has none.
   */
  readonly ingredients: Readonly<Record<string, Ingredients>>
  /** The code that they refer to, by its digest. */
  readonly codes: Readonly<Record<string, CodeParts>>
}
