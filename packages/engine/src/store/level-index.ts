import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Level } from 'level'
import { codeOf, messageOf, StepwellError } from '../errors.ts'
import { describeOwner, parseOwner, thisProcess } from './owner.ts'

export interface IndexOptions {
  /** How long to wait for another process that has the index open, in milliseconds. @default 60000 */
  readonly lockTimeout?: number
  /** Told when a wait grows long, and when a damaged index was set aside. */
  readonly warn?: (message: string) => void
  /** What an index holds that has lost its content, or was never filled. @default nothing */
  readonly refill?: () => AsyncIterable<[key: string, value: string]>
}

// LevelDB admits one process. Holding it for a whole run would make every other run wait for the end
// of a ten-hour training, so it is opened on demand and let go: when idle, or to give others a turn.
const IDLE_MS = 250
const TURN_MS = 1000
const SAY_AFTER_MS = 2000
const RETRY_MS = 10
// A database that lacks this has just been made, or has lost its content: with its file `CURRENT` missing,
// LevelDB opens an empty one without a word.
const FILLED = '~filled'
const REFILL_BATCH = 1000

/**
 * The LevelDB database in `dir/index`, opened on demand under a lease. One instance per directory and
 * process: a second handle would find the database locked by our own.
 */
export class LevelIndex {
  static readonly #shared = new Map<string, LevelIndex>()

  /** The index of `dir`, shared by all who ask for it in this process until each has closed it. */
  static share(dir: string, options: IndexOptions = {}): LevelIndex {
    // A directory that is still to be made can be no symbolic link.
    const real = existsSync(dir) ? realpathSync(dir) : dir
    const index = LevelIndex.#shared.get(real) ?? new LevelIndex(real)
    LevelIndex.#shared.set(real, index)
    index.#users.add(options)
    return index
  }

  readonly #dir: string
  readonly #users = new Set<IndexOptions>()
  #lease: { readonly db: Level; readonly since: number } | undefined
  #opening: Promise<Level> | undefined
  #closing: Promise<void> | undefined
  #drained: (() => void) | undefined
  #damaged = false
  #active = 0
  #timer: NodeJS.Timeout | undefined

  private constructor(dir: string) {
    this.#dir = dir
  }

