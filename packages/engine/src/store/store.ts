import type { Outputs } from '../artifact.ts'
import type { Digest } from '../digest.ts'
import type { StepKey } from '../fingerprint.ts'
import type { CodeParts } from '../code.ts'
import type { Ingredients } from '../reason.ts'

/** What may be wrong with an artifact that should be there. */
export type ArtifactState = 'present' | 'missing' | 'damaged'

/** Immutable bytes by digest. A lookup never moves bytes: that is `get`. */
export interface ArtifactStore {
  /**
   * Makes the bytes durable before it resolves, in place of damaged ones if need be. Putting the same
   * bytes twice is harmless.
   */
  put(bytes: Uint8Array): Promise<Digest>
  /** Whether the stored bytes are there and still have their digest. */
  check(digest: Digest): Promise<ArtifactState>
  /** @throws StepwellError STEPWELL_ARTIFACT when the bytes are missing or damaged. */
  get(digest: Digest): Promise<Uint8Array>
}

/** What the step cache holds for a step key. */
export interface StepEntry {
  readonly outputs: Outputs
  readonly metrics: Readonly<Record<string, number>>
  readonly ingredients: Ingredients
  /** The run that produced the outputs, when, and how long it took in milliseconds. */
  readonly run: string
  readonly at: number
  readonly duration: number
}

/** Step key to outputs. */
export interface StepCache {
  /** `undefined` when there is no entry, or a damaged one: an entry is never half right. */
  get(key: StepKey): Promise<StepEntry | undefined>
  /** Durable before it resolves. The artifacts that the entry names must be durable already. */
  put(key: StepKey, entry: StepEntry): Promise<void>
}

/** The last known state of a pipeline: copies of entries of the step cache, and what explains them. */
export interface Snapshot {
  /** The code that the entries were made by, by its digest. */
  readonly codes: Readonly<Record<string, CodeParts>>
  readonly steps: Readonly<Record<string, SnapshotStep>>
}

export interface SnapshotStep {
  /** Latest first: the key of the last run, then earlier ones. */
  readonly entries: readonly SnapshotEntry[]
}

export interface SnapshotEntry extends StepEntry {
  readonly key: StepKey
  /** Whether it is in the step cache too. Outputs that may not be cached are kept to explain with. */
  readonly reusable: boolean
}

/** The digest of a file of the project. */
export interface FileDigests {
  /**
   * The digest of the file's present bytes.
   * @throws StepwellError STEPWELL_INPUT_MISSING when there is no such file, or it is not one.
   */
  digest(path: string): Promise<Digest>
}
