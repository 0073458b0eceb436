import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileNameOf } from '@stepwell/base/paths'

// What comes within so short a time is written together.
const SOON_MS = 20
const MOST_CHARS = 1 << 16

/**
 * Writes the logs of a run's steps. A line is written at once, unless others were just before it: many are
 * written together, at the latest in the next turn of the event loop, or when they are too many to be kept.
 */
export class StepLogs {
  readonly #dir: string
  readonly #waiting = new Map<string, { lines: string[]; chars: number }>()
  readonly #writtenAt = new Map<string, number>()
  #turn: NodeJS.Immediate | undefined
  #broken: { readonly by: unknown } | undefined

  constructor(dir: string) {
    this.#dir = dir
  }

  /** @throws what kept earlier lines from being written, too. */
  write(step: string, line: string): void {
    this.#check()
    const waiting = this.#waiting.get(step)
    if (waiting === undefined) {
      const since = performance.now() - (this.#writtenAt.get(step) ?? -Infinity)
      if (since > SOON_MS) {
        this.#append(step, `${line}\n`)
        return
      }
    }
    const { lines, chars } = waiting ?? { lines: [], chars: 0 }
    lines.push(line)
    this.#waiting.set(step, { lines, chars: chars + line.length })
    if (chars > MOST_CHARS) this.flush(step)
    else this.#turn ??= setImmediate(() => this.#flushInTurn())
  }

  /** Writes what waits of a step. */
  flush(step: string): void {
    this.#check()
    const waiting = this.#waiting.get(step)
    if (waiting === undefined) return
    this.#waiting.delete(step)
    this.#append(step, `${waiting.lines.join('\n')}\n`)
  }

  flushAll(): void {
    clearImmediate(this.#turn)
    this.#turn = undefined
    for (const step of this.#waiting.keys()) this.flush(step)
  }

  /** Without a caller: the next caller gets the error. */
  #flushInTurn(): void {
    try {
      this.flushAll()
    } catch (error) {
      this.#broken ??= { by: error }
    }
  }

  #check(): void {
    if (this.#broken !== undefined) throw this.#broken.by
  }

  #append(step: string, text: string): void {
    appendFileSync(join(this.#dir, `${fileNameOf(step)}.log`), text)
    this.#writtenAt.set(step, performance.now())
  }
}
