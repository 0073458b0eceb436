import type { StepCache } from './step-cache.ts'
import type { StepEntry } from '../../record/step-entry.ts'
import type { StepKey } from '../../identity/fingerprint.ts'
import type { AcceptanceLog } from '../state/acceptance-log.ts'

/** A step cache in which an accepted entry counts only while the audit trail has it. */
export class AuditedCache implements StepCache {
  readonly #cache: StepCache
  readonly #log: AcceptanceLog

  constructor(cache: StepCache, log: AcceptanceLog) {
    this.#cache = cache
    this.#log = log
  }

  async get(key: StepKey): Promise<StepEntry | undefined> {
    const entry = await this.#cache.get(key)
    return entry?.accepted === undefined || this.#log.stands(key) ? entry : undefined
  }

  async put(key: StepKey, entry: StepEntry): Promise<void> {
    await this.#cache.put(key, entry)
  }

  async delete(key: StepKey): Promise<void> {
    await this.#cache.delete(key)
  }

  /** With those that were revoked. */
  entries(): AsyncIterable<readonly [key: StepKey, entry: StepEntry | undefined]> {
    return this.#cache.entries()
  }
}
