/** What becomes of a run once one of its steps has failed. */
export type OnFailure =
  /** What runs may end; nothing new is started. */
  | 'finish'
  /** All that does not need the step goes on. */
  | 'continue'
  /** What runs is stopped. */
  | 'kill'

/** How a run is made to end early. */
export class Halt {
  readonly #stopping = new AbortController()
  readonly #killing = new AbortController()
  #failed: string | undefined

  /** Aborts when nothing new is to be started. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Aborts when what runs is to be stopped. */
  get killing(): AbortSignal {
    return this.#killing.signal
  }

  /** The step whose failure ended the run, if one did by itself. */
  get failed(): string | undefined {
    return this.#failed
  }

  /** Lets what runs come to its end, and starts nothing new; `failed` is the step because of which. */
  finish(failed?: string): void {
    if (!this.#stopping.signal.aborted) this.#failed = failed
    this.#stopping.abort()
  }

  /** Stops what runs, too; `failed` is the step because of which. */
  kill(failed?: string): void {
    if (!this.#stopping.signal.aborted) this.#failed = failed
    this.#stopping.abort()
    this.#killing.abort()
  }
}