  /** Ends the use that `share` began with the same options; the last one closes the database. */
  async close(options: IndexOptions): Promise<void> {
    this.#users.delete(options)
    if (this.#users.size > 0) return
    await this.#release()
    // Whoever came while it was closing goes on with this instance, never with a second handle.
    if (this.#users.size === 0) LevelIndex.#shared.delete(this.#dir)
  }

  /** The text under a key, or `undefined`. */
  async get(key: string): Promise<string | undefined> {
    // The declared type leaves out that a missing key gives `undefined`.
    return await this.#use(async (db) => (await db.get(key)) as string | undefined)
  }

  /** Durable, also against loss of power, before it resolves. */
  async put(key: string, value: string): Promise<void> {
    await this.#use(async (db) => await db.put(key, value, { sync: true }))
  }

  /** Durable before it resolves; there need be nothing under the key. */
  async delete(key: string): Promise<void> {
    await this.#use(async (db) => await db.del(key, { sync: true }))
  }

  async #use<T>(work: (db: Level) => Promise<T>): Promise<T> {
    while (this.#closing !== undefined || this.#turnIsOver()) await this.#release()
    // No await between the check and this: from here on the database stays open for us.
    this.#active += 1
    try {
      this.#opening ??= this.#acquire().finally(() => {
        this.#opening = undefined
      })
      return await work(await this.#opening)
    } catch (error) {
      if (!isCorruption(error)) throw error
      this.#damaged = true
    } finally {
      this.#active -= 1
      if (this.#active === 0) this.#drained?.()
      this.#schedule()
    }
    await this.#release()
    return await this.#use(work)
  }

  #turnIsOver(): boolean {
    return this.#lease !== undefined && performance.now() - this.#lease.since >= TURN_MS
  }

  async #acquire(): Promise<Level> {
    if (this.#lease !== undefined) return this.#lease.db
    const started = performance.now()
    const timeout = Math.max(...[...this.#users].map(({ lockTimeout = 60_000 }) => lockTimeout), 0)
    let said = false
    let damaged = false
    for (;;) {
      const db = new Level(join(this.#dir, 'index'))
      try {
        await db.open()
        await this.#fill(db)
        this.#lease = { db, since: performance.now() }
        this.#writeOwner()
        return db
      } catch (error) {
        // A failed `open` may still hold resources.
        await db.close().catch(() => undefined)
        if (isCorruption(error)) {
          // Another process may have met the damage too, and put a new database in its place.
          if (damaged) await this.#setAside()
          damaged = !damaged
          continue
        }
        if (!isLocked(error)) throw this.#unusable(error)
      }
      const waited = performance.now() - started
      if (waited >= timeout) throw this.#lockTimeout(timeout)
      if (waited >= SAY_AFTER_MS && !said) {
        said = true
        this.#warn(`waiting for the step cache, held by ${this.#owner()}`)
      }
      await delay(RETRY_MS + Math.random() * RETRY_MS)
    }
  }

  /** Gives a database that has no content, or lost it, what it should hold. */
  async #fill(db: Level): Promise<void> {
    if (((await db.get(FILLED)) as string | undefined) !== undefined) return
    let batch: { readonly type: 'put'; readonly key: string; readonly value: string }[] = []
    let count = 0
    for (const { refill } of this.#users) {
      if (refill === undefined) continue
      for await (const [key, value] of refill()) {
        count += 1
        if (batch.push({ type: 'put', key, value }) < REFILL_BATCH) continue
        await db.batch(batch)
        batch = []
      }
      break
    }
    // Last: a database that was filled by half is filled again.
    await db.batch([...batch, { type: 'put', key: FILLED, value: new Date().toISOString() }], {
      sync: true,
    })
    if (count > 0) {
      this.#warn(
        `the step cache had lost its content; ${count} entries are back from the runs' journals`,
      )
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#active > 0) return
    this.#timer = setTimeout(() => void this.#release(), IDLE_MS)
    this.#timer.unref()
  }

  /** Closes the database once nobody uses it; whoever comes meanwhile waits and opens it anew. */
  #release(): Promise<void> {
    clearTimeout(this.#timer)
    this.#closing ??= this.#closeDrained().finally(() => {
      this.#closing = undefined
    })
    return this.#closing
  }

  async #closeDrained(): Promise<void> {
    while (this.#active > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve
      })
    }
    const lease = this.#lease
    this.#lease = undefined
    await lease?.db.close()
    if (this.#damaged) await this.#setAside()
    this.#damaged = false
  }

  async #setAside(): Promise<void> {
    const aside = `index.damaged-${Date.now()}`
    await rename(join(this.#dir, 'index'), join(this.#dir, aside))
    this.#warn(`the step cache was damaged, and has been set aside as .stepwell/${aside}`)
  }

  #warn(message: string): void {
    for (const { warn } of this.#users) warn?.(message)
  }

  // Advice for people only: the kernel's lock decides.
  #writeOwner(): void {
    writeFileSync(join(this.#dir, 'index.owner'), JSON.stringify(thisProcess()))
  }

  #owner(): string {
    try {
      const owner = parseOwner(readFileSync(join(this.#dir, 'index.owner'), 'utf8'))
      if (owner !== undefined) return describeOwner(owner)
    } catch {
      // It may not have been written yet.
    }
    return 'another process'
  }

  #lockTimeout(timeout: number): StepwellError {
    return new StepwellError({
      code: 'STEPWELL_LOCK_TIMEOUT',
      what: `the step cache stayed locked for ${timeout} ms`,
      facts: `by ${this.#owner()}`,
      todo: 'wait for it to end, or allow more time with --lock-timeout',
    })
  }

  #unusable(cause: unknown): StepwellError {
    return new StepwellError({
      code: 'STEPWELL_INDEX',
      what: 'the step cache cannot be opened',
      facts: `${join(this.#dir, 'index')}: ${causeOf(cause) ?? 'unknown reason'}`,
      todo: 'check that the directory is writable and its disk has room',
      cause,
    })
  }
}

function isLocked(error: unknown): boolean {
  return causeOf(error) === 'LEVEL_LOCKED'
}

function isCorruption(error: unknown): boolean {
  if (codeOf(error) === 'LEVEL_CORRUPTION' || causeOf(error) === 'LEVEL_CORRUPTION') return true
  // A file that the database itself speaks of is not there; its name may be what is damaged.
  const cause = error instanceof Error ? messageOf(error.cause) : ''
  return /[\\/]index[\\/](?!LOCK:).*: No such file/s.test(cause)
}

function causeOf(error: unknown): string | undefined {
  return error instanceof Error ? (codeOf(error.cause) ?? codeOf(error)) : undefined
}
