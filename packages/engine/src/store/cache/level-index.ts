import { MOST_TIMER } from '@stepwell/base/delay'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Level } from 'level'
import { digestText } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import type { StepKey } from '../../identity/fingerprint.ts'
import { DiskClaims } from '../claims/disk-claims.ts'
import { causeOf, isDamage } from './index-damage.ts'
import { describeOwner, parseOwner, thisProcess } from '@stepwell/base/process'

export interface IndexOptions {
  /** How long to wait for another process that has the index open, in milliseconds. @default 60000 */
  readonly lockTimeout?: number
  /** Called when a wait grows long, and when a damaged index was set aside. */
  readonly warn?: (message: string) => void
  /** What an index holds that has lost its content, or was never filled. @default nothing */
  readonly refill?: () => AsyncIterable<[key: string, value: string]>
}

// LevelDB admits one process. Holding it for a whole run would make every other run wait for the end of a
// ten-hour training, so it is opened on demand and closed when idle, or to give others a turn.
const IDLE_MS = 250
const TURN_MS = 1000
const SAY_AFTER_MS = 2000
const RETRY_MS = 10
// A database that lacks this has just been made, or has lost its content: with its file `CURRENT` missing,
// LevelDB opens an empty one without a word.
const FILLED = '~filled'
const REFILL_BATCH = 1000
// More damage than this in one opening is not damage: something else is wrong.
const MOST_DAMAGES = 3
// On some damage LevelDB ends the whole process. Once may be chance, as a kill.
const MOST_DEATHS = 2
const REPLACING = digestText('stepwell index') as StepKey

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
  readonly #path: string
  readonly #ownerPath: string
  readonly #users = new Set<IndexOptions>()
  #lease:
    { readonly db: Level; readonly since: number; readonly id: string | undefined } | undefined
  #opening: Promise<Level> | undefined
  #closing: Promise<void> | undefined
  #drained: (() => void) | undefined
  #damaged = false
  #active = 0
  #timer: NodeJS.Timeout | undefined

  private constructor(dir: string) {
    this.#dir = dir
    this.#path = join(dir, 'index')
    this.#ownerPath = join(dir, 'index.owner')
  }

  /** Ends the use that `share` began with the same options; the last one closes the database. */
  async close(options: IndexOptions): Promise<void> {
    this.#users.delete(options)
    if (this.#users.size > 0) return
    await this.#release()
    // A user that came while it was closing goes on with this instance, never with a second handle.
    if (this.#users.size === 0) LevelIndex.#shared.delete(this.#dir)
  }

  /** The text under a key, or `undefined`. */
  async get(key: string): Promise<string | undefined> {
    // The declared type leaves out that a missing key gives `undefined`.
    return await this.#use(async (db) => (await db.get(key)) as string | undefined)
  }

  /** The first few records behind a key, in the order of keys. */
  async page(after: string, limit: number): Promise<readonly [key: string, value: string][]> {
    return await this.#use(async (db) => await db.iterator({ gt: after, limit }).all())
  }

  /** Durable, also against loss of power, before it resolves. */
  async put(key: string, value: string): Promise<void> {
    await this.#use(async (db) => await db.put(key, value, { sync: true }))
  }

  /** Durable before it resolves; there need be nothing under the key. */
  async delete(key: string): Promise<void> {
    await this.#use(async (db) => await db.del(key, { sync: true }))
  }

  async #use<T>(work: (db: Level) => Promise<T>, damages = 0): Promise<T> {
    while (this.#closing !== undefined || this.#turnIsOver()) await this.#release()
    // No await between the check and this: from here on the database stays open for us.
    this.#active += 1
    try {
      this.#opening ??= this.#acquire().finally(() => {
        this.#opening = undefined
      })
      return await work(await this.#opening)
    } catch (error) {
      if (!isDamage(error)) throw error
      if (damages >= MOST_DAMAGES) throw this.#unusable(error)
      this.#damaged = true
    } finally {
      this.#active -= 1
      if (this.#active === 0) this.#drained?.()
      this.#schedule()
    }
    await this.#release()
    return await this.#use(work, damages + 1)
  }

  #turnIsOver(): boolean {
    return this.#lease !== undefined && performance.now() - this.#lease.since >= TURN_MS
  }

  async #acquire(): Promise<Level> {
    if (this.#lease !== undefined) return this.#lease.db
    const started = performance.now()
    const timeout = this.#timeout()
    let said = false
    let damages = 0
    for (;;) {
      const db = new Level(this.#path)
      let id: string | undefined
      let why: string | undefined
      try {
        mkdirSync(this.#path, { recursive: true })
        const before = this.#identify()
        await db.open()
        // Else it was set aside meanwhile: what is locked may not be what is open.
        if (this.#identify() === before) {
          id = before
          const deaths = this.#writeOwner()
          if (deaths < MOST_DEATHS) {
            await this.#fill(db)
            this.#lease = { db, since: performance.now(), id }
            return db
          }
          why = `has seen ${deaths} processes in a row die with it open`
        }
      } catch (error) {
        if (id !== undefined) this.#removeOwner()
        if (isDamage(error) && damages < MOST_DAMAGES) {
          damages += 1
          why = 'was damaged'
        } else if (!isBusy(error)) {
          await db.close().catch(() => undefined)
          throw this.#unusable(error)
        }
      }
      // A failed `open` may still hold resources.
      await db.close().catch(() => undefined)
      if (why !== undefined) {
        await this.#setAside(id, why)
        continue
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

  #timeout(): number {
    return Math.max(...[...this.#users].map(({ lockTimeout = 60_000 }) => lockTimeout), 0)
  }

  /** Fills a database that has no content, or lost it, from the journals. */
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
        `the step cache had lost its content; ${count} entries were restored from the runs' journals`,
      )
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#active > 0) return
    this.#timer = setTimeout(() => void this.#release(), IDLE_MS)
    this.#timer.unref()
  }

  /** Closes the database once it has no users; a user that comes meanwhile waits and opens it anew. */
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
    if (lease !== undefined) this.#removeOwner()
    await lease?.db.close()
    const damaged = this.#damaged
    this.#damaged = false
    if (damaged) await this.#setAside(lease?.id)
  }

  /**
   * Puts a damaged database out of the way. Several processes may have met the damage, and one may have made
   * a new database since: only the process with the claim moves one, and only after it has found that it is
   * still the damaged one.
   *
   * @param id of a database that opens and is damaged all the same; `undefined` for one that does not open
   */
  async #setAside(id: string | undefined, why = 'was damaged'): Promise<void> {
    const timeout = Math.min(Math.max(Math.ceil(this.#timeout()), 1000), MOST_TIMER)
    const claims = new DiskClaims(join(this.#dir, 'claims'))
    const signal = AbortSignal.timeout(timeout)
    const waiting = (owner: string): void => {
      this.#warn(`waiting for ${owner}, which sets a damaged step cache aside`)
    }
    const claim = await claims.take(REPLACING, { signal, waiting }).catch((error: unknown) => {
      throw signal.aborted ? this.#lockTimeout(timeout) : error
    })
    try {
      for (;;) {
        if (id !== undefined && id !== this.#identify()) return
        const db = new Level(this.#path)
        try {
          await db.open()
          if (id === undefined) return
          // While we hold the lock, so that no other process has it open. Windows cannot move open files.
          if (process.platform !== 'win32') return await this.#move(why)
        } catch (error) {
          if (isDamage(error)) return await this.#move(why)
          if (!isBusy(error)) throw this.#unusable(error)
        } finally {
          await db.close().catch(() => undefined)
        }
        if (process.platform === 'win32') return await this.#move(why)
        if (signal.aborted) throw this.#lockTimeout(timeout)
        await delay(RETRY_MS)
      }
    } finally {
      claim.release()
    }
  }

  async #move(why: string): Promise<void> {
    this.#removeOwner()
    const aside = `index.damaged-${Date.now()}-${process.pid}`
    await rename(this.#path, join(this.#dir, aside))
    this.#warn(`the step cache ${why}, and has been set aside as .stepwell/${aside}`)
  }

  /** Tells a database from one that is put in its place later. */
  #identify(): string | undefined {
    const stats = statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    return stats && `${stats.dev} ${stats.ino} ${stats.birthtimeNs}`
  }

  #warn(message: string): void {
    for (const { warn } of this.#users) warn?.(message)
  }

  /**
   * Says who has the database open. That is advice for people: the kernel's lock decides, and we have it. So
   * the process that was named there died with the database open; returns how many did in a row.
   */
  #writeOwner(): number {
    const { deaths } = this.#readOwner()
    writeFileSync(this.#ownerPath, JSON.stringify({ ...thisProcess(), deaths }))
    return deaths
  }

  /** Before the database is closed: after, another process may have written its own. */
  #removeOwner(): void {
    rmSync(this.#ownerPath, { force: true })
  }

  #readOwner(): { owner?: string; deaths: number } {
    try {
      const text = readFileSync(this.#ownerPath, 'utf8')
      const owner = parseOwner(text)
      if (owner === undefined) return { deaths: 1 }
      const { deaths = 0 } = JSON.parse(text) as { deaths?: number }
      return { owner: describeOwner(owner), deaths: deaths + 1 }
    } catch {
      return { deaths: 0 }
    }
  }

  #owner(): string {
    return this.#readOwner().owner ?? 'another process'
  }

  #lockTimeout(timeout: number): StepwellError {
    return new StepwellError({
      code: 'STEPWELL_LOCK_TIMEOUT',
      summary: `the step cache stayed locked for ${timeout} ms`,
      details: `by ${this.#owner()}`,
      hint: 'wait for it to end, or allow more time with --lock-timeout',
    })
  }

  #unusable(cause: unknown): StepwellError {
    return new StepwellError({
      code: 'STEPWELL_INDEX',
      summary: 'the step cache cannot be opened',
      details: `${this.#path}: ${causeOf(cause) ?? 'unknown reason'}`,
      hint: 'check that the directory is writable and its disk has room',
      cause,
    })
  }
}

/** Whether another process has it open, or is setting it aside, so that its directory goes at this moment. */
function isBusy(error: unknown): boolean {
  const code = causeOf(error)
  return code === 'LEVEL_LOCKED' || code === 'ENOENT'
}
