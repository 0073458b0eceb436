import { DAY_MS } from '@stepwell/base/quantity'
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, StepwellError } from '@stepwell/base/errors'
import { directoriesIn, isMissing, namesIn } from '@stepwell/base/files'
import type { RunEvent } from '../../record/event.ts'
import type { StepKey } from '../../identity/fingerprint.ts'
import { isRunRecord } from '../../record/recorded.ts'
import { foldEvents, type RunRecord } from '../../record/run-record.ts'
import { replaceFile } from '@stepwell/base/atomic-file'
import { followLog } from './follow-log.ts'
import { readJournal, sealed, unsealed, type JournalRecord } from '../cache/journal.ts'
import { isAlive } from '@stepwell/base/process'
import { fileNameOf } from '@stepwell/base/paths'
import { StepLogs } from './step-logs.ts'

const EVENTS = 'events.ndjson'
const SUMMARY = 'summary.json'
const JOURNAL = 'entries.ndjson'
// Before the name of a record that is being removed.
const GONE = '.gone-'
// So many runs that were killed are looked at; those further back are of no interest any more.
const RECENT = 20

/**
 * The records of runs: `runs/<id>/events.ndjson` and `entries.ndjson` as the run goes, `log/<step>.log`, and
 * `summary.json` at its end. Readers need no lock; a run that was killed has no summary, and its record is
 * the fold of the events that were written.
 */
