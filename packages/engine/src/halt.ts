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

  /** Aborts when nothing new is to be started. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Aborts when what runs is to be stopped. */
  get killing(): AbortSignal {
    return this.#killing.signal
  }

  /** Lets what runs come to its end, and starts nothing new. */
  finish(): void {
    this.#stopping.abort()
  }

  /** Stops what runs, too. */
  kill(): void {
    this.#stopping.abort()
    this.#killing.abort()
  }
}
