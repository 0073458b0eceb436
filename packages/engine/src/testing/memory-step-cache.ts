import type { StepKey } from '../identity/fingerprint.ts'
import type { StepEntry } from '../record/step-entry.ts'
import type { StepCache } from '../store/cache/step-cache.ts'

/** A step cache in memory: the least that the port asks for. */
export class MemoryStepCache implements StepCache {
  readonly #entries = new Map<StepKey, string>()

  async get(key: StepKey): Promise<StepEntry | undefined> {
    const text = await Promise.resolve(this.#entries.get(key))
    return text === undefined ? undefined : (JSON.parse(text) as StepEntry)
  }

  async put(key: StepKey, entry: StepEntry): Promise<void> {
    this.#entries.set(key, JSON.stringify(entry))
    await Promise.resolve()
  }

  async *entries(): AsyncGenerator<[StepKey, StepEntry]> {
    for (const [key, text] of this.#entries) {
      yield await Promise.resolve([key, JSON.parse(text) as StepEntry])
    }
  }

  async delete(key: StepKey): Promise<void> {
    this.#entries.delete(key)
    await Promise.resolve()
  }
}