export class RunFiles {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
  }

  /**
   * Begins a run's record with its first event, so that whatever is listed can be read.
   *
   * @throws StepwellError STEPWELL_STATE.
   */
  begin(first: Extract<RunEvent, { type: 'run-started' }>): RunWriter {
    const id = first.run
    const unfinished = join(this.#dir, `.${id}`)
    try {
      mkdirSync(join(unfinished, 'log'), { recursive: true })
      writeFileSync(join(unfinished, EVENTS), `${JSON.stringify(first)}\n`)
      renameSync(unfinished, join(this.#dir, id))
      return new RunWriter(id, join(this.#dir, id))
    } catch (cause) {
      throw new StepwellError({
        code: 'STEPWELL_STATE',
        summary: 'the record of a run cannot be written',
        details: `${this.#dir}: ${codeOf(cause) ?? 'unknown reason'}`,
        hint: 'check that the directory is writable and its disk has room',
        cause,
      })
    }
  }

  /** Ids of the runs, latest first. */
  async list(): Promise<string[]> {
    return (await directoriesIn(this.#dir))
      .filter((name) => /^\d{8}-\d{6}\.\d{3}-[0-9a-f]{4}$/.test(name))
      .toSorted()
      .toReversed()
  }

  /**
   * The record of a run, by its id, or by the beginning or end of one.
   * @throws StepwellError STEPWELL_RUN_UNKNOWN.
   */
  async read(prefix: string): Promise<RunRecord> {
    const ids = (await this.list()).filter(
      (each) => each.startsWith(prefix) || each.endsWith(prefix),
    )
    const [id] = ids
    const record = id !== undefined && ids.length === 1 ? await this.#record(id) : undefined
    if (record !== undefined) return record
    throw new StepwellError({
      code: 'STEPWELL_RUN_UNKNOWN',
      summary: `there ${ids.length === 0 ? 'is no run' : 'are several runs'} ${JSON.stringify(prefix)}`,
      hint: '`stepwell runs` lists them',
    })
  }

  /** Records of the runs that have written no end: they go on, or were killed. Latest first. */
  async unfinished(): Promise<RunRecord[]> {
    const records: RunRecord[] = []
    for (const id of await this.list()) {
      if (existsSync(join(this.#dir, id, SUMMARY))) continue
      const record = await this.#record(id)
      if (record !== undefined && records.push(record) === RECENT) break
    }
    return records
  }

  /** What the runs have committed to the step cache, oldest first. */
  async *journals(): AsyncGenerator<JournalRecord, void, undefined> {
    for await (const text of this.#journalTexts()) yield* readJournal(text)
  }

  /** The journals of all runs as they are, oldest first. */
  async journalTexts(): Promise<string[]> {
    const texts: string[] = []
    for await (const text of this.#journalTexts()) texts.push(text)
    return texts
  }

  async *#journalTexts(): AsyncGenerator<string, void, undefined> {
    for (const id of ['.', ...(await this.list()).toReversed()]) {
      const text = await this.#text(id, JOURNAL)
      if (text !== undefined) yield text
    }
  }

  /** Takes down an entry of the step cache that no run has committed. */
  commit(record: JournalRecord): void {
    appendFileSync(join(this.#dir, JOURNAL), `${sealed(record)}\n`)
  }

  /** Takes down what entries there are, so that the journals of earlier runs can go. */
  async compactJournals(records: readonly JournalRecord[]): Promise<void> {
    const lines = records.map((record) => `${sealed(record)}\n`)
    await replaceFile(join(this.#dir, JOURNAL), lines.join(''))
  }

  /** Keys of what a run has committed. */
  async committed(id: string): Promise<StepKey[]> {
    return [...readJournal((await this.#text(id, JOURNAL)) ?? '')].map(({ key }) => key)
  }

  /** Removes damaged lines from the journals. Returns their number. */
  async mendJournals(): Promise<number> {
    let damaged = 0
    for (const id of ['.', ...(await this.list())]) {
      // Its process may be writing there.
      if (id !== '.' && (await this.#record(id))?.status === 'running') continue
      const lines = ((await this.#text(id, JOURNAL)) ?? '').split('\n')
      // The last one was torn by a crash, if it is not empty.
      lines.pop()
      const sound = lines.filter((line) => unsealed(line) !== undefined)
      if (sound.length === lines.length) continue
      damaged += lines.length - sound.length
      await replaceFile(join(this.#dir, id, JOURNAL), sound.map((line) => `${line}\n`).join(''))
    }
    return damaged
  }

  /** Deletes the record of a run, with its logs, atomically for readers. */
  async remove(id: string): Promise<void> {
    const gone = join(this.#dir, `${GONE}${id}`)
    await rename(join(this.#dir, id), gone)
    await rm(gone, { recursive: true, force: true })
  }

  /** Deletes what killed processes left half written. The caller has the project alone. */
  async sweep(): Promise<void> {
    const names = await namesIn(this.#dir)
    for (const name of names.filter((each) => each.startsWith('.'))) {
      if (!name.startsWith(GONE) && (await this.#isBeginning(name))) continue
      await rm(join(this.#dir, name), { recursive: true, force: true })
    }
  }

  /** Whether a run may be about to put its record into place. */
  async #isBeginning(name: string): Promise<boolean> {
    const record = recordIn((await this.#text(name, EVENTS)) ?? '', name.slice(1))
    if (record !== undefined) return isAlive(record.process)
    const stats = statSync(join(this.#dir, name), { throwIfNoEntry: false })
    return stats !== undefined && Date.now() - stats.mtimeMs < DAY_MS
  }

  /** Records of the latest runs, latest first, as far as they can be read. */
  async *latest(most: number): AsyncGenerator<RunRecord, void, undefined> {
    for (const id of (await this.list()).slice(0, most)) {
      const record = await this.#record(id)
      if (record !== undefined) yield record
    }
  }

  async #record(id: string): Promise<RunRecord | undefined> {
    const record = await this.#read(id)
    if (record?.status !== 'running' || isAlive(record.process)) return record
    // It may have ended in between. Now that its process is gone, what is there is all.
    const last = await this.#read(id)
    return last?.status === 'running' ? { ...last, status: 'interrupted' } : last
  }

  async #read(id: string): Promise<RunRecord | undefined> {
    const summary = await this.#text(id, SUMMARY)
    try {
      const record: unknown = summary === undefined ? undefined : JSON.parse(summary)
      if (isRunRecord(record, id)) return record
    } catch {
      // A damaged summary is made again from the events.
    }
    return recordIn((await this.#text(id, EVENTS)) ?? '', id)
  }

  /** A step's log in a run, or `undefined` when it wrote none. */
  async log(id: string, step: string): Promise<string | undefined> {
    return await this.#text(id, join('log', `${fileNameOf(step)}.log`))
  }

  /**
   * What a step logs in a run, as it comes; see `followLog`.
   * @throws StepwellError STEPWELL_RUN_UNKNOWN.
   */
  async *follow(
    prefix: string,
    step: string,
    signal: AbortSignal,
  ): AsyncGenerator<string, RunRecord, undefined> {
    const { id } = await this.read(prefix)
    const path = join(this.#dir, id, 'log', `${fileNameOf(step)}.log`)
    return yield* followLog(path, step, async () => await this.read(id), signal)
  }

  async #text(id: string, name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#dir, id, name), 'utf8')
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
}

/** An id for a run that begins now. Ids sort by time. */
export function newRunId(): string {
  const [day = '', time = ''] = new Date().toISOString().replaceAll(/[-:Z]/g, '').split('T')
  return `${day}-${time}-${randomBytes(2).toString('hex')}`
}

/** Writes one run's record as it happens. */
export class RunWriter {
  readonly id: string
  readonly #dir: string
  readonly #events: number
  readonly #logs: StepLogs
  #ended = false

  constructor(id: string, dir: string) {
    this.id = id
    this.#dir = dir
    this.#events = openSync(join(dir, EVENTS), 'a')
    this.#logs = new StepLogs(join(dir, 'log'))
  }

  /**
   * Written before it returns, so that a killed run leaves all events up to the last whole line. What a step
   * logs is written before its end is, and soon.
   */
  write(event: RunEvent): void {
    // The descriptor may belong to another file by now.
    if (this.#ended) return
    if (event.type === 'step-log') {
      this.#logs.write(event.step, event.line)
    } else {
      if ('step' in event && event.step !== undefined) this.#logs.flush(event.step)
      writeSync(this.#events, `${JSON.stringify(event)}\n`)
    }
  }

  /** Written before the step cache is: an index that loses its content is filled from here. */
  commit(record: JournalRecord): void {
    appendFileSync(join(this.#dir, JOURNAL), `${sealed(record)}\n`)
  }

  async end(record: RunRecord): Promise<void> {
    this.#ended = true
    this.#logs.flushAll()
    closeSync(this.#events)
    await replaceFile(join(this.#dir, SUMMARY), `${JSON.stringify(record, null, 2)}\n`)
  }
}

/** The record that events lead to; `undefined` where they are not those of that run. */
function recordIn(events: string, id: string): RunRecord | undefined {
  try {
    const record = foldEvents(parseLines(events))
    return isRunRecord(record, id) ? record : undefined
  } catch {
    // Something else than events has been written there.
    return undefined
  }
}

function* parseLines(text: string): Generator<RunEvent> {
  for (const line of text.split('\n')) {
    try {
      yield JSON.parse(line) as RunEvent
    } catch {
      // The last line of a killed run may be torn.
      return
    }
  }
}
