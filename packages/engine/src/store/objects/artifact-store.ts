import type { Digest } from '@stepwell/base/digest'

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
   * Deletes the bytes, if they are there.
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
