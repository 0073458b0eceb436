import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { codeOf, StepwellError } from '../errors.ts'
import type { RunEvent } from '../event.ts'
import { foldEvents, type RunRecord } from '../run.ts'
import { writeAtomic } from './files.ts'

const EVENTS = 'events.ndjson'

/**
 * The records of runs: `runs/<id>/events.ndjson` as the run goes, `log/<step>.log`, and
 * `summary.json` at its end. Whoever reads needs no lock; a run that was killed has no summary, and
 * its record is the fold of the events that were written.
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
        what: 'the record of a run cannot be written',
        facts: `${this.#dir}: ${codeOf(cause) ?? 'unknown reason'}`,
        todo: 'check that the directory is writable and its disk has room',
        cause,
      })
    }
  }

  /** Ids of the runs, latest first. */
  async list(): Promise<string[]> {
    try {
      const names = await readdir(this.#dir)
      return names
        .filter((name) => /^\d{8}-\d{6}\.\d{3}-[0-9a-f]{4}$/.test(name))
        .toSorted()
        .toReversed()
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    }
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
    if (id !== undefined && ids.length === 1) {
      const summary = await this.#text(id, 'summary.json')
      if (summary !== undefined) return JSON.parse(summary) as RunRecord
      const record = foldEvents(parseLines((await this.#text(id, EVENTS)) ?? ''))
      if (record !== undefined)
        return isAlive(record) ? record : { ...record, status: 'interrupted' }
    }
    throw new StepwellError({
      code: 'STEPWELL_RUN_UNKNOWN',
      what: `there ${ids.length === 0 ? 'is no run' : 'are several runs'} ${JSON.stringify(prefix)}`,
      todo: '`stepwell runs` lists them',
    })
  }

  /** A step's log in a run, or `undefined` when it wrote none. */
  async log(id: string, step: string): Promise<string | undefined> {
    return await this.#text(id, join('log', `${step}.log`))
  }

  async #text(id: string, name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#dir, id, name), 'utf8')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
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
  #ended = false

  constructor(id: string, dir: string) {
    this.id = id
    this.#dir = dir
    this.#events = openSync(join(dir, EVENTS), 'a')
  }

  /** Written before it returns, so that a killed run leaves all events up to the last whole line. */
  write(event: RunEvent): void {
    // The descriptor may belong to another file by now.
    if (this.#ended) return
    if (event.type === 'step-log') {
      appendFileSync(join(this.#dir, 'log', `${event.step}.log`), `${event.line}\n`)
    } else {
      writeSync(this.#events, `${JSON.stringify(event)}\n`)
    }
  }

  async end(record: RunRecord): Promise<void> {
    this.#ended = true
    closeSync(this.#events)
    await writeAtomic(join(this.#dir, 'summary.json'), `${JSON.stringify(record, null, 2)}\n`)
  }
}

/** Whether the run's process may still be at work; a process on another host is taken to be. */
function isAlive({ process: { pid, host } }: RunRecord): boolean {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
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
