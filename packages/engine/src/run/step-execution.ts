import type { Claim } from '../store/claims/claims.ts'
import type { Outputs } from '../value/artifact.ts'
import type { Identity } from '../decide/resolve-inputs.ts'
import type { Reason } from '../identity/reason.ts'
import type { MapRun } from './map-execution.ts'
import type { StagedOuts } from '../store/workspace/staging.ts'

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
  /** That nobody else executes equal work, from when it was waited for until it is executed. */
  claim: Claim | undefined
  /** Of a mapped step, while it is executed. */
  mapping: { readonly run: MapRun; readonly staged: StagedOuts; readonly claim: Claim } | undefined
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
    claim: undefined,
    mapping: undefined,
  }
}
