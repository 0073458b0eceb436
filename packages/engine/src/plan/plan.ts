import type { CodeParts } from '../identity/code.ts'
import type { Estimate } from './estimate.ts'
import type { PlannedStep } from './planned-step.ts'
import type { Ingredients } from '../identity/reason.ts'

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
  /** What each step is made of, by its name. A step with an input that cannot be read is missing. */
  readonly ingredients: Readonly<Record<string, PlannedIngredients>>
  /** The code that they refer to, by its digest. */
  readonly codes: Readonly<Record<string, CodeParts>>
}

export interface PlannedIngredients extends Ingredients {
  /** Of this, their digests say nothing. */
  readonly toCome: ToCome
}

/** What a step reads, or depends on, that steps before it are still to make. */
export interface ToCome {
  /** Sources of inputs that are outputs of steps. */
  readonly outputs: readonly string[]
  /** At these it is not known either whether it will be a file or a directory. */
  readonly paths: readonly string[]
}
