import type { Digest } from '@stepwell/base/digest'

/** What HTTP servers have at addresses, kept as files. */
export interface Downloads {
  /**
   * Makes sure that the file is what the server has now, as far as the server can be asked.
   * @throws StepwellError STEPWELL_URL when the server does not have it, or cannot be asked and nothing was
   *   downloaded before.
   */
  fetch(url: string, signal: AbortSignal): Promise<Download>
  /** The last download; asks no server. */
  recall(url: string): Promise<Download | undefined>
}

export interface Download {
  /** Relative to the project directory. */
  readonly path: string
  readonly digest: Digest
  /** Why the server could not be asked whether it still is what it was. */
  readonly stale?: string
}
