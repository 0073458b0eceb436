/** How much of a step's log is kept, of one attempt: bytes, and lines. */
const MOST_BYTES = 100 * 1024 * 1024
const MOST_LINES = 1_000_000

/** Lets a step's log grow up to a limit, so that no step fills the disk. */
export class LogLimit {
  #bytes = 0
  #lines = 0
  #isFull = false

  /** Whether all that follows is dropped. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** The line to be written for one that is logged, if any is. */
  admit(line: string): string | undefined {
    if (this.#isFull) return undefined
    // A character of a text takes up to three bytes: counted so, it costs no time.
    this.#bytes += line.length + 1
    this.#lines += 1
    if (this.#bytes <= MOST_BYTES && this.#lines <= MOST_LINES) return line
    this.#isFull = true
    return `(the rest of this log was dropped: it is longer than ${MOST_BYTES >> 20} MB or ${MOST_LINES} lines)`
  }
}
