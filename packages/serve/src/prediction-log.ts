import { predictionFiles, type PredictionLine, type RefusalLine } from '@stepwell/registry'
import { mkdirSync } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from './message.ts'

export type LogLine = PredictionLine | RefusalLine

export interface PredictionLogOptions {
  /** Made when it is missing. */
  readonly folder: string
  /** In bytes: a file that has so many is followed by a new one. */
  readonly maxBytes: number
  /** Older files are removed. */
  readonly maxFiles: number
  /** Called with the first of failures in a row. */
  readonly failed: (why: string) => void
  readonly counted: (written: number, dropped: number) => void
}

// What waits to be written is bounded, so that a slow disk costs lines and not the server.
const MAX_WAITING = 100_000
const MAX_CHUNK = 1 << 20

/**
 * A log that takes lines at once and writes them when there is time. Each server writes files of its own,
 * so that none writes into a line of another, nor after a line that a killed one has left half done.
 */
export class PredictionLog {
  readonly #options: PredictionLogOptions
  #waiting: LogLine[] = []
  #pumping: Promise<void> | undefined
  #file: FileHandle | undefined
  #bytes = 0
  #count = 0
  #isFailing = false

  /** @throws an error of the file system when the folder cannot be made */
  constructor(options: PredictionLogOptions) {
    mkdirSync(options.folder, { recursive: true })
    this.#options = options
  }

  add(lines: readonly LogLine[]): void {
    const room = Math.max(0, MAX_WAITING - this.#waiting.length)
    for (const line of lines.slice(0, room)) this.#waiting.push(line)
    if (lines.length > room) this.#options.counted(0, lines.length - room)
    this.#pumping ??= this.#pump()
  }

  /** Writes all that was added, makes it durable, and ends. */
  async close(): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping
    await this.#closeFile()
  }

  async #pump(): Promise<void> {
    // Answers come first.
    await new Promise(setImmediate)
    while (this.#waiting.length > 0) {
      const lines = this.#waiting
      this.#waiting = []
      let done = 0
      while (done < lines.length) {
        const from = done
        let chunk = ''
        const room = Math.min(MAX_CHUNK, this.#options.maxBytes - this.#bytes)
        do chunk += `${JSON.stringify(lines[done++])}\n`
        while (done < lines.length && chunk.length < room)
        await this.#write(chunk, done - from)
      }
    }
    this.#pumping = undefined
  }

  async #write(chunk: string, lines: number): Promise<void> {
    const { maxBytes, counted, failed } = this.#options
    try {
      this.#file ??= await this.#open()
      await this.#file.writeFile(chunk)
      this.#bytes += Buffer.byteLength(chunk)
      counted(lines, 0)
      this.#isFailing = false
      if (this.#bytes >= maxBytes) await this.#closeFile()
    } catch (error) {
      counted(0, lines)
      if (!this.#isFailing) failed(messageOf(error))
      this.#isFailing = true
      // Its last line may be torn: what follows goes to another one.
      await this.#closeFile().catch(() => undefined)
    }
  }

  async #open(): Promise<FileHandle> {
    const { folder, maxFiles } = this.#options
    const now = new Date().toISOString().replaceAll(/[-:.]/g, '')
    const count = String(this.#count++).padStart(6, '0')
    const file = await open(join(folder, `${now}-${process.pid}-${count}.ndjson`), 'wx')
    this.#bytes = 0
    for (const old of predictionFiles(folder).slice(0, -maxFiles)) await rm(old, { force: true })
    return file
  }

  async #closeFile(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    this.#bytes = 0
    try {
      await file?.sync()
    } finally {
      await file?.close()
    }
  }
}
