import type { RunEvent } from '../record/event.ts'
import type { Halt } from './cancellation.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Picked, Step } from '../define/step.ts'

/** Reads an output of a finished run. */
export type ReadOutput = (handle: Step | Picked, record: RunRecord) => Promise<unknown>

/**
 * A run under way. Iterate it for its events: an iterator begun at once sees all of them, a later one
 * those that follow. `result` resolves to the run's record, also when a step failed; both reject when
 * the run could not be carried out.
 */
export class Run implements AsyncIterable<RunEvent> {
  readonly result: Promise<RunRecord>
  readonly #readers = new Set<Reader>()
  readonly #read: ReadOutput
  readonly #halt: Halt
  #ended = false

  /** `carryOut` is given where to emit events, and begins in a later turn of the event loop. */
  constructor(
    carryOut: (emit: (event: RunEvent) => void) => Promise<RunRecord>,
    read: ReadOutput,
    halt: Halt,
  ) {
    this.#read = read
    this.#halt = halt
    this.result = Promise.resolve()
      .then(() => carryOut((event) => this.#emit(event)))
      .finally(() => {
        this.#ended = true
        for (const reader of this.#readers) reader.wake()
      })
    // A consumer that only iterates meets the error there.
    this.result.catch(() => undefined)
  }

  /**
   * Ends the run early: starts nothing new. `finish` lets what runs come to its end; `kill` stops it, too.
   * The record is complete either way.
   */
  stop(how: 'finish' | 'kill' = 'finish'): void {
    if (how === 'finish') this.#halt.finish()
    else this.#halt.kill()
  }

  /** The output of a step, or of one field of it, once the run has ended. */
  async value<T>(handle: Step<T> | Picked<T>): Promise<T> {
    return (await this.#read(handle, await this.result)) as T
  }

  [Symbol.asyncIterator](): AsyncGenerator<RunEvent, void, undefined> {
    const reader = new Reader()
    this.#readers.add(reader)
    return this.#events(reader)
  }

  async *#events(reader: Reader): AsyncGenerator<RunEvent, void, undefined> {
    try {
      for (;;) {
        yield* reader.take()
        if (this.#ended && reader.isEmpty) break
        if (reader.isEmpty) await reader.awake()
      }
      await this.result
    } finally {
      this.#readers.delete(reader)
    }
  }

  #emit(event: RunEvent): void {
    for (const reader of this.#readers) reader.push(event)
  }
}

/** Events on their way to one iterator. */
class Reader {
  #waiting: RunEvent[] = []
  #wake: (() => void) | undefined

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  push(event: RunEvent): void {
    this.#waiting.push(event)
    this.wake()
  }

  take(): RunEvent[] {
    const taken = this.#waiting
    this.#waiting = []
    return taken
  }

  wake(): void {
    this.#wake?.()
  }

  async awake(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}
