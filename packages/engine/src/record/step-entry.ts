import type { Ingredients } from '../identity/reason.ts'
import type { Outputs } from '../value/artifact.ts'
import type { Acceptance } from '../identity/acceptance.ts'

/** What the step cache holds for a step key. */
export interface StepEntry {
  readonly outputs: Outputs
  readonly metrics: Readonly<Record<string, number>>
  readonly ingredients: Ingredients
  /** The run that produced the outputs, when, and how long it took in milliseconds. */
  readonly run: string
  readonly at: number
  readonly duration: number
  /** Where the outputs were made under another key, and a user accepted them for this one. */
  readonly accepted?: Acceptance
}
