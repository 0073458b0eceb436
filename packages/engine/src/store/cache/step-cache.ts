import type { StepKey } from '../../identity/fingerprint.ts'
import type { StepEntry } from '../../record/step-entry.ts'

/** Step key to outputs. */
export interface StepCache {
  /** `undefined` when there is no entry, or a damaged one: an entry is never half right. */
  get(key: StepKey): Promise<StepEntry | undefined>
  /** Durable before it resolves. The artifacts that the entry names must be durable already. */
  put(key: StepKey, entry: StepEntry): Promise<void>
  /** Durable before it resolves; there need be no entry. */
  delete(key: StepKey): Promise<void>
  /** All keys, in no order; with `undefined` where the entry is damaged. */
  entries(): AsyncIterable<readonly [key: StepKey, entry: StepEntry | undefined]>
}
