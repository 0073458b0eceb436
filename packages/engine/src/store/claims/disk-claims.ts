import type { Claim, Claims, Waiting } from './claims.ts'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { digestHex } from '@stepwell/base/digest'
import { replaceFileSync } from '@stepwell/base/atomic-file'
import { isMissing, namesInSync } from '@stepwell/base/files'
import type { StepKey } from '../../identity/fingerprint.ts'
import { canSee, describeOwner, isAlive, parseOwner, thisProcess } from '@stepwell/base/process'

const BEAT_MS = 5000
// Of a claim whose process cannot be looked at: on another host, or whose file was torn by a crash.
const SILENT_MS = 60_000
const SAY_AFTER_MS = 2000
const RETRY_MS = 10
const MOST_RETRY_MS = 250

/**
 * Claims as files, `claims/<key>.<random>`: each attempt has a name of its own. A process that wants a key
 * writes its file first and then looks for others; only if it finds none alive does it hold the claim. If two
 * held it, the one that looked later would have found the other's file: so there are never two. Files of dead
 * processes are removed by the next process that finds them, which cannot hit a living one: each name is
 * used only once.
 */
export class DiskClaims implements Claims {
  readonly #dir: string
  readonly #silentMs: number

  /** `silentMs`: how long a claim is valid without a sign of life, if its process cannot be inspected. */
  constructor(dir: string, { silentMs = SILENT_MS }: { readonly silentMs?: number } = {}) {
    this.#dir = dir
    this.#silentMs = silentMs
  }

  /** As `take`, but returns `undefined` if another process has it, or is about to. */
  tryTake(key: StepKey): Claim | undefined {
    const taken = this.attempt(key)
    return typeof taken === 'string' ? undefined : taken
  }

  async take(key: StepKey, { signal, waiting }: Waiting): Promise<Claim> {
    const started = performance.now()
    const silences = new Map<string, Silence>()
    let said = false
    let pause = RETRY_MS
    for (;;) {
      signal.throwIfAborted()
      const taken = this.attempt(key, silences)
      if (typeof taken !== 'string') return taken
      if (!said && performance.now() - started >= SAY_AFTER_MS) {
        said = true
        waiting(taken)
      }
      // At random, so that two which met do not meet again; and less and less often.
      await delay(pause * (0.5 + Math.random()), undefined, { signal })
      pause = Math.min(pause * 1.2, MOST_RETRY_MS)
    }
  }

  /** Who has it, in words. Changes nothing. */
  claimant(key: StepKey): string | undefined {
    for (const path of this.#pathsOf(key)) {
      const owner = this.#living(path, new Map())
      if (owner !== undefined) return owner
    }
    return undefined
  }

  /** Removes the claims of processes that are gone. */
  tidy(): void {
    for (const name of namesInSync(this.#dir)) {
      const path = join(this.#dir, name)
      if (this.#living(path, new Map()) === undefined) rmSync(path, { force: true })
    }
  }

  /** The claim, or who has it, in words. */
  attempt(key: StepKey, silences: Map<string, Silence> = new Map()): Claim | string {
    const before = this.#find(key, undefined, silences)
    if (before !== undefined) return before
    const own = this.#write(key)
    const other = this.#find(key, own, silences)
    if (other === undefined) return this.#claim(own)
    rmSync(own, { force: true })
    return other
  }

  #claim(own: string): Claim {
    const beat = setInterval(() => {
      try {
        const now = new Date()
        utimesSync(own, now, now)
      } catch {
        // It only tells other hosts that this process is at work.
      }
    }, BEAT_MS)
    beat.unref()
    return {
      release: () => {
        clearInterval(beat)
        rmSync(own, { force: true })
      },
    }
  }

  #write(key: StepKey): string {
    const own = join(this.#dir, `${digestHex(key)}.${randomBytes(8).toString('hex')}`)
    // Whole or not at all, so that no process waits for what a crash or a full disk has left of it; it means
    // nothing after a reboot.
    replaceFileSync(own, JSON.stringify(thisProcess()), { durable: false })
    return own
  }

  /** A living claim of another one, in words. */
  #find(key: StepKey, own: string | undefined, silences: Map<string, Silence>): string | undefined {
    for (const path of this.#pathsOf(key)) {
      if (path === own) continue
      const owner = this.#living(path, silences)
      if (owner !== undefined) return owner
      rmSync(path, { force: true })
    }
    return undefined
  }

  #pathsOf(key: StepKey): string[] {
    return namesInSync(this.#dir)
      .filter((name) => name.startsWith(`${digestHex(key)}.`))
      .map((name) => join(this.#dir, name))
  }

  #living(path: string, silences: Map<string, Silence>): string | undefined {
    let text: string
    let beat: number
    try {
      text = readFileSync(path, 'utf8')
      beat = statSync(path).mtimeMs
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
    const owner = parseOwner(text)
    if (owner !== undefined && canSee(owner))
      return isAlive(owner) ? describeOwner(owner) : undefined
    // By our own clock: that of another host may differ.
    const now = performance.now()
    const silence = silences.get(path)
    if (silence === undefined || silence.beat !== beat) silences.set(path, { beat, since: now })
    else if (now - silence.since >= this.#silentMs) return undefined
    return owner === undefined ? 'another process' : describeOwner(owner)
  }
}

/** Since when, on the monotonic clock, a claim has not been heard of. */
interface Silence {
  readonly beat: number
  readonly since: number
}
