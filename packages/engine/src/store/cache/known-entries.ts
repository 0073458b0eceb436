import type { Digest } from '@stepwell/base/digest'
import type { StepEntry } from '../../record/step-entry.ts'
import type { StepKey } from '../../identity/fingerprint.ts'

/** What can be told of the step cache without waiting for a process that holds it. */
export interface KnownEntries {
  get(key: StepKey): Promise<StepEntry | undefined>
  /** Entries of steps with a certain code, in no order; `undefined` where they cannot be listed. */
  withCode(code: Digest): Promise<readonly StepEntry[] | undefined>
}
