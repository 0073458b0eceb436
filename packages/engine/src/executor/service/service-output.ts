import { statSync, truncateSync } from 'node:fs'
import { LogLimit } from '../log-limit.ts'
import { readFrom } from '../../store/runs/follow-log.ts'
import { OutputLines } from '../command/output-lines.ts'
import type { Secrets } from '../secrets.ts'
import { Tail } from '../command/tail.ts'

const PACE_MS = 50
// What has been read need not be kept; it is deleted in large pieces, since output that arrives at that
// moment is lost.
const MOST_BYTES = 256 * 1024 * 1024

/** What a service prints into a file, as it comes: in a file, it outlives who reads it. */
export class ServiceOutput {
  readonly #path: string
  readonly #lines: OutputLines
  readonly #tail: Tail
  readonly #awaited: Buffer
  readonly #timer: NodeJS.Timeout
  #at: number
  #end: Buffer = Buffer.alloc(0)
  #hasCome: boolean

  /**
   * @param awaited a text that is looked for
   * @param from `end`: what has come before is not read
   */
  constructor(
    path: string,
    secrets: Secrets,
    awaited: string,
    from: 'beginning' | 'end',
    log: (line: string) => void,
  ) {
    this.#path = path
    const limit = new LogLimit()
    this.#lines = new OutputLines(secrets, (line) => {
      const admitted = limit.admit(line)
      if (admitted !== undefined) log(admitted)
      return !limit.isFull
    })
    this.#tail = new Tail(secrets)
    this.#awaited = Buffer.from(awaited)
    this.#hasCome = awaited === ''
    this.#at = from === 'end' ? (statSync(path, { throwIfNoEntry: false })?.size ?? 0) : 0
    this.#timer = setInterval(() => this.read(), PACE_MS).unref()
  }

  /** Whether the text that is looked for has come. */
  get hasCome(): boolean {
    return this.#hasCome
  }

  /** The last lines. */
  get last(): readonly string[] {
    return this.#tail.lines
  }

  /** Reads what has come. */
  read(): void {
    for (const piece of readFrom(this.#path, this.#at)) {
      this.#at += piece.length
      const bytes = Buffer.from(piece)
      this.#lines.push(bytes)
      this.#tail.push(bytes)
      if (this.#hasCome) continue
      // It may come in pieces.
      const all = Buffer.concat([this.#end, bytes])
      this.#hasCome = all.includes(this.#awaited)
      this.#end = all.subarray(-this.#awaited.length)
    }
    if (this.#at < MOST_BYTES) return
    truncateSync(this.#path)
    this.#at = 0
  }

  /** Reads what is left, and no more. */
  close(): void {
    clearInterval(this.#timer)
    this.read()
    this.#lines.end()
  }
}
