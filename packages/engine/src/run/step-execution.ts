import type { Claim } from '../store/claims/claims.ts'
import type { Identity } from '../decide/resolve-inputs.ts'
import type { MapRun } from './map-execution.ts'
import type { Reason } from '../identity/reason.ts'
import type { StagedOuts } from '../store/workspace/staging.ts'
import type { StepFinished } from '../record/event.ts'

/** A step as the run goes on. */
export type StepExecution = Pending | Settled | Executing | Mapped | Ended

interface Begun {
  /** When it came to be in this state, or what led to it began, in milliseconds on the monotonic clock. */
  readonly started: number
}

interface Known extends Begun {
  readonly identity: Identity
  /** Why it is executed. */
  readonly reasons: readonly Reason[]
  /** How many attempts were begun. */
  readonly attempts: number
}

/** It is not decided yet what becomes of it. */
export interface Pending extends Begun {
  readonly state: 'pending'
}

/** It is decided; to be executed, it waits for its turn, or for the next one. */
export interface Settled extends Known {
  readonly state: 'settled'
  /** Excludes others from equal work, from the end of the wait until the step has been executed. */
  readonly claim: Claim | undefined
}

/** An attempt is under way; of a service: it comes up, or is up. */
export interface Executing extends Known {
  readonly state: 'executing'
  /** What it has measured so far. */
  readonly metrics: Record<string, number>
}

/** A mapped step whose items are executed. */
export interface Mapped extends Omit<Executing, 'state'> {
  readonly state: 'mapped'
  readonly run: MapRun
  readonly staged: StagedOuts
  /** Released when all items have ended. */
  readonly claim: Claim
}

export interface Ended extends Begun {
  readonly state: 'ended'
  readonly status: StepFinished['status']
  /** `undefined` when it was never looked at, is passed over, or an input is missing. */
  readonly identity: Identity | undefined
  readonly reasons: readonly Reason[]
}

export function settledAs(
  identity: Identity,
  reasons: readonly Reason[],
  started: number,
): Settled {
  return { state: 'settled', started, identity, reasons, attempts: 0, claim: undefined }
}

/** The next attempt at a step. */
export function nextAttempt(
  { identity, attempts }: Settled,
  reasons: readonly Reason[],
): Executing {
  const started = performance.now()
  return { state: 'executing', started, identity, reasons, attempts: attempts + 1, metrics: {} }
}

export function identityOf(execution: StepExecution): Identity | undefined {
  return 'identity' in execution ? execution.identity : undefined
}

export function reasonsOf(execution: StepExecution): readonly Reason[] {
  return 'reasons' in execution ? execution.reasons : []
}
