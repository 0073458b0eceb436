import type { StepCache } from './step-cache.ts'
import type { StepEntry } from '../../record/step-entry.ts'
import type { StepKey } from '../../identity/fingerprint.ts'
import { recordIn, sealed } from './journal.ts'
import type { LevelIndex } from './level-index.ts'

const PREFIX = 'step '
const PAGE = 500

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
    return readEntry(key, await this.#index.get(addressOf(key)))
  }

  async put(key: StepKey, entry: StepEntry): Promise<void> {
    await this.#index.put(...entryRecord(key, entry))
  }

  async delete(key: StepKey): Promise<void> {
    await this.#index.delete(addressOf(key))
  }

  async *entries(): AsyncGenerator<readonly [key: StepKey, entry: StepEntry | undefined], void> {
    let after = PREFIX
    for (;;) {
      // A page at a time, so that others need not wait for the end of the walk.
      const page = await this.#index.page(after, PAGE)
      for (const [address, text] of page) {
        if (!address.startsWith(PREFIX)) return
        const key = address.slice(PREFIX.length) as StepKey
        yield [key, readEntry(key, text)]
        after = address
      }
      if (page.length < PAGE) return
    }
  }
}

/** An entry as the index holds it. */
export function entryRecord(key: StepKey, entry: StepEntry): [key: string, value: string] {
  return [addressOf(key), sealed({ key, entry })]
}

function addressOf(key: StepKey): string {
  return PREFIX + key
}

function readEntry(key: StepKey, text: string | undefined): StepEntry | undefined {
  const record = text === undefined ? undefined : recordIn(text)
  return record?.key === key ? record.entry : undefined
}
