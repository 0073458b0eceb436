import { randomBytes } from 'node:crypto'
import { appendFileSync, closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { codeOf, StepwellError } from '../errors.ts'
import type { RunEvent } from '../event.ts'
import { foldEvents, type RunRecord } from '../run.ts'
import { writeAtomic } from './files.ts'

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

  /** Begins a run's record. Ids sort by time. */
  begin(): RunWriter {
    const [day = '', time = ''] = new Date().toISOString().replaceAll(/[-:Z]/g, '').split('T')
    const id = `${day}-${time}-${randomBytes(2).toString('hex')}`
    return new RunWriter(id, join(this.#dir, id))
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

  /** @throws StepwellError STEPWELL_RUN_UNKNOWN. */
  async read(id: string): Promise<RunRecord> {
    if ((await this.list()).includes(id)) {
      const summary = await this.#text(id, 'summary.json')
      if (summary !== undefined) return JSON.parse(summary) as RunRecord
      const record = foldEvents(parseLines((await this.#text(id, 'events.ndjson')) ?? ''))
      if (record !== undefined)
        return isAlive(record) ? record : { ...record, status: 'interrupted' }
    }
    throw new StepwellError({
      code: 'STEPWELL_RUN_UNKNOWN',
      what: `there is no run ${JSON.stringify(id)}`,
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

/** Writes one run's record as it happens. */
export class RunWriter {
  readonly id: string
  readonly #dir: string
  readonly #events: number

  constructor(id: string, dir: string) {
    this.id = id
    this.#dir = dir
    mkdirSync(join(dir, 'log'), { recursive: true })
    this.#events = openSync(join(dir, 'events.ndjson'), 'a')
  }

  /** Written before it returns, so that a killed run leaves all events up to the last whole line. */
  write(event: RunEvent): void {
    if (event.type === 'step-log') {
      appendFileSync(join(this.#dir, 'log', `${event.step}.log`), `${event.line}\n`)
    } else {
      writeSync(this.#events, `${JSON.stringify(event)}\n`)
    }
  }

  async end(record: RunRecord): Promise<void> {
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
