import type { StepKey } from '../fingerprint.ts'
import { sealed, unsealed, type JournalRecord } from './journal.ts'
import type { LevelIndex } from './level-index.ts'
import type { StepCache, StepEntry } from './store.ts'

/**
 * The step cache in LevelDB. LevelDB returns flipped bits without an error, so each value carries the
 * digest of its text and names its key, and one that does not match is as good as none.
 */
export class LevelStepCache implements StepCache {
  readonly #index: LevelIndex

  constructor(index: LevelIndex) {
    this.#index = index
  }

  async get(key: StepKey): Promise<StepEntry | undefined> {
    const text = await this.#index.get(addressOf(key))
    const record = text === undefined ? undefined : (unsealed(text) as JournalRecord | undefined)
    return record?.key === key ? record.entry : undefined
  }

  async put(key: StepKey, entry: StepEntry): Promise<void> {
    await this.#index.put(...entryRecord(key, entry))
  }

  async delete(key: StepKey): Promise<void> {
    await this.#index.delete(addressOf(key))
  }
}

/** An entry as the index holds it. */
export function entryRecord(key: StepKey, entry: StepEntry): [key: string, value: string] {
  return [addressOf(key), sealed({ key, entry })]
}

function addressOf(key: StepKey): string {
  return `step ${key}`
}
