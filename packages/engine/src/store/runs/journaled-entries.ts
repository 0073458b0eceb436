import type { Digest } from '@stepwell/base/digest'
import type { KnownEntries } from '../cache/known-entries.ts'
import type { StepEntry } from '../../record/step-entry.ts'
import type { StepKey } from '../../identity/fingerprint.ts'
import { unsealed, type JournalRecord } from '../cache/journal.ts'

const KEY = /^\S+ \{"key":"([^"]+)"/

/**
 * The step cache by the journals of the runs, which have all that it has: an entry is written there first,
 * and taken out of there when it is deleted. They are read when they are first asked.
 */
export class JournaledEntries implements KnownEntries {
  readonly #read: () => Promise<readonly string[]>
  readonly #stands: (key: StepKey) => boolean
  #lines: Promise<ReadonlyMap<string, readonly string[]>> | undefined

  /**
   * @param read returns the texts of the journals, oldest first
   * @param stands whether what was accepted under a key still is
   */
  constructor(read: () => Promise<readonly string[]>, stands: (key: StepKey) => boolean) {
    this.#read = read
    this.#stands = stands
  }

  async get(key: StepKey): Promise<StepEntry | undefined> {
    return this.#latest((await this.#byKey()).get(key) ?? [])
  }

  async withCode(code: Digest): Promise<readonly StepEntry[]> {
    const entries: StepEntry[] = []
    for (const lines of (await this.#byKey()).values()) {
      const entry = lines.some((line) => line.includes(code)) ? this.#latest(lines) : undefined
      if (entry?.ingredients.fingerprint.code === code) entries.push(entry)
    }
    return entries
  }

  /** The last line that is as it was written. */
  #latest(lines: readonly string[]): StepEntry | undefined {
    for (const line of lines.toReversed()) {
      const record = unsealed(line) as JournalRecord | undefined
      if (record === undefined) continue
      const { key, entry } = record
      return entry.accepted === undefined || this.#stands(key) ? entry : undefined
    }
    return undefined
  }

  async #byKey(): Promise<ReadonlyMap<string, readonly string[]>> {
    this.#lines ??= this.#index()
    return await this.#lines
  }

  async #index(): Promise<ReadonlyMap<string, readonly string[]>> {
    const byKey = new Map<string, string[]>()
    for (const text of await this.#read()) {
      for (const line of text.split('\n')) {
        const key = KEY.exec(line)?.[1]
        if (key === undefined) continue
        const lines = byKey.get(key)
        if (lines === undefined) byKey.set(key, [line])
        else lines.push(line)
      }
    }
    return byKey
  }
}
