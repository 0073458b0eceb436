import { codeOf, messageOf } from './errors.ts'
import type { Artifact, Outputs } from './artifact.ts'
import type { Digest } from './digest.ts'
import type { StepKey } from './fingerprint.ts'
import type { Reason } from './reason.ts'
import type { StepStatus } from './status.ts'

/** A step's failure, as data. */
export interface Failure {
  /** A stable code, where the error has one. */
  readonly code?: string
  readonly message: string
  readonly stack?: string
}

/** An input as a person sees it. */
export interface InputRecord {
  readonly name: string
  /** `file data/hour.csv`, `env REGION`, `clean`, `split.train`. */
  readonly source: string
  readonly digest?: string
  readonly about?: string
}

/** How far a mapped step is with its items. */
export interface ItemCounts {
  readonly total: number
  /** What they gave was known. */
  readonly cached: number
  readonly executed: number
  readonly failed: number
}

export interface StepRecord {
  readonly name: string
  /** What the step does. */
  readonly action: string
  readonly status: StepStatus | 'waiting' | 'running'
  readonly reasons: readonly Reason[]
  readonly inputs: readonly InputRecord[]
  readonly output?: Artifact
  readonly picks?: Outputs['picks']
  readonly outs?: Outputs['outs']
  readonly key?: StepKey
  readonly metrics: Readonly<Record<string, number>>
  /** In milliseconds: of the execution, or of deciding that there was none to do. */
  readonly duration: number
  /** How often it was tried, where that was more than once. */
  readonly attempts?: number
  /** Of a mapped step that was executed. */
  readonly items?: ItemCounts
  /** What is kept of these items is filed under this. */
  readonly itemBase?: Digest
  readonly error?: Failure
  /** When it began to be executed, and when it ended, in milliseconds since the epoch. */
  readonly startedAt?: number
  readonly endedAt?: number
}

/** Anything thrown, as data. */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error)
  const stack = error instanceof Error ? error.stack : undefined
  return {
    message: messageOf(error),
    ...(code !== undefined && { code }),
    ...(stack !== undefined && { stack }),
  }
}
