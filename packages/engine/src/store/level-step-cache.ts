import { digestText } from '../digest.ts'
import type { StepKey } from '../fingerprint.ts'
import type { LevelIndex } from './level-index.ts'
import type { StepCache, StepEntry } from './store.ts'

/**
 * The step cache in LevelDB. LevelDB returns flipped bits without an error, so each value carries the
 * digest of its text, and one that does not match is as good as none.
 */
export class LevelStepCache implements StepCache {
  readonly #index: LevelIndex

  constructor(index: LevelIndex) {
    this.#index = index
  }

  async get(key: StepKey): Promise<StepEntry | undefined> {
    const text = await this.#index.get(addressOf(key))
    if (text === undefined) return undefined
    const space = text.indexOf(' ')
    const json = text.slice(space + 1)
    return digestText(json) === text.slice(0, space) ? (JSON.parse(json) as StepEntry) : undefined
  }

  async put(key: StepKey, entry: StepEntry): Promise<void> {
    const json = JSON.stringify(entry)
    await this.#index.put(addressOf(key), `${digestText(json)} ${json}`)
  }

  async delete(key: StepKey): Promise<void> {
    await this.#index.delete(addressOf(key))
  }
}

function addressOf(key: StepKey): string {
  return `step ${key}`
}
