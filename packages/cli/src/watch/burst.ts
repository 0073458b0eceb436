// An editor or a checkout writes many files at once; a copy writes one file in many pieces.
const QUIET_MS = 100
const LONGEST_MS = 2000

/** Collects paths until no more of them come. */
export class Burst {
  #paths = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #since = 0
  #over = Promise.withResolvers<void>()

  add(path: string): void {
    const now = performance.now()
    if (this.#paths.size === 0) this.#since = now
    this.#paths.add(path)
    clearTimeout(this.#timer)
    // Where it never becomes quiet, what has come so far must do.
    const left = Math.max(0, this.#since + LONGEST_MS - now)
    this.#timer = setTimeout(() => this.#over.resolve(), Math.min(QUIET_MS, left))
  }

  /** Resolves when there are paths, and it is quiet. */
  async over(): Promise<void> {
    await this.#over.promise
  }

  /** The paths that have come. */
  take(): ReadonlySet<string> {
    const paths = this.#paths
    this.#paths = new Set()
    clearTimeout(this.#timer)
    this.#over = Promise.withResolvers()
    return paths
  }
}
