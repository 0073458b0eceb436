import type { Acceptance } from '../acceptance.ts'
import type { Outputs } from '../artifact.ts'
import type { Digest } from '../digest.ts'
import type { StepKey } from '../fingerprint.ts'
import type { CodeParts } from '../code.ts'
import type { Ingredients } from '../reason.ts'
import type { Tree } from '../tree.ts'

/** What may be wrong with an artifact that should be there. */
export type ArtifactState = 'present' | 'missing' | 'damaged'

/** Immutable bytes by digest. A lookup never moves bytes: that is `get`. */
export interface ArtifactStore {
  /**
   * Makes the bytes durable before it resolves, in place of damaged ones if need be. Putting the same
   * bytes twice is harmless.
   */
  put(bytes: Uint8Array): Promise<Digest>
  /**
   * As `put`, for files of any size: never whole in memory.
   * @returns their digests, in the same order: of the bytes that were stored, should one change meanwhile.
   */
  putFiles(paths: readonly string[]): Promise<Digest[]>
  /** Whether the stored bytes are there and still have their digest. */
  check(digest: Digest): Promise<ArtifactState>
  /** @throws StepwellError STEPWELL_ARTIFACT when the bytes are missing or damaged. */
  get(digest: Digest): Promise<Uint8Array>
  /**
   * Writes the bytes to a new file, never whole in memory; `hard` makes it one file with the store's own,
   * where the store has one.
   * @throws StepwellError STEPWELL_ARTIFACT as `get`.
   */
  copyTo(digest: Digest, path: string, how: LinkMode): Promise<void>
  /** All that there is, in no order. */
  list(): AsyncIterable<StoredArtifact>
  /**
   * Lets go of the bytes, if they are there.
   * @param to a path at which nothing is, absolute: the bytes are moved there, where they are a file
   */
  remove(digest: Digest, to?: string): Promise<void>
}

export interface StoredArtifact {
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
}

/** How files come into the project: `copy` shares blocks where the file system can. */
export type LinkMode = 'copy' | 'hard'

/** What the step cache holds for a step key. */
export interface StepEntry {
  readonly outputs: Outputs
  readonly metrics: Readonly<Record<string, number>>
  readonly ingredients: Ingredients
  /** The run that produced the outputs, when, and how long it took in milliseconds. */
  readonly run: string
  readonly at: number
  readonly duration: number
  /** Where the outputs were made under another key, and somebody said that they stand for this one. */
  readonly accepted?: Acceptance
}

/** Step key to outputs. */
export interface StepCache {
  /** `undefined` when there is no entry, or a damaged one: an entry is never half right. */
  get(key: StepKey): Promise<StepEntry | undefined>
  /** Durable before it resolves. The artifacts that the entry names must be durable already. */
  put(key: StepKey, entry: StepEntry): Promise<void>
  /** Durable before it resolves; there need be no entry. */
  delete(key: StepKey): Promise<void>
  /** All keys, in no order; with `undefined` where the entry is damaged. */
  entries(): AsyncIterable<readonly [key: StepKey, entry: StepEntry | undefined]>
}

/** Who executes which step: equal work of several processes is done once. */
export interface Claims {
  /**
   * Takes it if nobody else executes that step now; `undefined` if somebody does, or wants to at the
   * same time.
   */
  tryTake(key: StepKey): Claim | undefined
  /**
   * Waits until nobody else executes that step. A process that has died holds nothing.
   * @throws the reason of the signal when it aborts meanwhile.
   */
  take(key: StepKey, waiting: Waiting): Promise<Claim>
}

export interface Claim {
  release(): void
}

export interface Waiting {
  readonly signal: AbortSignal
  /** Told once, when it takes long, for whom. */
  readonly waiting: (owner: string) => void
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

/** What is known of a file that was digested. */
export interface FileState {
  readonly digest: Digest
  readonly size: number
  /** See `countedMode`. */
  readonly mode: number
}

/** The digests of files. */
export interface FileDigests {
  /**
   * The state of the file's present bytes.
   * @param path absolute, or relative to the project
   * @throws StepwellError STEPWELL_INPUT_MISSING when there is no such file, or it is not one.
   */
  state(path: string): Promise<FileState>
}

/** The project's files as steps declare them. */
export interface ProjectFiles extends FileDigests {
  /** Whether there is a file, or a link that leads to one. */
  isFile(path: string): boolean
  /** @throws StepwellError STEPWELL_INPUT_MISSING, STEPWELL_INPUT_TREE. */
  tree(path: string): Promise<Tree>
  /**
   * The files that match, by their paths.
   * @param without paths of files and directories that are left out
   */
  glob(patterns: readonly string[], without: readonly string[]): Promise<Tree>
}

/** What HTTP servers have at addresses, kept as files. */
export interface Downloads {
  /**
   * Makes sure that the file is what the server has now.
   * @throws StepwellError STEPWELL_URL when the server cannot be asked, or does not have it.
   */
  fetch(url: string, signal: AbortSignal): Promise<Download>
  /** What it was the last time that it was asked; asks nobody. */
  recall(url: string): Promise<Download | undefined>
}

export interface Download {
  /** Relative to the project directory. */
  readonly path: string
  readonly digest: Digest
}
