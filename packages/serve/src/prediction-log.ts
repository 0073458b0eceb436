import { MOST_TIMER } from '@stepwell/base/delay'
import { predictionFiles, type PredictionLine, type RefusalLine } from '@stepwell/registry'
import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { type ProcessIdentity } from '@stepwell/base/process-identity'
import { isAlive, parseOwner, thisIdentity, thisProcess } from '@stepwell/base/process'
import { readIfPresent } from '@stepwell/base/files'
import { replaceFileSync } from '@stepwell/base/atomic-file'
import { messageOf } from '@stepwell/base/errors'

export type LogLine = PredictionLine | RefusalLine

export interface PredictionLogOptions {
  /** Made when it is missing. */
  readonly folder: string
  /** In bytes: a file of this size is followed by a new one. */
  readonly maxBytes: number
  /** In milliseconds: a file of this age is complete, and followed by a new one. */
  readonly maxAge: number
  /** In bytes: older files are removed, so that no more than this stays. */
  readonly maxTotal: number
  /** Called with the first of failures in a row. */
  readonly failed: (why: string) => void
  readonly counted: (written: number, dropped: number) => void
}

// What waits to be written is bounded, so that a slow disk costs lines and not the server.
const MAX_WAITING = 100_000
const MAX_CHUNK = 1 << 20

// The suffix of a file until it is complete: files without it never change, so readers read only those.
const OPEN = '.open'
/** Beside an open file: which process writes it. */
const OWNER = '.owner'
/** Files that are written by this process. */
const openHere = new Set<string>()

/**
 * A log that takes lines at once and writes them when there is time. Each server writes files of its own,
 * so that none writes into a line of another, nor after a line that a killed one has left half done.
 */
export class PredictionLog {
  readonly #options: PredictionLogOptions
  #waiting: LogLine[] = []
  #pumping: Promise<void> | undefined
  #file: FileHandle | undefined
  #path = ''
  #bytes = 0
  #count = 0
  #timer: NodeJS.Timeout | undefined
  #isOld = false
  #isFailing = false

  /** @throws an error of the file system when the folder cannot be made */
  constructor(options: PredictionLogOptions) {
    mkdirSync(options.folder, { recursive: true })
    this.#options = options
    completeLeft(options.folder)
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
    for (;;) {
      if (this.#waiting.length === 0) {
        if (!this.#isOld) break
        await this.#closeFile().catch(() => undefined)
        continue
      }
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
      if (this.#isOld) await this.#closeFile()
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
    const { folder, maxAge } = this.#options
    await this.#makeRoom()
    const now = new Date().toISOString().replaceAll(/[-:.]/g, '')
    const count = String(this.#count++).padStart(6, '0')
    const path = join(folder, `${now}-${process.pid}-${count}.ndjson`)
    openHere.add(path + OPEN)
    // Before the file itself: no open file is without its owner.
    replaceFileSync(path + OWNER, JSON.stringify(thisProcess()), { durable: false })
    const file = await open(path + OPEN, 'wx')
    this.#path = path
    this.#bytes = 0
    this.#timer = setTimeout(
      () => {
        this.#isOld = true
        this.#pumping ??= this.#pump()
      },
      Math.min(maxAge, MOST_TIMER),
    ).unref()
    return file
  }

  async #makeRoom(): Promise<void> {
    const { folder, maxBytes, maxTotal } = this.#options
    let room = maxTotal - maxBytes
    for (const path of predictionFiles(folder).toReversed()) {
      room -= statSync(path, { throwIfNoEntry: false })?.size ?? 0
      if (room < 0 && !path.endsWith(OPEN)) await rm(path, { force: true })
    }
  }

  async #closeFile(): Promise<void> {
    const file = this.#file
    const path = this.#path
    clearTimeout(this.#timer)
    this.#file = undefined
    this.#isOld = false
    this.#bytes = 0
    if (file === undefined) return
    try {
      await file.sync()
    } finally {
      await file.close()
      openHere.delete(path + OPEN)
      // Another server may have taken this one for dead.
      await rename(path + OPEN, path).catch(() => undefined)
      await rm(path + OWNER, { force: true }).catch(() => undefined)
    }
  }
}

/** What killed servers have left open is complete. */
function completeLeft(folder: string): void {
  for (const path of predictionFiles(folder)) {
    if (!path.endsWith(OPEN) || openHere.has(path)) continue
    const complete = path.slice(0, -OPEN.length)
    const owner = parseOwner(readIfPresent(complete + OWNER)?.toString('utf8') ?? '')
    if (owner !== undefined && isAlive(owner) && !isThis(owner)) continue
    try {
      renameSync(path, complete)
      rmSync(complete + OWNER, { force: true })
    } catch {
      // Another server was faster.
    }
  }
}

/** Whether it is this process: what it does not write any more is not open. */
function isThis({ pid, host, started }: ProcessIdentity): boolean {
  const own = thisIdentity()
  return pid === own.pid && host === own.host && started === own.started
}
