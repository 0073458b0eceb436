import type { Adopted } from './adopt.ts'
import type { Failure } from '@stepwell/base/failure'
import type { Given } from './given.ts'
import type { Identity } from './resolve-inputs.ts'
import type { OutState } from '../store/workspace/workspace.ts'
import type { Reason } from '../identity/reason.ts'
import type { StepEntry } from '../record/step-entry.ts'

/** What becomes of a step, and why. */
export type Verdict = Pass | Reuse | Execute | Serve | Skip | Fail | Wait

/** Verdicts of a world in which all that comes before a step has ended. */
export type SettledVerdict = Exclude<Verdict, Wait>

/** It is passed over: nothing that it reads is looked at, so it has no key. */
export interface Pass extends Given {
  readonly kind: 'pass'
  readonly because: string
}

/** Its outputs are there: in the cache, or in the project. */
export interface Reuse extends Given {
  readonly kind: 'reuse'
  readonly identity: Identity
  readonly from: StepEntry | Adopted
  /** How each out stands in the project, by its name. What is not in place is put back. */
  readonly outs: Readonly<Record<string, OutState>>
  readonly reasons: readonly Reason[]
}

export interface Execute {
  readonly kind: 'execute'
  readonly identity: Identity
  readonly reasons: readonly Reason[]
}

/** A service: what the steps that read it are given is known before it is up. */
export interface Serve extends Given {
  readonly kind: 'serve'
  readonly identity: Identity
}

/** Its condition does not hold. */
export interface Skip {
  readonly kind: 'skip'
  readonly identity: Identity
  readonly reasons: readonly Reason[]
}

/** It cannot be executed. The identity is missing where an input cannot be had. */
export interface Fail {
  readonly kind: 'fail'
  readonly identity: Identity | undefined
  readonly failure: Failure
}

/** It cannot be told before other steps have ended. What these are to make is unknown in the identity. */
export interface Wait {
  readonly kind: 'wait'
  readonly identity: Identity | undefined
  readonly on: readonly string[]
  /** What has changed, whatever these steps turn out to give. */
  readonly reasons: readonly Reason[]
}
