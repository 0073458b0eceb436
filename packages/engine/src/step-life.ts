import type { Outputs } from './artifact.ts'
import type { Identity } from './identify.ts'
import type { Reason } from './reason.ts'

/** What is known of a step as the run goes on. */
export interface Life {
  /** Milliseconds on the monotonic clock. */
  started: number
  /** Attempts that were begun. */
  attempts: number
  /** How long the execution took, once it has ended, in milliseconds. */
  duration: number | undefined
  /** `undefined` when it was never looked at, or an input is missing. */
  identity: Identity | undefined
  reasons: readonly Reason[]
  metrics: Record<string, number>
  outputs: Outputs | undefined
}

export function beginLife(): Life {
  return {
    started: performance.now(),
    attempts: 0,
    duration: undefined,
    identity: undefined,
    reasons: [],
    metrics: {},
    outputs: undefined,
  }
}
