import { messageOf } from '@stepwell/base/errors'
import type { RunEvent } from '../record/event.ts'
import { RunFold, type RunRecord } from '../record/run-record.ts'
import type { JournalRecord } from '../store/cache/journal.ts'
import { thisIdentity } from '@stepwell/base/process'
import { newRunId, type RunFiles, type RunWriter } from '../store/runs/run-files.ts'

type RunStarted = Extract<RunEvent, { type: 'run-started' }>

/** Records what happens in one run: in its files, in its record, and for listeners. */
export class RunRecorder {
  /** The id of the run. */
  readonly id: string
  readonly #writer: RunWriter
  readonly #tell: (event: RunEvent) => void
  readonly #fold: RunFold

  /** Begins the record. */
  constructor(
    files: RunFiles,
    tell: (event: RunEvent) => void,
    about: Pick<RunStarted, 'pipeline' | 'concurrency' | 'steps' | 'because'>,
  ) {
    const started: RunStarted = {
      type: 'run-started',
      at: Date.now(),
      run: newRunId(),
      process: thisIdentity(),
      ...about,
    }
    this.id = started.run
    this.#writer = files.begin(started)
    this.#tell = tell
    this.#fold = new RunFold(started)
    tell(started)
  }

  emit = (event: RunEvent): void => {
    this.#writer.write(event)
    this.#fold.apply(event)
    this.#tell(event)
  }

  commit = (record: JournalRecord): void => {
    this.#writer.commit(record)
  }

  warn = (message: string): void => {
    this.emit({ type: 'warning', at: Date.now(), message })
  }

  /** Ends the record of a run in which every step has ended. */
  async end(): Promise<RunRecord> {
    const statuses = new Set(Object.values(this.#fold.record.steps).map(({ status }) => status))
    const stopped = statuses.has('cancelled') ? 'cancelled' : 'succeeded'
    return await this.#end(statuses.has('failed') ? 'failed' : stopped)
  }

  /** Ends the record of a run that could not be carried out. */
  async break(error: unknown): Promise<void> {
    try {
      this.warn(`the run could not go on: ${messageOf(error)}`)
      await this.#end('failed')
    } catch {
      // What keeps the run from going on may keep its record from being written: the first error counts.
    }
  }

  async #end(status: 'succeeded' | 'failed' | 'cancelled'): Promise<RunRecord> {
    this.emit({ type: 'run-finished', at: Date.now(), status })
    const { record } = this.#fold
    await this.#writer.end(record)
    return record
  }
}
